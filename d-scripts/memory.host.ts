/**
 * memory.host: the host's memory, all of it and what is free: what a zone of a given size is fitted into.
 *
 * Source: unix:0:system_pages (class pages) physmem and freemem (uts/common/os/kstat_fr.c, system_pages_kstat_update), in pages of 4096
 * bytes, which is what x86 has and SmartOS runs on.
 */
import { kstatEntry } from "./entry.ts";
import { discrete } from "./fields.ts";

const PAGES = { multiply: 4096, divide: 1 };

export const entry = kstatEntry({
  module: "memory",
  stat: "host",
  label: "memory of the host",
  unit: "bytes",
  type: "size",
  scope: "point",
  audience: "operator",
  fields: [discrete("space", "space", "string", "operator")],
  patterns: ["class:pages"],
  select: { module: "unix", name: "system_pages" },
  zone: null,
  derive: "gauge",
  rows: [
    { keys: { space: "total" }, statistics: ["physmem"], print: "integer", scale: PAGES },
    { keys: { space: "free" }, statistics: ["freemem"], print: "integer", scale: PAGES },
  ],
});
