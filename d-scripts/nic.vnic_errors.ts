/**
 * nic.vnic_errors: errors through each zone's virtual interfaces.
 *
 * Source: link:0:zID_netN, class net, ierrors and oerrors (uts/common/io/mac/mac_stat.c). The name holds the zone's
 * number, which is reused: the zone is what the statistic zonename says.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "nic",
  stat: "vnic_errors",
  label: "network errors",
  unit: "errors",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("direction", "direction")],
  patterns: ["link:::"],
  select: { module: "link", class: "net", name: "z[0-9]+_.+", has: "zonename" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ direction: "in" }, "ierrors"), row({ direction: "out" }, "oerrors")],
});
