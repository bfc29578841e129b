/**
 * zfs.spa_sync: how long ZFS takes to write out a transaction group. Clauses: zfs.spa_sync.d.
 */
import { dtraceEntry } from "./entry.ts";
import { latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "zfs",
  stat: "spa_sync",
  label: "ZFS transaction group syncs",
  unit: "syncs",
  type: "number",
  scope: "interval",
  audience: "operator",
  cost: "low",
  platforms: ["smartos"],
  providers: ["fbt"],
  fields: [latency("latency", "self->start", "operator")],
});
