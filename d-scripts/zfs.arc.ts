/**
 * zfs.arc: hits and misses of ZFS's cache.
 *
 * Source: zfs:0:arcstats hits, misses.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "arc",
  label: "ARC accesses",
  unit: "accesses",
  type: "number",
  scope: "interval",
  audience: "operator",
  fields: [discrete("optype", "outcome", "string", "operator")],
  patterns: ["zfs:0:arcstats:"],
  select: { module: "zfs", name: "arcstats" },
  zone: null,
  derive: "delta",
  rows: [row({ optype: "hit" }, "hits"), row({ optype: "miss" }, "misses")],
});
