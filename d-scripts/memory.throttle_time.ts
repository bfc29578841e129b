/**
 * memory.throttle_time: time that each zone's page faults were slowed down for its being over its limit.
 *
 * Source: memory_cap:ID:NAME n_pf_throttle_usec, in microseconds.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "memory",
  stat: "throttle_time",
  label: "time throttled in page faults",
  unit: "time",
  type: "time",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["memory_cap:::"],
  select: { module: "memory_cap", class: "zone_memory_cap" },
  zone: "zonename",
  derive: "delta",
  rows: [{ keys: {}, statistics: ["n_pf_throttle_usec"], print: "integer", scale: { multiply: 1000, divide: 1 } }],
});
