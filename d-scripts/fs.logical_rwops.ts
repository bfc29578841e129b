/**
 * fs.logical_rwops: reads and writes that applications asked of file systems, by zone, always on.
 *
 * Source: zone_vfs:ID:NAME (uts/common/sys/zone.h, zone_vfs_kstat_t; counted in fop_read and fop_write of
 * uts/common/fs/vnode.c). fs.rw_ops asks DTrace for what kstat cannot say: who, on which file system, how long.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "fs",
  stat: "logical_rwops",
  label: "logical file system reads and writes",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("optype", "operation")],
  patterns: ["zone_vfs:::"],
  select: { module: "zone_vfs", class: "zone_vfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ optype: "read" }, "reads"), row({ optype: "write" }, "writes")],
});
