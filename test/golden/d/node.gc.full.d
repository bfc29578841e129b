/*
 * @isotherm {"v":1,"spec":"5pec","metric":"node.gc","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","gctype","pexecname","pid","ppid","psargs"],"keyTypes":["string","string","string","string","number","number","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["gctype","other"]},{"ge":["latency",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * node.gc: Node.js garbage collections by zonename, execname, gctype, pexecname, pid, ppid, psargs, distribution of latency as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["gctype","other"]},{"ge":["latency",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of node*
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The program stops for the collector. */
node*:::gc-start
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->start = timestamp;
}

/* The program goes on. */
node*:::gc-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->start &&
 (arg0 == 1 ? "scavenge" : "mark-sweep") != "other" &&
 (int64_t)(timestamp - self->start) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    execname,
	    arg0 == 1 ? "scavenge" : "mark-sweep",
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)pid,
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs)] =
	    llquantize(timestamp - self->start, 10, 3, 10, 20);
}

/* Free what was saved. */
node*:::gc-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->start = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" %d %d \"%S\"%@d@end\n", @rows);
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
