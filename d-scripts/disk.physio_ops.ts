/**
 * disk.physio_ops: reads and writes of each disk, always on.
 *
 * Source: I/O kstats of class disk (kstat_io_t, uts/common/sys/kstat.h) reads, writes. Disks are selected by class,
 * whatever their driver. disk.io_ops asks DTrace for sizes, offsets and latencies.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "disk",
  stat: "physio_ops",
  label: "disk operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "operator",
  fields: [discrete("disk", "disk", "string", "operator"), discrete("optype", "operation", "string", "operator")],
  patterns: ["class:disk"],
  select: { class: "disk" },
  zone: null,
  derive: "delta",
  parts: { disk: "name" },
  rows: [row({ optype: "read" }, "reads"), row({ optype: "write" }, "writes")],
});
