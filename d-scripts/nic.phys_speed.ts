/**
 * nic.phys_speed: how many bytes a second each of the host's own links can carry in one direction.
 *
 * Source: link:0:NAME, class net, ifspeed, in bits a second (uts/common/io/mac/mac_stat.c): the links whose name is not that of a zone's.
 */
import { kstatEntry } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "nic",
  stat: "phys_speed",
  label: "physical network speed",
  unit: "bytes/s",
  type: "size",
  scope: "point",
  audience: "operator",
  fields: [discrete("nic", "interface", "string", "operator")],
  patterns: ["link:::"],
  select: { module: "link", class: "net", name: "(?!z[0-9]+_).+" },
  zone: null,
  derive: "gauge",
  parts: { nic: "name" },
  rows: [{ keys: {}, statistics: ["ifspeed"], print: "integer", scale: { multiply: 1, divide: 8 } }],
});
