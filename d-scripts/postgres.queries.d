/*
 * postgres.queries: PostgreSQL queries, counted when they are done.
 *
 * USDT probes of the server (src/backend/utils/probes.d: query__start(const char *) and query__done), in the
 * thread that runs the query. The text is the client's: its first 24 characters tell one kind of query from
 * another without a row for each. copyinstr fails on a page that is not in memory; such a query is not counted.
 */

/* begin start: the query begins */
postgresql*:::query-start
{
	self->start = timestamp;
}

/* begin query: the start of its text */
postgresql*:::query-start
{
	self->query = substr(copyinstr(arg0), 0, 24);
}

/* aggregate: the query is done */
postgresql*:::query-done
/self->start && self->query != NULL/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
postgresql*:::query-done
{
	self->start = 0;
}

/* clean query: free what was saved */
postgresql*:::query-done
{
	self->query = 0;
}
