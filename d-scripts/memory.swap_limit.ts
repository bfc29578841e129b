/**
 * memory.swap_limit: how much swap each zone may reserve.
 *
 * Source: memory_cap:ID:NAME swapcap, in bytes; 2^64-1 is no limit, and then there is no row.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "swap_limit",
  label: "swap limit",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "gauge",
  rows: [{ keys: {}, statistics: ["swapcap"], print: "integer", unlimited: true }],
});
