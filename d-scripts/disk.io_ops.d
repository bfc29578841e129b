/*
 * disk.io_ops: operations of block devices, counted when they are done.
 *
 * io:::start fires in bdev_strategy and io:::done in biodone (uts/common/os/bio.c), for every driver: SCSI, SATA,
 * NVMe, and NFS (disk "nfsN"). done fires in an interrupt, so no process or zone can be told there, and this is an
 * operators' metric. arg0 is the buf, the same at both. args[0] is a bufinfo_t and args[1] a devinfo_t
 * (lib/libdtrace/common/io.d.in).
 */

/* begin started: the operation is handed to the device */
io:::start
{
	started[arg0] = timestamp;
}

/* aggregate: the device is done */
io:::done
/started[arg0]/
{
	@rows[KEYS] = VALUE;
}

/* clean started: free what was saved */
io:::done
{
	started[arg0] = 0;
}
