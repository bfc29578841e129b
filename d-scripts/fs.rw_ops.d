/*
 * fs.rw_ops: reads and writes of files, counted when they return.
 *
 * fs.logical_rwops has their number for nothing; this says what kstat cannot.
 *
 * The fop_ functions are the door to every file system (uts/common/fs/vnode.c); arg0 is the vnode. One file system
 * may call another through the same door (lofs does): only the outermost call counts, recognised by its stack
 * depth. A depth left over by a return that was missed is replaced by the next call that is no deeper.
 *
 * Counted are files, directories and links: v_type 1, 2 and 5 (enum vtype, uts/common/sys/vnode.h). Sockets, pipes
 * and devices come through the same door and are left out. vnop_name is the file system's name; the vnodeops are
 * saved rather than the vnode because they stay where they are when the vnode goes.
 *
 * fbt is not a stable interface: a platform image may lack a function, and then this metric is reported as
 * unsupported there.
 *
 * arg1 is the uio: uio_resid is what is asked for (what is left, later), and _uio_offset._f the whole 64-bit
 * offset (uts/common/sys/uio.h, lloff_t). One more than each is saved, since a saved 0 could not be told from
 * nothing saved.
 */

/* always depth: the outermost read or write begins, of a file */
fbt::fop_read:entry,
fbt::fop_write:entry
/arg0 != 0 && (!self->depth || stackdepth <= self->depth) &&
 (((vnode_t *)arg0)->v_type == 1 || ((vnode_t *)arg0)->v_type == 2 || ((vnode_t *)arg0)->v_type == 5)/
{
	self->depth = stackdepth;
}

/* begin start: when it begins */
fbt::fop_read:entry,
fbt::fop_write:entry
/self->depth == stackdepth/
{
	self->start = timestamp;
}

/* begin vnop: whose operations they are */
fbt::fop_read:entry,
fbt::fop_write:entry
/self->depth == stackdepth/
{
	self->vnop = ((vnode_t *)arg0)->v_op;
}

/* begin size: how many bytes are asked for */
fbt::fop_read:entry,
fbt::fop_write:entry
/self->depth == stackdepth/
{
	self->size = ((uio_t *)arg1)->uio_resid + 1;
}

/* begin offset: where in the file */
fbt::fop_read:entry,
fbt::fop_write:entry
/self->depth == stackdepth/
{
	self->offset = ((uio_t *)arg1)->_uio_offset._f + 1;
}

/* aggregate: the outermost read or write returns */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth && self->start && self->vnop != NULL &&
 self->size && self->offset/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	self->start = 0;
}

/* clean vnop: free what was saved */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	self->vnop = 0;
}

/* clean size: free what was saved */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	self->size = 0;
}

/* clean offset: free what was saved */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	self->offset = 0;
}

/* clean depth: the next operation is an outermost one again */
fbt::fop_read:return,
fbt::fop_write:return
/self->depth == stackdepth/
{
	self->depth = 0;
}
