/*
 * proc.forks: a process creates another.
 *
 * proc:::create (uts/common/os/fork.c, cfork) fires in the context of the parent, which the fields describe.
 * args[0] is the child's psinfo_t. On Linux the probe fires for threads too (libdtrace/dt_prov_proc.c), which have
 * their creator's pid.
 */

/* aggregate on smartos: there is a new process */
proc:::create
{
	@rows[KEYS] = VALUE;
}

/* aggregate on linux: there is a new process, and not only a new thread of this one */
proc:::create
/args[0]->pr_pid != pid/
{
	@rows[KEYS] = VALUE;
}
