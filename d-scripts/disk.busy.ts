/**
 * disk.busy: how much of the time each disk had something to do; as a distribution, how many disks are how busy.
 *
 * Source: I/O kstats of class disk, rtime: the time with at least one operation under way. kstat prints it as seconds.
 * Disks are selected by class, whatever their driver.
 */
import { kstatEntry } from "./entry.ts";
import { discrete, numeric } from "./fields.ts";

export const entry = kstatEntry({
  module: "disk",
  stat: "busy",
  label: "disk busy time",
  unit: "% of the time",
  type: "percent",
  scope: "interval",
  audience: "operator",
  fields: [
    discrete("disk", "disk", "string", "operator"),
    numeric("busytime", "busy time", "percent", "lquantize(0,100,1)", "operator"),
  ],
  patterns: ["class:disk"],
  select: { class: "disk" },
  zone: null,
  derive: "delta",
  parts: { disk: "name" },
  rows: [{ keys: {}, statistics: ["rtime"], print: "seconds" }],
  distribution: { kind: "share", field: "busytime", statistics: ["rtime"], print: "seconds" },
});
