/**
 * cpu.waittime: time that each zone's threads were ready to run but waited for a CPU.
 *
 * Source: zones:ID:NAME nsec_waitrq, the sum over the zone's threads, in ns; so it may pass 100 % (many threads
 * waiting).
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "waittime",
  label: "time waiting for a CPU",
  unit: "% of one thread's time",
  type: "percent",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["zones:::"],
  select: { module: "zones", class: "zone_misc" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "nsec_waitrq")],
});
