/**
 * cpu.usage: CPU time that each zone used, user and system apart.
 *
 * Source: zones:ID:NAME, class zone_misc (uts/common/os/zone.c, zone_misc_kstat_update): nsec_user and nsec_sys are
 * the zone's microstates in ns. The value of a window is ns; ns over the window's length is the share of one CPU,
 * hence "percent", and 250 % is two and a half CPUs.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "cpu",
  stat: "usage",
  label: "CPU usage",
  unit: "% of one CPU",
  type: "percent",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("cpumode", "CPU mode")],
  patterns: ["zones:::"],
  select: { module: "zones", class: "zone_misc" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ cpumode: "user" }, "nsec_user"), row({ cpumode: "system" }, "nsec_sys")],
});
