/**
 * memory.page_ins: pages that each zone had to bring back into memory, by what they held.
 *
 * Source: memory_cap:ID:NAME anonpgin, execpgin, fspgin, whose sum is pgpgin.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "page_ins",
  label: "pages brought in",
  unit: "pages",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("pagetype", "kind of page")],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "delta",
  rows: [
    row({ pagetype: "anon" }, "anonpgin"),
    row({ pagetype: "exec" }, "execpgin"),
    row({ pagetype: "file" }, "fspgin"),
  ],
});
