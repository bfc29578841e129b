/**
 * cpu.ts: threads that wait for a CPU, have one, or are seen on one.
 */
import { ON_CPU, RUN_QUEUE, TRIVIAL } from "../profiles.ts";
import type { Process } from "../zone.ts";
import { IDENTITY, PROCESS_FIELDS, processFields, type Model } from "./model.ts";

export const cpuDispatchWait: Model = {
  metric: "cpu.dispatch_wait",
  zoned: true,
  fields: { execname: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: (zone) =>
    zone.processes.map((process) => ({
      fields: { execname: process.service.execname },
      rate: switchRate(process),
      profile: RUN_QUEUE,
    })),
};

export const cpuThreadExecutions: Model = {
  metric: "cpu.thread_executions",
  zoned: true,
  fields: { ...PROCESS_FIELDS, leavereason: "string" },
  numeric: { runtime: IDENTITY, subsecond: "subsecond" },
  seriesOf: (zone) =>
    zone.processes.flatMap((process) =>
      [
        { leavereason: "condvar", share: 0.85 },
        { leavereason: "preempted", share: 0.15 },
      ].map(({ leavereason, share }) => ({
        fields: { ...processFields(process), leavereason },
        rate: switchRate(process) * share,
        profile: ON_CPU,
      })),
    ),
};

/** profile-99hz on four CPUs, idle threads left out. */
export const cpuThreadSamples: Model = {
  metric: "cpu.thread_samples",
  zoned: true,
  fields: PROCESS_FIELDS,
  numeric: { subsecond: "subsecond" },
  seriesOf: (zone) =>
    zone.processes.map((process) => ({
      fields: processFields(process),
      rate: (99 * 4 * zone.role.cpuDemand) / zone.processes.length,
      profile: TRIVIAL,
    })),
};

/** Only batch zones are so greedy that their cap holds them back. */
export const cpuCapWait: Model = {
  metric: "cpu.cap_wait",
  zoned: true,
  fields: { execname: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: (zone) =>
    zone.role.name !== "batch"
      ? []
      : zone.processes.map((process) => ({
          fields: { execname: process.service.execname },
          rate: 3,
          profile: ON_CPU,
        })),
};

/** How often a process leaves the CPU: less often than it calls the system. */
function switchRate(process: Process): number {
  return 0.4 * process.service.syscalls.reduce((sum, syscall) => sum + syscall.rate, 0);
}
