/**
 * cpu.thread_executions: how long threads stay on CPU, and why they leave it. Clauses: cpu.thread_executions.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, LATENCY_TEXT, numeric, SUBSECOND } from "./fields.ts";

export const entry = dtraceEntry({
  module: "cpu",
  stat: "thread_executions",
  label: "thread executions",
  unit: "executions",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "high",
  platforms: ["smartos"],
  providers: ["sched"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("leavereason", "reason for leaving the CPU"), d: "this->reason" },
    { field: numeric("runtime", "time on CPU", "time", LATENCY_TEXT), d: "timestamp - self->oncpu" },
    SUBSECOND,
  ],
});
