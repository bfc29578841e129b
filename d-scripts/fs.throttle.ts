/**
 * fs.throttle: operations that the I/O throttle held back, by zone.
 *
 * Source: zone_vfs:ID:NAME delay_cnt (zone_io_delay, uts/common/fs/zfs/zfs_zone.c). fs.throttle_time says for how
 * long.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "fs",
  stat: "throttle",
  label: "file system operations throttled",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["zone_vfs:::"],
  select: { module: "zone_vfs", class: "zone_vfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "delay_cnt")],
});
