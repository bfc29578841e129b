/**
 * syscall.ops: system calls, counted when they return, with their latency and CPU time. Clauses: syscall.ops.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, LATENCY_TEXT, latency, numeric, SUBSECOND } from "./fields.ts";

export const entry = dtraceEntry({
  module: "syscall",
  stat: "ops",
  label: "system calls",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "high",
  platforms: ["smartos", "linux"],
  providers: ["syscall"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("syscall", "system call"), d: "probefunc", begin: "probefunc" },
    { field: discrete("errno", "error number", "number"), d: "errno" },
    latency("latency", "self->start"),
    { field: numeric("cputime", "CPU time", "time", LATENCY_TEXT), d: "vtimestamp - self->vstart", linux: null },
    SUBSECOND,
  ],
});
