/**
 * tcp.errors: what went wrong in TCP, by kind.
 *
 * Source: tcp:STACK:tcp, class mib2 (uts/common/inet/tcp/tcp_stats.c), summed over the network stacks of all zones.
 * These counters have 32 bits and wrap.
 */
import { kstatEntry } from "./entry.ts";
import { discrete } from "./fields.ts";

export const entry = kstatEntry({
  module: "tcp",
  stat: "errors",
  label: "TCP errors",
  unit: "errors",
  type: "number",
  scope: "interval",
  audience: "operator",
  fields: [discrete("errtype", "error", "string", "operator")],
  patterns: ["tcp:::"],
  select: { module: "tcp", class: "mib2", name: "tcp" },
  zone: null,
  derive: "delta",
  rows: [
    { keys: { errtype: "retransmit" }, statistics: ["retransSegs"], print: "integer", bits: 32 },
    { keys: { errtype: "listen-drop" }, statistics: ["listenDrop"], print: "integer", bits: 32 },
    { keys: { errtype: "listen-drop-q0" }, statistics: ["listenDropQ0"], print: "integer", bits: 32 },
    { keys: { errtype: "attempt-fail" }, statistics: ["attemptFails"], print: "integer", bits: 32 },
    { keys: { errtype: "reset" }, statistics: ["estabResets"], print: "integer", bits: 32 },
    { keys: { errtype: "timeout-drop" }, statistics: ["timRetransDrop"], print: "integer", bits: 32 },
  ],
});
