/**
 * cpu.cap_threads: threads that a CPU cap keeps from running just now.
 *
 * Source: caps:ID:cpucaps_zone_ID nwait. cpu.cap_wait asks DTrace how long each waits.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "cap_threads",
  label: "threads held by a CPU cap",
  unit: "threads",
  type: "number",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["caps:::"],
  select: { module: "caps", class: "zone_caps", name: "cpucaps_zone_[0-9]+" },
  zone: "zonename",
  derive: "gauge",
  rows: [row({}, "nwait")],
});
