/**
 * zfs.zone_wait: time that each zone's operations waited in ZFS's queues before they were issued.
 *
 * Source: zone_zfs:ID:NAME waittime, in ns, summed over operations.
 */
import { kstatEntry, row } from "./entry.ts";
import { ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "zone_wait",
  label: "time waiting in ZFS queues",
  unit: "time",
  type: "time",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME],
  patterns: ["zone_zfs:::"],
  select: { module: "zone_zfs", class: "zone_zfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "waittime")],
});
