/**
 * proc.exits: processes that end, and how long they lived. Clauses: proc.exits.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, numeric, SUBSECOND } from "./fields.ts";

/** args[0] of proc:::exit is one of these (sys/siginfo.h; named by D's procfs library on both systems). */
const EXIT_TYPE = 'args[0] == CLD_EXITED ? "exited" : args[0] == CLD_DUMPED ? "dumped" : "killed"';

export const entry = dtraceEntry({
  module: "proc",
  stat: "exits",
  label: "processes ended",
  unit: "exits",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "low",
  platforms: ["smartos", "linux"],
  providers: ["proc"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("exittype", "way of ending"), d: EXIT_TYPE },
    {
      field: numeric("walltime", "lifetime", "time", "llquantize(10,6,15,20)"),
      d: "timestamp - curthread->t_procp->p_mstart",
      linux: "timestamp - curthread->group_leader->start_time",
    },
    SUBSECOND,
  ],
});
