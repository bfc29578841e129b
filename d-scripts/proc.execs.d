/*
 * proc.execs: a process starts a program, counted when that has succeeded.
 *
 * proc:::exec-success (uts/common/os/exec.c, exec_common) fires in the context of the process, which has its new
 * execname and psargs by then.
 */

/* aggregate: the process now runs another program */
proc:::exec-success
{
	@rows[KEYS] = VALUE;
}
