/*
 * @isotherm {"v":1,"spec":"5pec","metric":"proc.execs","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename"],"keyTypes":["string"],"numeric":null,"scheme":null,"predicate":{},"zones":null}
 *
 * proc.execs: programs started by zonename; a frame every 1 s.
 * Events:    all
 * Zones:     all
 * Asked by:  ada
 * Platform:  smartos; probes of proc
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The process now runs another program. */
proc:::exec-success
{
	@events = sum(1);
	@rows[zonename] = count();
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" %@d\n", @rows);
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
