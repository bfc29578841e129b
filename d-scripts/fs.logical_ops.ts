/**
 * fs.logical_ops: operations on files and directories, whatever the file system. Clauses: fs.logical_ops.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "fs",
  stat: "logical_ops",
  label: "logical file system operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "high",
  platforms: ["smartos"],
  providers: ["fbt"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("fstype", "file system type"), d: "stringof(self->vnop->vnop_name)" },
    { field: discrete("optype", "operation"), d: "substr(probefunc, 4)", begin: "substr(probefunc, 4)" },
    latency("latency", "self->start"),
  ],
});
