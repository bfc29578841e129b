/*
 * @isotherm {"v":1,"spec":"5pec","metric":"syscall.ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","errno","execname","pexecname","pid","ppid","syscall"],"keyTypes":["string","number","string","string","number","number","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["errno",0]},{"ge":["latency",1000]}]},"zones":["global"]}
 *
 * syscall.ops: system calls by zonename, errno, execname, pexecname, pid, ppid, syscall, distribution of latency as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["errno",0]},{"ge":["latency",1000]}]}
 * Zones:     global
 * Asked by:  ada
 * Platform:  linux; probes of syscall
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
	@events_odd = sum(0);
}

/* The call begins, by the clock. */
syscall:::entry
/("global" == "global")/
{
	self->start = timestamp;
}

/* Which of two sets of aggregations the event counts into: that of windows with an odd number, or not. */
syscall:::return
/("global" == "global")/
{
	this->odd = tick & 1;
}

/* The call returns. */
syscall:::return
/("global" == "global") &&
 this->odd == 0 &&
 self->start &&
 (int64_t)errno != 0 &&
 (int64_t)(timestamp - self->start) >= 1000/
{
	@events = sum(1);
	@rows["global",
	    (int64_t)errno,
	    execname,
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid,
	    probefunc] =
	    llquantize(timestamp - self->start, 10, 3, 10, 20);
}

/* The call returns. */
syscall:::return
/("global" == "global") &&
 this->odd == 1 &&
 self->start &&
 (int64_t)errno != 0 &&
 (int64_t)(timestamp - self->start) >= 1000/
{
	@events_odd = sum(1);
	@rows_odd["global",
	    (int64_t)errno,
	    execname,
	    stringof(curthread->real_parent->comm),
	    (int64_t)pid,
	    (int64_t)ppid,
	    probefunc] =
	    llquantize(timestamp - self->start, 10, 3, 10, 20);
}

/* Free what was saved, whether or not the call counted. */
syscall:::return
/("global" == "global")/
{
	self->start = 0;
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
	printa("@row \"%S\" %d \"%S\" \"%S\" %d %d \"%S\"%@d@end\n", @rows);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events);
	trunc(@rows);
	clear(@events);
}

/* The windows that it ends alternate between two sets of aggregations: nothing counts into this one now. */
profile:::tick-1s
/(tick & 1) == 0/
{
	printa("@row \"%S\" %d \"%S\" \"%S\" %d %d \"%S\"%@d@end\n", @rows_odd);
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
