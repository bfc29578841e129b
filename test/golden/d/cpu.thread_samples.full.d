/*
 * @isotherm {"v":1,"spec":"5pec","metric":"cpu.thread_samples","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","pexecname","pid","ppid","psargs"],"keyTypes":["string","string","string","number","number","string"],"numeric":"subsecond","scheme":"lquantize(0,1000,10)","predicate":{"and":[{"ne":["pexecname","other"]},{"ge":["subsecond",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * cpu.thread_samples: CPU samples by zonename, execname, pexecname, pid, ppid, psargs, distribution of subsecond as lquantize(0,1000,10); a frame every 1 s.
 * Events:    {"and":[{"ne":["pexecname","other"]},{"ge":["subsecond",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of profile
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* A thread other than the idle one is on CPU. */
profile:::profile-99hz
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 curthread->t_pri != -1 &&
 stringof(curthread->t_procp->p_parent->p_user.u_comm) != "other" &&
 (int64_t)((walltimestamp % 1000000000) / 1000000) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    execname,
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)pid,
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs)] =
	    lquantize((walltimestamp % 1000000000) / 1000000, 0, 1000, 10);
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" %d %d \"%S\"%@d@end\n", @rows);
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
