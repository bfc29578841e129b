/**
 * node.gc: pauses of Node.js for garbage collection. Clauses: node.gc.d.
 */
import { dtraceEntry } from "./entry.ts";
import { CURRENT_PROCESS, CURRENT_ZONE, discrete, latency } from "./fields.ts";

export const entry = dtraceEntry({
  module: "node",
  stat: "gc",
  label: "Node.js garbage collections",
  unit: "collections",
  type: "number",
  scope: "interval",
  audience: "tenant",
  cost: "low",
  platforms: ["smartos"],
  providers: ["node*"],
  fields: [
    CURRENT_ZONE,
    ...CURRENT_PROCESS,
    { field: discrete("gctype", "kind of collection"), d: 'arg0 == 1 ? "scavenge" : "mark-sweep"' },
    latency("pause", "self->start"),
  ],
});
