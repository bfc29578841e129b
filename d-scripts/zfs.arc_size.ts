/**
 * zfs.arc_size: memory that ZFS's cache takes.
 *
 * Source: zfs:0:arcstats size. zfs.arc_target is what it wants to take.
 */
import { kstatEntry, row } from "./entry.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "arc_size",
  label: "ARC size",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "operator",
  fields: [],
  patterns: ["zfs:0:arcstats:"],
  select: { module: "zfs", name: "arcstats" },
  zone: null,
  derive: "gauge",
  rows: [row({}, "size")],
});
