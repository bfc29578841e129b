/*
 * @isotherm {"v":1,"spec":"5pec","metric":"mysql.queries","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","database","execname","pexecname","ppid","psargs","query"],"keyTypes":["string","string","string","string","number","string","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["database","other"]},{"ge":["latency",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * mysql.queries: MySQL queries by zonename, database, execname, pexecname, ppid, psargs, query, distribution of latency as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["database","other"]},{"ge":["latency",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of mysql*
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/*
 * The query begins.
 * The start of its text.
 * Which database.
 */
mysql*:::query-start
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 copyinstr(arg2) != "other"/
{
	self->start = timestamp;
	self->query = substr(copyinstr(arg0), 0, 24);
	self->database = copyinstr(arg2);
}

/* The query is done. */
mysql*:::query-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->start &&
 self->query != NULL &&
 self->database != NULL &&
 self->database != "other" &&
 (int64_t)(timestamp - self->start) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    self->database,
	    execname,
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs),
	    self->query] =
	    llquantize(timestamp - self->start, 10, 3, 10, 20);
}

/* Free what was saved. */
mysql*:::query-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->start = 0;
	self->query = 0;
	self->database = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" %d \"%S\" \"%S\"%@d@end\n", @rows);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events);
	trunc(@rows);
	clear(@events);
}

/* Nobody's program runs for ever: a collector that still wants it starts it again. */
profile:::tick-3600s
{
	exit(0);
}

/* dtrace prints every aggregation that is left when it ends; leave none. */
dtrace:::END
{
	trunc(@rows);
	trunc(@events);
}
