/**
 * vm.zvol_ops: what virtual machines (bhyve, KVM) do to their disks. Clauses: vm.zvol_ops.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_ZONE, discrete, latency, numeric } from "./fields.ts";

/** arg2 of both probes: 1 for a write. */
const OPTYPE = 'arg2 == 1 ? "write" : "read"';

export const entry = dtraceEntry({
  module: "vm",
  stat: "zvol_ops",
  label: "virtual disk operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["sdt"],
  fields: [
    CURRENT_ZONE,
    { field: discrete("optype", "operation"), d: OPTYPE, begin: OPTYPE },
    { field: discrete("errno", "error number", "number"), d: "arg3" },
    {
      field: numeric("size", "size", "size", "llquantize(2,9,25,8)"),
      d: "self->size - 1",
      begin: "((uio_t *)arg1)->uio_resid",
    },
    latency("latency", "self->start"),
  ],
});
