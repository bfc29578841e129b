/**
 * mysql.queries: MySQL queries, with the start of their text. Clauses: mysql.queries.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "mysql",
  stat: "queries",
  label: "MySQL queries",
  unit: "queries",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["mysql*"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("query", "start of the query"), d: "self->query", begin: "substr(copyinstr(arg0), 0, 24)" },
    { field: discrete("database", "database"), d: "self->database", begin: "copyinstr(arg2)" },
    latency("latency", "self->start"),
  ],
});
