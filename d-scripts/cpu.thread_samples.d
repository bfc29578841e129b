/*
 * cpu.thread_samples: who is on CPU, 99 times a second on every CPU.
 *
 * A sample is 1/99 s of one CPU, on average. 99 rather than 100, so as not to beat in step with what the system
 * does 100 times a second. The probe fires in the context of the interrupted thread (uts/common/dtrace/profile.c),
 * so that pid, execname and zonename are its own. The idle thread runs at priority -1 (uts/common/disp/thread.c);
 * on Linux it is process 0.
 */

/* aggregate on smartos: a thread other than the idle one is on CPU */
profile:::profile-99hz
/curthread->t_pri != -1/
{
	@rows[KEYS] = VALUE;
}

/* aggregate on linux: a thread other than the idle one is on CPU */
profile:::profile-99hz
/pid != 0/
{
	@rows[KEYS] = VALUE;
}
