/**
 * zfs.pool: bytes of each ZFS pool, allocated and free; together they are its size.
 *
 * Source: `zpool list -Hp -o name,size,allocated,free,health`, which the wrapper's `pools` prints in the form of kstats. It is
 * looked at while somebody asks, so a window tells the pool's state at its end. zfs.pool_health says how it is.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "pool",
  label: "ZFS pool space",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "operator",
  fields: [discrete("zpool", "pool", "string", "operator"), discrete("space", "space", "string", "operator")],
  from: "pools",
  patterns: ["zpool:::"],
  select: { class: "zpool" },
  zone: null,
  derive: "gauge",
  parts: { zpool: "name" },
  rows: [row({ space: "allocated" }, "allocated"), row({ space: "free" }, "free")],
});
