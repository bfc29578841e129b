/*
 * @isotherm {"v":1,"spec":"5pec","metric":"proc.exits","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","exittype","pexecname","pid","ppid"],"keyTypes":["string","string","string","string","number","number"],"numeric":"walltime","scheme":"llquantize(10,6,15,20)","predicate":{"and":[{"ne":["exittype","other"]},{"ge":["walltime",1000]}]},"zones":["global"]}
 *
 * proc.exits: processes ended by zonename, execname, exittype, pexecname, pid, ppid, distribution of walltime as llquantize(10,6,15,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["exittype","other"]},{"ge":["walltime",1000]}]}
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
proc:::exit
/("global" == "global")/
{
	this->odd = tick & 1;
}

/* The process ends. */
proc:::exit
/("global" == "global") &&
 this->odd == 0 &&
 (args[0] == CLD_EXITED ? "exited" : args[0] == CLD_DUMPED ? "dumped" : "killed") != "other" &&
 (int64_t)(timestamp - curthread->group_leader->start_time) >= 1000/
{
	@events = sum(1);
	@rows["global",
	    execname,
	    args[0] == CLD_EXITED ? "exited" : args[0] == CLD_DUMPED ? "dumped" : "killed",
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid] =
	    llquantize(timestamp - curthread->group_leader->start_time, 10, 6, 15, 20);
}

/* The process ends. */
proc:::exit
/("global" == "global") &&
 this->odd == 1 &&
 (args[0] == CLD_EXITED ? "exited" : args[0] == CLD_DUMPED ? "dumped" : "killed") != "other" &&
 (int64_t)(timestamp - curthread->group_leader->start_time) >= 1000/
{
	@events_odd = sum(1);
	@rows_odd["global",
	    execname,
	    args[0] == CLD_EXITED ? "exited" : args[0] == CLD_DUMPED ? "dumped" : "killed",
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid] =
	    llquantize(timestamp - curthread->group_leader->start_time, 10, 6, 15, 20);
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
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" %d %d%@d@end\n", @rows);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events);
	trunc(@rows);
	clear(@events);
}

/* The windows that it ends alternate between two sets of aggregations: nothing counts into this one now. */
profile:::tick-1s
/(tick & 1) == 0/
{
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" %d %d%@d@end\n", @rows_odd);
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
