/*
 * cpu.thread_executions: a thread's stay on a CPU, counted when it leaves.
 *
 * sched:::on-cpu and sched:::off-cpu fire in the context of the thread that comes and of the one that goes (swtch
 * and resume, uts/common/disp/disp.c), so that self-> belongs to that thread. curlwpsinfo is an lwpsinfo_t
 * (procfs.d): pr_state says what becomes of the thread, pr_stype what it will sleep on; procfs.d names their
 * values. SWAIT is the wait for a CPU cap (uts/common/disp/waitq.c). The idle thread runs at priority -1 and is
 * left out. this-> variables last while one firing of a probe lasts: nothing to free.
 *
 * Not on Linux: sched:::on-cpu is schedule_tail there (libdtrace/dt_prov_sched.c), which new threads alone run.
 */

/* begin oncpu: the thread gets a CPU */
sched:::on-cpu
/curthread->t_pri != -1/
{
	self->oncpu = timestamp;
}

/* gather state: what becomes of the thread */
sched:::off-cpu
/curthread->t_pri != -1/
{
	this->state = curlwpsinfo->pr_state;
}

/* gather stype: what the thread will sleep on */
sched:::off-cpu
/curthread->t_pri != -1/
{
	this->stype = curlwpsinfo->pr_stype;
}

/* gather reason: in a word, why it leaves */
sched:::off-cpu
/curthread->t_pri != -1/
{
	this->reason =
	    this->state == SRUN ? "preempted" :
	    this->state == SZOMB ? "exited" :
	    this->state == SSTOP ? "stopped" :
	    this->state == SWAIT ? "capped" :
	    this->stype == SOBJ_MUTEX ? "mutex" :
	    this->stype == SOBJ_RWLOCK ? "rwlock" :
	    this->stype == SOBJ_CV ? "condvar" :
	    this->stype == SOBJ_SEMA ? "semaphore" :
	    this->stype == SOBJ_USER ? "user-lock" :
	    this->stype == SOBJ_USER_PI ? "user-lock-pi" :
	    this->stype == SOBJ_SHUTTLE ? "shuttle" :
	    "sleeping";
}

/* aggregate: the thread leaves its CPU */
sched:::off-cpu
/curthread->t_pri != -1 && self->oncpu/
{
	@rows[KEYS] = VALUE;
}

/* clean oncpu: free what was saved */
sched:::off-cpu
{
	self->oncpu = 0;
}
