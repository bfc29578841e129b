/**
 * fs.rw_ops: reads and writes of files: who, on which file system, how large, where in the file, how long. Clauses:
 * fs.rw_ops.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency, numeric } from "./fields.ts";

export const entry = dtraceEntry({
  module: "fs",
  stat: "rw_ops",
  label: "file reads and writes",
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
    {
      field: discrete("fstype", "file system type"),
      d: "stringof(self->vnop->vnop_name)",
      begin: "stringof(((vnode_t *)arg0)->v_op->vnop_name)",
    },
    { field: discrete("optype", "operation"), d: "substr(probefunc, 4)", begin: "substr(probefunc, 4)" },
    {
      field: numeric("size", "size asked for", "size", "llquantize(2,0,25,8)"),
      d: "self->size - 1",
      begin: "((uio_t *)arg1)->uio_resid",
    },
    {
      field: numeric("offset", "offset in the file", "size", "llquantize(10,0,12,20)"),
      d: "self->offset - 1",
      begin: "((uio_t *)arg1)->_uio_offset._f",
    },
    latency("latency", "self->start"),
  ],
});
