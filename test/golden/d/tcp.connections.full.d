/*
 * @isotherm {"v":1,"spec":"5pec","metric":"tcp.connections","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","direction","lport","pid","raddr","rport"],"keyTypes":["string","string","number","number","string","number"],"numeric":"subsecond","scheme":"lquantize(0,1000,10)","predicate":{"and":[{"ne":["direction","other"]},{"ge":["subsecond",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * tcp.connections: TCP connections by zonename, direction, lport, pid, raddr, rport, distribution of subsecond as lquantize(0,1000,10); a frame every 1 s.
 * Events:    {"and":[{"ne":["direction","other"]},{"ge":["subsecond",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of tcp
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* A connection is established, from outside or from here. */
tcp:::accept-established,
tcp:::connect-established
/(stringof(((tcp_t *)args[3]->tcps_addr)->tcp_connp->conn_cred->cr_zone->zone_name) == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" ||
  stringof(((tcp_t *)args[3]->tcps_addr)->tcp_connp->conn_cred->cr_zone->zone_name) == "web-3") &&
 (probename == "accept-established" ? "in" : "out") != "other" &&
 (int64_t)((walltimestamp % 1000000000) / 1000000) >= 1000/
{
	@events = sum(1);
	@rows[stringof(((tcp_t *)args[3]->tcps_addr)->tcp_connp->conn_cred->cr_zone->zone_name),
	    probename == "accept-established" ? "in" : "out",
	    (int64_t)args[3]->tcps_lport,
	    (int64_t)(((tcp_t *)args[3]->tcps_addr)->tcp_connp->conn_cpid),
	    args[3]->tcps_raddr,
	    (int64_t)args[3]->tcps_rport] =
	    lquantize((walltimestamp % 1000000000) / 1000000, 0, 1000, 10);
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" %d %d \"%S\" %d%@d@end\n", @rows);
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
