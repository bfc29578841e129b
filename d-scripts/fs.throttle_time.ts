/**
 * fs.throttle_time: time that operations were held back by the I/O throttle, by zone.
 *
 * Source: zone_vfs:ID:NAME delay_time, in ns.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "fs",
  stat: "throttle_time",
  label: "time throttled in file systems",
  unit: "time",
  type: "time",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["zone_vfs:::"],
  select: { module: "zone_vfs", class: "zone_vfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "delay_time")],
});
