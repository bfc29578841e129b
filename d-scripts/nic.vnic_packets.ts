/**
 * nic.vnic_packets: packets through each zone's virtual interfaces.
 *
 * Source: link:0:zID_netN, class net, ipackets64 and opackets64 (uts/common/io/mac/mac_stat.c). The name holds the
 * zone's number, which is reused: the zone is what the statistic zonename says.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "nic",
  stat: "vnic_packets",
  label: "network packets",
  unit: "packets",
  type: "number",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("direction", "direction")],
  patterns: ["link:::"],
  select: { module: "link", class: "net", name: "z[0-9]+_.+", has: "zonename" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ direction: "in" }, "ipackets64"), row({ direction: "out" }, "opackets64")],
});
