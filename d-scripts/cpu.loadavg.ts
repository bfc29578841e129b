/**
 * cpu.loadavg: the load average of each zone over a minute.
 *
 * Source: zones:ID:NAME avenrun_1min, a fixed-point number with 8 fraction bits (FSCALE, uts/common/sys/param.h), so
 * the load is it / 256. A window holds whole numbers: percent of one thread, 250 being a load of 2.5.
 */
import { kstatEntry } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "loadavg",
  label: "load average",
  unit: "% of one thread",
  type: "percent",
  scope: "point",
  audience: "operator",
  fields: [ZONENAME],
  patterns: ["zones:::"],
  select: { module: "zones", class: "zone_misc" },
  zone: "zonename",
  derive: "gauge",
  rows: [{ keys: {}, statistics: ["avenrun_1min"], print: "integer", scale: { multiply: 100, divide: 256 } }],
});
