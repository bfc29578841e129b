/*
 * zfs.spa_sync: writing out a transaction group, counted when it is done.
 *
 * One thread of each pool runs spa_sync every few seconds (uts/common/fs/zfs/spa.c); while it takes long, writers
 * wait. The work is the pool's, not any zone's: an operators' metric.
 */

/* begin start: a transaction group is about to be written */
fbt::spa_sync:entry
{
	self->start = timestamp;
}

/* aggregate: it is on disk */
fbt::spa_sync:return
/self->start/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
fbt::spa_sync:return
{
	self->start = 0;
}
