/**
 * cpu.cpus: how busy each CPU is; as a distribution, how many CPUs are how busy.
 *
 * Source: cpu:N:sys (uts/common/os/cpu.c) cpu_nsec_user, cpu_nsec_kernel and cpu_nsec_intr, in ns. Interrupt time is
 * not in the other two. A heatmap of utilization shows one hot CPU among 64 idle ones, which an average hides.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, numeric } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "cpus",
  label: "CPU utilization",
  unit: "% of one CPU",
  type: "percent",
  scope: "interval",
  audience: "operator",
  fields: [
    discrete("cpu", "CPU", "string", "operator"),
    numeric("utilization", "utilization", "percent", "lquantize(0,100,1)", "operator"),
  ],
  patterns: ["cpu::sys:"],
  select: { module: "cpu", name: "sys" },
  zone: null,
  derive: "delta",
  parts: { cpu: "instance" },
  rows: [row({}, "cpu_nsec_user", "cpu_nsec_kernel", "cpu_nsec_intr")],
  distribution: {
    kind: "share",
    field: "utilization",
    statistics: ["cpu_nsec_user", "cpu_nsec_kernel", "cpu_nsec_intr"],
    print: "integer",
  },
});
