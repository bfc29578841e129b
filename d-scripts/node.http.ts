/**
 * node.http: requests that Node.js servers answered. Clauses: node.http.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "node",
  stat: "http",
  label: "Node.js HTTP requests",
  unit: "requests",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["node*"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("method", "HTTP method"), d: "http_method[pid, arg3]", begin: "copyinstr(arg4)" },
    { field: discrete("url", "URL"), d: "http_url[pid, arg3]", begin: "copyinstr(arg5)" },
    { field: discrete("raddr", "remote address"), d: "copyinstr(arg1)", begin: "copyinstr(arg2)" },
    latency("latency", "http_start[pid, arg3]"),
  ],
});
