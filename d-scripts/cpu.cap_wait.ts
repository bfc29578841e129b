/**
 * cpu.cap_wait: how long threads wait because their zone has used up its CPU cap. Clauses: cpu.cap_wait.d.
 */
import { dtraceEntry } from "./entry.ts";
import { ARGUMENT_EXECNAME, ARGUMENT_ZONE, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "cpu",
  stat: "cap_wait",
  label: "CPU cap waits",
  unit: "waits",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["sched"],
  fields: [ARGUMENT_ZONE, ARGUMENT_EXECNAME, latency("wait for the cap", "capped[arg0]")],
});
