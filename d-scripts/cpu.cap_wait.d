/*
 * cpu.cap_wait: a thread's wait for its zone's CPU cap, counted when it may run again.
 *
 * sched:::cpucaps-sleep and sched:::cpucaps-wakeup (uts/common/disp/waitq.c, waitq_enqueue and waitq_dequeue) name
 * the thread in arg0, a kthread_t. The wakeup comes from the clock, so zonename would be whoever was interrupted:
 * the zone test looks at the thread.
 */

/* begin capped: the zone is over its cap, and the thread must wait */
sched:::cpucaps-sleep
{
	capped[arg0] = timestamp;
}

/* aggregate: the thread may run again */
sched:::cpucaps-wakeup
/capped[arg0]/
{
	@rows[KEYS] = VALUE;
}

/* clean capped: free what was saved */
sched:::cpucaps-wakeup
{
	capped[arg0] = 0;
}
