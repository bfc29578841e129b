/**
 * disk.queue: operations under way at each disk, on average over the window: 100 % is one.
 *
 * Source: I/O kstats of class disk, rlentime: the number under way times the time, so its growth over the elapsed time
 * is the mean number. kstat prints it as seconds. Disks are selected by class, whatever their driver.
 */
import { kstatEntry } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "disk",
  stat: "queue",
  label: "disk operations under way",
  unit: "% of one operation",
  type: "percent",
  scope: "interval",
  audience: "operator",
  fields: [discrete("disk", "disk", "string", "operator")],
  patterns: ["class:disk"],
  select: { class: "disk" },
  zone: null,
  derive: "delta",
  parts: { disk: "name" },
  rows: [{ keys: {}, statistics: ["rlentime"], print: "seconds" }],
});
