/**
 * disk.physio_bytes: bytes read from and written to each disk.
 *
 * Source: I/O kstats of class disk, nread and nwritten. Disks are selected by class, whatever their driver.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "disk",
  stat: "physio_bytes",
  label: "disk bytes",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "operator",
  fields: [discrete("disk", "disk", "string", "operator"), discrete("optype", "operation", "string", "operator")],
  patterns: ["class:disk"],
  select: { class: "disk" },
  zone: null,
  derive: "delta",
  parts: { disk: "name" },
  rows: [row({ optype: "read" }, "nread"), row({ optype: "write" }, "nwritten")],
});
