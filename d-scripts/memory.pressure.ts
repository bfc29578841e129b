/**
 * memory.pressure: how often each zone met its memory limits.
 *
 * Source: memory_cap:ID:NAME nover (times over the resident limit), anon_alloc_fail (allocations refused at the swap
 * limit), n_pf_throttle (page faults slowed down).
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "pressure",
  label: "memory limit events",
  unit: "events",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("event", "event")],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "delta",
  rows: [
    row({ event: "over" }, "nover"),
    row({ event: "refused" }, "anon_alloc_fail"),
    row({ event: "throttled" }, "n_pf_throttle"),
  ],
});
