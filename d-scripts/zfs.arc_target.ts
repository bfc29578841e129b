/**
 * zfs.arc_target: memory that ZFS's cache aims to take; it falls when the host is short of memory.
 *
 * Source: zfs:0:arcstats c.
 */
import { kstatEntry, row } from "./entry.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "arc_target",
  label: "ARC target size",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "operator",
  fields: [],
  patterns: ["zfs:0:arcstats:"],
  select: { module: "zfs", name: "arcstats" },
  zone: null,
  derive: "gauge",
  rows: [row({}, "c")],
});
