/*
 * @isotherm {"v":1,"spec":"5pec","metric":"cpu.cap_wait","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname"],"keyTypes":["string","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["execname","other"]},{"ge":["latency",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * cpu.cap_wait: CPU cap waits by zonename, execname, distribution of latency as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["execname","other"]},{"ge":["latency",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of sched
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The zone is over its cap, and the thread must wait. */
sched:::cpucaps-sleep
/(stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" ||
  stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "web-3") &&
 stringof(((kthread_t *)arg0)->t_procp->p_user.u_comm) != "other"/
{
	capped[arg0] = timestamp;
}

/* The thread may run again. */
sched:::cpucaps-wakeup
/(stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" ||
  stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "web-3") &&
 capped[arg0] &&
 stringof(((kthread_t *)arg0)->t_procp->p_user.u_comm) != "other" &&
 (int64_t)(timestamp - capped[arg0]) >= 1000/
{
	@events = sum(1);
	@rows[stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name),
	    stringof(((kthread_t *)arg0)->t_procp->p_user.u_comm)] =
	    llquantize(timestamp - capped[arg0], 10, 3, 10, 20);
}

/* Free what was saved. */
sched:::cpucaps-wakeup
/(stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" ||
  stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name) == "web-3")/
{
	capped[arg0] = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\"%@d@end\n", @rows);
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
