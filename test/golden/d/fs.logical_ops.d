/*
 * @isotherm {"v":1,"spec":"5pec","metric":"fs.logical_ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename"],"keyTypes":["string"],"numeric":null,"scheme":null,"predicate":{},"zones":null}
 *
 * fs.logical_ops: logical file system operations by zonename; a frame every 1 s.
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

/* The outermost operation begins, on a file, a directory or a link. */
fbt::fop_read:entry,
fbt::fop_write:entry,
fbt::fop_ioctl:entry,
fbt::fop_access:entry,
fbt::fop_getattr:entry,
fbt::fop_setattr:entry,
fbt::fop_lookup:entry,
fbt::fop_create:entry,
fbt::fop_remove:entry,
fbt::fop_link:entry,
fbt::fop_rename:entry,
fbt::fop_mkdir:entry,
fbt::fop_rmdir:entry,
fbt::fop_readdir:entry,
fbt::fop_symlink:entry,
fbt::fop_readlink:entry,
fbt::fop_fsync:entry,
fbt::fop_getpage:entry,
fbt::fop_putpage:entry,
fbt::fop_map:entry
/arg0 != 0 &&
 (!self->depth || stackdepth <= self->depth) &&
 (((vnode_t *)arg0)->v_type == 1 || ((vnode_t *)arg0)->v_type == 2 || ((vnode_t *)arg0)->v_type == 5)/
{
	self->depth = stackdepth;
}

/*
 * The outermost operation returns.
 * The next operation is an outermost one again.
 */
fbt::fop_read:return,
fbt::fop_write:return,
fbt::fop_ioctl:return,
fbt::fop_access:return,
fbt::fop_getattr:return,
fbt::fop_setattr:return,
fbt::fop_lookup:return,
fbt::fop_create:return,
fbt::fop_remove:return,
fbt::fop_link:return,
fbt::fop_rename:return,
fbt::fop_mkdir:return,
fbt::fop_rmdir:return,
fbt::fop_readdir:return,
fbt::fop_symlink:return,
fbt::fop_readlink:return,
fbt::fop_fsync:return,
fbt::fop_getpage:return,
fbt::fop_putpage:return,
fbt::fop_map:return
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
