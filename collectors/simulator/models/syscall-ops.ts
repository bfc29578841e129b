/**
 * syscall-ops.ts: system calls; the richest model, and the demo's first picture.
 */
import { WOULD_BLOCK } from "../profiles.ts";
import type { Syscall } from "../services.ts";
import { IDENTITY, PROCESS_FIELDS, processFields, type Model, type SeriesInit } from "./model.ts";

export const syscallOps: Model = {
  metric: "syscall.ops",
  zoned: true,
  fields: { ...PROCESS_FIELDS, syscall: "string", errno: "number" },
  // Most of a short call is spent on CPU; a long one has slept.
  numeric: { latency: IDENTITY, cputime: (ns) => Math.min(ns, Math.round(900 + ns ** 0.72)), subsecond: "subsecond" },
  seriesOf: (zone) =>
    zone.processes.flatMap((process) =>
      process.service.syscalls.flatMap((syscall) => seriesOfCall(syscall, processFields(process))),
    ),
};

function seriesOfCall(syscall: Syscall, fields: SeriesInit["fields"]): SeriesInit[] {
  const failing = syscall.fails?.share ?? 0;
  const diskBound = diskShare(syscall);
  const done: SeriesInit = {
    fields: { ...fields, syscall: syscall.name, errno: 0 },
    rate: syscall.rate * (1 - failing),
    profile: syscall.profile,
    diskBound,
  };
  if (syscall.fails === undefined) return [done];
  const failed: SeriesInit = {
    fields: { ...fields, syscall: syscall.name, errno: syscall.fails.errno },
    rate: syscall.rate * failing,
    profile: WOULD_BLOCK,
  };
  return [done, failed];
}

function diskShare(syscall: Syscall): number {
  return syscall.profile.parts.reduce((sum, part) => sum + (part.kind === "disk" ? part.share : 0), 0);
}
