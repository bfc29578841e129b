/**
 * zfs.zone_bytes: bytes that each zone's work made ZFS read and write.
 *
 * Source: zone_zfs:ID:NAME nread, nwritten.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "zone_bytes",
  label: "ZFS bytes",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("optype", "operation")],
  patterns: ["zone_zfs:::"],
  select: { module: "zone_zfs", class: "zone_zfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ optype: "read" }, "nread"), row({ optype: "write" }, "nwritten")],
});
