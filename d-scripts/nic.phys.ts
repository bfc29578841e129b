/**
 * nic.phys: bytes through the host's own links, whatever their driver.
 *
 * Source: link:0:NAME, class net, rbytes64 and obytes64: the links whose name is not that of a zone's (zID_netN).
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "nic",
  stat: "phys",
  label: "physical network bytes",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "operator",
  fields: [
    discrete("nic", "interface", "string", "operator"),
    discrete("direction", "direction", "string", "operator"),
  ],
  patterns: ["link:::"],
  select: { module: "link", class: "net", name: "(?!z[0-9]+_).+" },
  zone: null,
  derive: "delta",
  parts: { nic: "name" },
  rows: [row({ direction: "in" }, "rbytes64"), row({ direction: "out" }, "obytes64")],
});
