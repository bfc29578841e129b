/*
 * @isotherm {"v":1,"spec":"5pec","metric":"cpu.thread_executions","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","execname","leavereason","pexecname","pid","ppid","psargs"],"keyTypes":["string","string","string","string","number","number","string"],"numeric":"runtime","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["leavereason","other"]},{"ge":["runtime",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * cpu.thread_executions: thread executions by zonename, execname, leavereason, pexecname, pid, ppid, psargs, distribution of runtime as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["leavereason","other"]},{"ge":["runtime",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of sched
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* The thread gets a CPU. */
sched:::on-cpu
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 curthread->t_pri != -1/
{
	self->oncpu = timestamp;
}

/*
 * What becomes of the thread.
 * What the thread will sleep on.
 * In a word, why it leaves.
 */
sched:::off-cpu
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 curthread->t_pri != -1/
{
	this->state = curlwpsinfo->pr_state;
	this->stype = curlwpsinfo->pr_stype;
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

/* The thread leaves its CPU. */
sched:::off-cpu
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 curthread->t_pri != -1 &&
 self->oncpu &&
 this->reason != "other" &&
 (int64_t)(timestamp - self->oncpu) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    execname,
	    this->reason,
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)pid,
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs)] =
	    llquantize(timestamp - self->oncpu, 10, 3, 10, 20);
}

/* Free what was saved. */
sched:::off-cpu
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->oncpu = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" \"%S\" %d %d \"%S\"%@d@end\n", @rows);
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
