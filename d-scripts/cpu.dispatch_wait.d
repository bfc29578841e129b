/*
 * cpu.dispatch_wait: a thread's wait on a dispatch queue, counted when it is taken off.
 *
 * sched:::enqueue and sched:::dequeue (uts/common/disp/disp.c: setbackdq, setfrontdq, disp_getwork and others)
 * fire in the context of whoever moves the thread. The thread is arg0, a kthread_t: the zone test must look there,
 * since zonename is the mover's. A thread that is moved between queues waits twice here. Kernel threads are of the
 * global zone.
 *
 * Not on Linux: a task stays on its run queue while it runs there, so enqueue to dequeue is no wait.
 */

/* begin queued: the thread becomes runnable and is put on a queue */
sched:::enqueue
{
	queued[arg0] = timestamp;
}

/* aggregate: the thread is taken off the queue, to run */
sched:::dequeue
/queued[arg0]/
{
	@rows[KEYS] = VALUE;
}

/* clean queued: free what was saved */
sched:::dequeue
{
	queued[arg0] = 0;
}
