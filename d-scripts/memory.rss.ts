/**
 * memory.rss: resident memory of each zone.
 *
 * Source: memory_cap:ID:NAME rss, in bytes. The limit is a metric of its own: a sum of the two would mean nothing.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "rss",
  label: "resident memory",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "gauge",
  rows: [row({}, "rss")],
});
