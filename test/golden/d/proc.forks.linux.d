/*
 * @isotherm {"v":1,"spec":"5pec","metric":"proc.forks","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","pexecname","pid","ppid"],"keyTypes":["string","string","string","number","number"],"numeric":"subsecond","scheme":"lquantize(0,1000,10)","predicate":{"and":[{"ne":["pexecname","other"]},{"ge":["subsecond",1000]}]},"zones":["global"]}
 *
 * proc.forks: processes created by zonename, execname, pexecname, pid, ppid, distribution of subsecond as lquantize(0,1000,10); a frame every 1 s.
 * Events:    {"and":[{"ne":["pexecname","other"]},{"ge":["subsecond",1000]}]}
 * Zones:     global
 * Asked by:  ada
 * Platform:  linux; probes of proc
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
	@events_odd = sum(0);
}

/* Which of two sets of aggregations the event counts into: that of windows with an odd number, or not. */
proc:::create
/("global" == "global")/
{
	this->odd = tick & 1;
}

/* There is a new process, and not only a new thread of this one. */
proc:::create
/("global" == "global") &&
 this->odd == 0 &&
 args[0]->pr_pid != pid &&
 stringof(curthread->real_parent->comm) != "other" &&
 (int64_t)((walltimestamp % 1000000000) / 1000000) >= 1000/
{
	@events = sum(1);
	@rows["global",
	    execname,
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid] =
	    lquantize((walltimestamp % 1000000000) / 1000000, 0, 1000, 10);
}

/* There is a new process, and not only a new thread of this one. */
proc:::create
/("global" == "global") &&
 this->odd == 1 &&
 args[0]->pr_pid != pid &&
 stringof(curthread->real_parent->comm) != "other" &&
 (int64_t)((walltimestamp % 1000000000) / 1000000) >= 1000/
{
	@events_odd = sum(1);
	@rows_odd["global",
	    execname,
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid] =
	    lquantize((walltimestamp % 1000000000) / 1000000, 0, 1000, 10);
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
}

/* The windows that it ends alternate between two sets of aggregations: nothing counts into this one now. */
profile:::tick-1s
/(tick & 1) == 1/
{
	printa("@row \"%S\" \"%S\" \"%S\" %d %d%@d@end\n", @rows);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events);
	trunc(@rows);
	clear(@events);
}

/* The windows that it ends alternate between two sets of aggregations: nothing counts into this one now. */
profile:::tick-1s
/(tick & 1) == 0/
{
	printa("@row \"%S\" \"%S\" \"%S\" %d %d%@d@end\n", @rows_odd);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events_odd);
	trunc(@rows_odd);
	clear(@events_odd);
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
	trunc(@rows_odd);
	trunc(@events_odd);
}
