/**
 * cpu.cap_usage: how much CPU each capped zone uses, as the code that caps it sees it (decaying over seconds).
 *
 * Source: caps:ID:cpucaps_zone_ID usage, in percent of one CPU. cpu.usage is the exact time.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "cap_usage",
  label: "CPU usage against the cap",
  unit: "% of one CPU",
  type: "percent",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["caps:::"],
  select: { module: "caps", class: "zone_caps", name: "cpucaps_zone_[0-9]+" },
  zone: "zonename",
  derive: "gauge",
  rows: [row({}, "usage")],
});
