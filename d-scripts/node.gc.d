/*
 * node.gc: garbage collections of Node.js processes, counted when they are done.
 *
 * USDT probes of node (src/node_provider.d: gc__start and gc__done, both with the type in arg0), in the thread
 * that collects. Type 1 is a scavenge of the young generation in every V8 (include/v8-callbacks.h, GCType); all
 * others trace the old one.
 */

/* begin start: the program stops for the collector */
node*:::gc-start
{
	self->start = timestamp;
}

/* aggregate: the program goes on */
node*:::gc-done
/self->start/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved */
node*:::gc-done
{
	self->start = 0;
}
