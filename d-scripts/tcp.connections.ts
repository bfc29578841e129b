/**
 * tcp.connections: TCP connections that came to be, by whom and with whom. Clauses: tcp.connections.d.
 */
import { dtraceEntry } from "./entry.ts";
import { discrete, SUBSECOND, ZONENAME } from "./fields.ts";

/** args[3] is a tcpsinfo_t; its tcps_addr is the tcp_t. conn_t has the credentials and the process that opened it. */
const CONNECTION = "((tcp_t *)args[3]->tcps_addr)->tcp_connp";

export const entry = dtraceEntry({
  module: "tcp",
  stat: "connections",
  label: "TCP connections",
  unit: "connections",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["tcp"],
  fields: [
    { field: ZONENAME, d: `stringof(${CONNECTION}->conn_cred->cr_zone->zone_name)` },
    { field: discrete("pid", "process id", "number"), d: `${CONNECTION}->conn_cpid` },
    { field: discrete("raddr", "remote address"), d: "args[3]->tcps_raddr" },
    { field: discrete("rport", "remote port", "number"), d: "args[3]->tcps_rport" },
    { field: discrete("lport", "local port", "number"), d: "args[3]->tcps_lport" },
    { field: discrete("direction", "direction"), d: 'probename == "accept-established" ? "in" : "out"' },
    SUBSECOND,
  ],
});
