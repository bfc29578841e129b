/*
 * vm.zvol_ops: reads and writes of ZFS volumes, which are the disks of virtual machines; counted when they are
 * done.
 *
 * sdt:::zvol-uio-start and sdt:::zvol-uio-done are SmartOS's own (uts/common/fs/zfs/zvol.c, zvol_read and
 * zvol_write): arg0 the device, arg1 the uio, arg2 1 for a write, and in done arg3 the error. They fire in the
 * context of the machine's process, whose zone is the machine's. uio_resid shrinks while the operation runs, so
 * the size is taken at its start, plus one, since a saved 0 could not be told from nothing saved. A platform image
 * without these probes reports this metric as unsupported.
 */

/* begin start: the machine's request reaches the volume */
sdt:::zvol-uio-start
{
	self->start = timestamp;
}

/* begin size: how many bytes are asked for */
sdt:::zvol-uio-start
{
	self->size = ((uio_t *)arg1)->uio_resid + 1;
}

/* aggregate: the request is done */
sdt:::zvol-uio-done
/self->start && self->size/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
sdt:::zvol-uio-done
{
	self->start = 0;
}

/* clean size: free what was saved */
sdt:::zvol-uio-done
{
	self->size = 0;
}
