/**
 * nic.vnic: bytes through each zone's virtual interfaces.
 *
 * Source: link:0:zID_netN, class net, rbytes64 and obytes64 (uts/common/io/mac/mac_stat.c). The name holds the zone's
 * number, which is reused: the zone is what the statistic zonename says.
 */
import { kstatEntry, row } from "./entry.ts";
import { discrete, ZONENAME } from "./fields.ts";

export const entry = kstatEntry({
  module: "nic",
  stat: "vnic",
  label: "network bytes",
  unit: "bytes",
  type: "size",
  scope: "interval",
  audience: "tenant",
  fields: [ZONENAME, discrete("direction", "direction")],
  patterns: ["link:::"],
  select: { module: "link", class: "net", name: "z[0-9]+_.+", has: "zonename" },
  zone: "zonename",
  derive: "delta",
  rows: [row({ direction: "in" }, "rbytes64"), row({ direction: "out" }, "obytes64")],
});
