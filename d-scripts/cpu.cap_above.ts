/**
 * cpu.cap_above: time that each zone spent at or above its CPU cap.
 *
 * Source: caps:ID:cpucaps_zone_ID above_sec, whole seconds, so the windows of a second are 0 or 1 s.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "cap_above",
  label: "time above the CPU cap",
  unit: "time",
  type: "time",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["caps:::"],
  select: { module: "caps", class: "zone_caps", name: "cpucaps_zone_[0-9]+" },
  zone: "zonename",
  derive: "delta",
  rows: [{ keys: {}, statistics: ["above_sec"], print: "integer", scale: { multiply: 1_000_000_000, divide: 1 } }],
});
