/*
 * @isotherm {"v":1,"spec":"5pec","metric":"disk.io_ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["disk","optype"],"keyTypes":["string","string"],"numeric":"size","scheme":"llquantize(2,9,25,8)","predicate":{"and":[{"ne":["optype","other"]},{"ge":["size",1000]}]},"zones":null}
 *
 * disk.io_ops: disk operations by disk, optype, distribution of size as llquantize(2,9,25,8); a frame every 1 s.
 * Events:    {"and":[{"ne":["optype","other"]},{"ge":["size",1000]}]}
 * Zones:     the metric has none; it is the operators'
 * Asked by:  ada
 * Platform:  smartos; probes of io
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The device is done. */
io:::done
/(args[0]->b_flags & B_READ ? "read" : "write") != "other" &&
 (int64_t)args[0]->b_bcount >= 1000/
{
	@events = sum(1);
	@rows[args[1]->dev_statname,
	    args[0]->b_flags & B_READ ? "read" : "write"] =
	    llquantize(args[0]->b_bcount, 2, 9, 25, 8);
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
