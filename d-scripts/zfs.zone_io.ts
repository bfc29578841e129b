/**
 * zfs.zone_io: reads and writes that each zone's work made ZFS do.
 *
 * Source: zone_zfs:ID:NAME reads, writes. Below the cache: compare with fs.logical_rwops, which is above it.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "zone_io",
  label: "ZFS operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("optype", "operation")],
  patterns: ["zone_zfs:::"],
  select: { module: "zone_zfs", class: "zone_zfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ optype: "read" }, "reads"), row({ optype: "write" }, "writes")],
});
