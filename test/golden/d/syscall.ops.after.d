/*
 * @isotherm {"v":1,"spec":"5pec","metric":"syscall.ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":5,"keys":["zonename","errno","execname","pexecname","ppid","psargs","syscall"],"keyTypes":["string","number","string","string","number","string","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["errno",0]},{"ge":["latency",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"],"after":"1700000000123456789"}
 *
 * syscall.ops: system calls by zonename, errno, execname, pexecname, ppid, psargs, syscall, distribution of latency as llquantize(10,3,10,20); a frame every 5 s.
 * Events:    {"and":[{"ne":["errno",0]},{"ge":["latency",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of syscall
 */

/*
 * @events exists from the start, with 0 in it, so that a frame without events has its last line too.
 * Counting begins at a tick of the program that this one takes over from, a second or more from now.
 */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
	begins = timestamp + 1000000000 + 5000000000 - (walltimestamp + 1000000000 - 1700000000123456789) % 5000000000;
}

/* The call begins, by the clock. */
syscall:::entry
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->start = timestamp;
}

/* The call returns. */
syscall:::return
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 timestamp >= begins &&
 self->start &&
 (int64_t)errno != 0 &&
 (int64_t)(timestamp - self->start) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    (int64_t)errno,
	    execname,
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs),
	    probefunc] =
	    llquantize(timestamp - self->start, 10, 3, 10, 20);
}

/* Free what was saved, whether or not the call counted. */
syscall:::return
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->start = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-5s
/timestamp >= begins + 5000000/
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" %d \"%S\" \"%S\" %d \"%S\" \"%S\"%@d@end\n", @rows);
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
