/**
 * zfs.pool_health: how many ZFS pools are in each state: one row a state, of which one is 1 for each pool.
 *
 * Source: the health column of `zpool list` (zpool(8), lib/libzfs/common/libzfs_pool.c, zpool_state_to_name and
 * zpool_get_state_str), which the wrapper's `pools` prints as a 0 or 1 for each state. zfs.pool is the pools' space.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "zfs",
  stat: "pool_health",
  label: "ZFS pools by health",
  unit: "pools",
  type: "number",
  scope: "point",
  audience: "operator",
  fields: [discrete("zpool", "pool", "string", "operator"), discrete("health", "health", "string", "operator")],
  from: "pools",
  patterns: ["zpool:::"],
  select: { class: "zpool" },
  zone: null,
  derive: "gauge",
  parts: { zpool: "name" },
  rows: ["online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"].map((health) =>
    row({ health }, health),
  ),
});
