/**
 * memory.rss_limit: how much memory each zone may keep resident.
 *
 * Source: memory_cap:ID:NAME physcap, in bytes; 2^64-1 is no limit, and then there is no row.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "rss_limit",
  label: "resident memory limit",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "gauge",
  rows: [{ keys: {}, statistics: ["physcap"], print: "integer", unlimited: true }],
});
