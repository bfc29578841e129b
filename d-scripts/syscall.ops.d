/*
 * syscall.ops: system calls, counted when they return.
 *
 * syscall:::entry and syscall:::return fire in the context of the calling thread (uts/common/dtrace/systrace.c),
 * so that pid, execname and zonename are the caller's. probefunc is the name of the call. errno is set before
 * return fires, and is 0 after a success.
 *
 * A thread that was inside a call when the probes were enabled has no start: it is counted, but not where latency
 * or cputime is asked for, since that is not known. A call that never returns (exit, lwp_exit) leaves its start
 * behind; the kernel frees a thread's variables with the thread.
 *
 * Linux: vtimestamp is not implemented there, so cputime is not to be had.
 */

/* begin start: the call begins, by the clock */
syscall:::entry
{
	self->start = timestamp;
}

/* begin vstart: the call begins, by the time that the thread has spent on CPU */
syscall:::entry
{
	self->vstart = vtimestamp;
}

/* aggregate: the call returns */
syscall:::return
/self->start && self->vstart/
{
	@rows[KEYS] = VALUE;
}

/* clean start: free what was saved, whether or not the call counted */
syscall:::return
{
	self->start = 0;
}

/* clean vstart: free what was saved, whether or not the call counted */
syscall:::return
{
	self->vstart = 0;
}
