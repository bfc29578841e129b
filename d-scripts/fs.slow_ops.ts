/**
 * fs.slow_ops: how long file system reads and writes take, in five buckets: the only latency that costs nothing.
 *
 * Source: zone_vfs:ID:NAME. 10ms_ops, 100ms_ops, 1s_ops and 10s_ops are cumulative thresholds over reads and writes
 * together: an operation of 2 s counts in the first three. As a scalar: the operations slower than 10 ms.
 */
import { kstatEntry, row } from "./entry.ts";
import { numeric, ZONENAME } from "./fields.ts";

const SCHEME = "edges(10000000,100000000,1000000000,10000000000)";

export const entry = kstatEntry({
  module: "fs",
  stat: "slow_ops",
  label: "slow file system operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, numeric("latency", "latency", "time", SCHEME)],
  patterns: ["zone_vfs:::"],
  select: { module: "zone_vfs", class: "zone_vfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({}, "10ms_ops")],
  distribution: {
    kind: "thresholds",
    field: "latency",
    scheme: SCHEME,
    statistics: ["10ms_ops", "100ms_ops", "1s_ops", "10s_ops"],
    totals: ["reads", "writes"],
  },
});
