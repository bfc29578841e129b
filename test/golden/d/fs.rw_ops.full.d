/*
 * @isotherm {"v":1,"spec":"5pec","metric":"fs.rw_ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","fstype","optype","pexecname","ppid","psargs"],"keyTypes":["string","string","string","string","string","number","string"],"numeric":"size","scheme":"llquantize(2,0,25,8)","predicate":{"and":[{"ne":["optype","other"]},{"ge":["size",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * fs.rw_ops: file reads and writes by zonename, execname, fstype, optype, pexecname, ppid, psargs, distribution of size as llquantize(2,0,25,8); a frame every 1 s.
 * Events:    {"and":[{"ne":["optype","other"]},{"ge":["size",1000]}]}
 * Zones:     2, which every clause below tests first
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
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 arg0 != 0 &&
 (!self->depth || stackdepth <= self->depth) &&
 (((vnode_t *)arg0)->v_type == 1 || ((vnode_t *)arg0)->v_type == 2 || ((vnode_t *)arg0)->v_type == 5)/
{
	self->depth = stackdepth;
}

/*
 * Whose operations they are.
 * How many bytes are asked for.
 */
fbt::fop_read:entry,
fbt::fop_write:entry
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->depth == stackdepth &&
 substr(probefunc, 4) != "other" &&
 (int64_t)(((uio_t *)arg1)->uio_resid) >= 1000/
{
	self->vnop = ((vnode_t *)arg0)->v_op;
	self->size = ((uio_t *)arg1)->uio_resid + 1;
}

/* The outermost read or write returns. */
fbt::fop_read:return,
fbt::fop_write:return
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->depth == stackdepth &&
 self->vnop != NULL &&
 self->size &&
 substr(probefunc, 4) != "other" &&
 (int64_t)(self->size - 1) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    execname,
	    stringof(self->vnop->vnop_name),
	    substr(probefunc, 4),
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs)] =
	    llquantize(self->size - 1, 2, 0, 25, 8);
}

/*
 * Free what was saved.
 * The next operation is an outermost one again.
 */
fbt::fop_read:return,
fbt::fop_write:return
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->depth == stackdepth/
{
	self->vnop = 0;
	self->size = 0;
	self->depth = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" \"%S\" %d \"%S\"%@d@end\n", @rows);
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
