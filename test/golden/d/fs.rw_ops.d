/*
 * @isotherm {"v":1,"spec":"5pec","metric":"fs.rw_ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename"],"keyTypes":["string"],"numeric":null,"scheme":null,"predicate":{},"zones":null}
 *
 * fs.rw_ops: file reads and writes by zonename; a frame every 1 s.
 * Events:    all
 * Zones:     all
 * Asked by:  ada
 * Platform:  smartos; probes of fbt
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The outermost read or write begins, of a file. */
fbt::fop_read:entry,
fbt::fop_write:entry
/arg0 != 0 &&
 (!self->depth || stackdepth <= self->depth) &&
 (((vnode_t *)arg0)->v_type == 1 || ((vnode_t *)arg0)->v_type == 2 || ((vnode_t *)arg0)->v_type == 5)/
{
	self->depth = stackdepth;
}

/*
 * The outermost read or write returns.
 * The next operation is an outermost one again.
 */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	@events = sum(1);
	@rows[zonename] = count();
	self->depth = 0;
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
