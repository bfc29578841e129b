/**
 * memory.swap: swap (virtual memory reserved, on disk or not) of each zone.
 *
 * Source: memory_cap:ID:NAME swap, in bytes.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "swap",
  label: "swap reserved",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "gauge",
  rows: [row({}, "swap")],
});
