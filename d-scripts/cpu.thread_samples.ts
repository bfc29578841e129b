/**
 * cpu.thread_samples: what runs on the CPUs, sampled 99 times a second on each. Clauses: cpu.thread_samples.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, SUBSECOND } from "./fields.ts";

export const entry = dtraceEntry({
  module: "cpu",
  stat: "thread_samples",
  label: "CPU samples",
  unit: "samples",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "low",
  platforms: ["smartos", "linux"],
  providers: ["profile"],
  fields: [CURRENT_ZONE, ...CURRENT_PROCESS, SUBSECOND],
});
