/**
 * cpu.cap: how much CPU each zone may use.
 *
 * Source: caps:ID:cpucaps_zone_ID value, in percent of one CPU (uts/common/disp/cpucaps.c). A zone without a cap has
 * no such kstat, or one of 2^64-1: either way it has no row.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "cap",
  label: "CPU cap",
  unit: "% of one CPU",
  type: "percent",
  scope: "point",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["caps:::"],
  select: { module: "caps", class: "zone_caps", name: "cpucaps_zone_[0-9]+" },
  zone: "zonename",
  derive: "gauge",
  rows: [{ keys: {}, statistics: ["value"], print: "integer", unlimited: true }],
});
