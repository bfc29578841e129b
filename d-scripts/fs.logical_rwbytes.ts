/**
 * fs.logical_rwbytes: bytes that applications read from and wrote to file systems, by zone.
 *
 * Source: zone_vfs:ID:NAME nread, nwritten: what the calls moved, whether or not a disk was touched.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "fs",
  stat: "logical_rwbytes",
  label: "logical file system bytes",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("optype", "operation")],
  patterns: ["zone_vfs:::"],
  select: { module: "zone_vfs", class: "zone_vfs" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ optype: "read" }, "nread"), row({ optype: "write" }, "nwritten")],
});
