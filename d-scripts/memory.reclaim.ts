/**
 * memory.reclaim: memory that was taken away from each zone because it was over its limit.
 *
 * Source: memory_cap:ID:NAME pagedout, in bytes (zonememstat prints it as POUT).
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "reclaim",
  label: "memory paged out",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "pagedout")],
});
