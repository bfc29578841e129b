/**
 * postgres.queries: PostgreSQL queries, with the start of their text. Clauses: postgres.queries.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "postgres",
  stat: "queries",
  label: "PostgreSQL queries",
  unit: "queries",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["postgresql*"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("query", "start of the query"), d: "self->query", begin: "substr(copyinstr(arg0), 0, 24)" },
    latency("latency", "self->start"),
  ],
});
