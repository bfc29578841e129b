/*
 * mysql.queries: MySQL queries, counted when they are done.
 *
 * USDT probes of the server (probes_mysql.d: query__start(query, connection, database, user, host) and
 * query__done), in the thread that runs the query. The text is the client's: its first 24 characters tell one kind
 * of query from another without a row for each. copyinstr fails on a page that is not in memory; such a query is
 * not counted.
 */

/* begin start: the query begins */
mysql*:::query-start
{
	self->start = timestamp;
}

/* begin query: the start of its text */
mysql*:::query-start
{
	self->query = substr(copyinstr(arg0), 0, 24);
}

/* begin database: which database */
mysql*:::query-start
{
	self->database = copyinstr(arg2);
}

/* aggregate: the query is done */
mysql*:::query-done
/self->start && self->query != NULL && self->database != NULL/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
mysql*:::query-done
{
	self->start = 0;
}

/* clean query: free what was saved */
mysql*:::query-done
{
	self->query = 0;
}

/* clean database: free what was saved */
mysql*:::query-done
{
	self->database = 0;
}
