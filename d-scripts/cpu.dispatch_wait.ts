/**
 * cpu.dispatch_wait: how long runnable threads wait for a CPU (run-queue latency). Clauses: cpu.dispatch_wait.d.
 */
import { dtraceEntry } from "./entry.ts";
import { ARGUMENT_EXECNAME, ARGUMENT_ZONE, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "cpu",
  stat: "dispatch_wait",
  label: "dispatcher waits",
  unit: "waits",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "high",
  platforms: ["smartos"],
  providers: ["sched"],
  fields: [ARGUMENT_ZONE, ARGUMENT_EXECNAME, latency("wait for a CPU", "queued[arg0]")],
});
