/*
 * proc.exits: a process ends.
 *
 * proc:::exit (uts/common/os/exit.c, proc_exit) fires in the context of the process. p_mstart is when it began, by
 * the clock that timestamp reads (gethrtime); on Linux, start_time of the thread group's leader (both
 * CLOCK_MONOTONIC).
 */

/* aggregate: the process ends */
proc:::exit
{
	@rows[KEYS] = VALUE;
}
