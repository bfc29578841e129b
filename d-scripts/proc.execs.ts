/**
 * proc.execs: programs started. Clauses: proc.execs.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, SUBSECOND } from "./fields.ts";

export const entry = dtraceEntry({
  module: "proc",
  stat: "execs",
  label: "programs started",
  unit: "executions",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "low",
  platforms: ["smartos", "linux"],
  providers: ["proc"],
  fields: [CURRENT_ZONE, ...CURRENT_PROCESS, SUBSECOND],
});
