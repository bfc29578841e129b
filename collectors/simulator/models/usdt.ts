/**
 * usdt.ts: what applications themselves say, through probes in their own code: HTTP requests, collections, queries.
 */
import { HTTP, GC_MARK_SWEEP, GC_SCAVENGE, QUERY_READ, QUERY_WRITE } from "../profiles.ts";
import { mix } from "../random.ts";
import type { SimZone } from "../zone.ts";
import { IDENTITY, PROCESS_FIELDS, processFields, type Model, type SeriesInit } from "./model.ts";

export const nodeHttp: Model = {
  metric: "node.http",
  zoned: true,
  fields: { ...PROCESS_FIELDS, method: "string", url: "string", raddr: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: ofProcess("node", (zone) => {
    const raddr = `198.51.100.${1 + (mix(zone.seed, 77) % 250)}`;
    return [
      { fields: { method: "GET", url: "/api/items", raddr }, rate: 62, profile: HTTP },
      { fields: { method: "GET", url: "/", raddr }, rate: 31, profile: HTTP },
      { fields: { method: "POST", url: "/api/orders", raddr }, rate: 9, profile: HTTP },
    ];
  }),
};

export const nodeGc: Model = {
  metric: "node.gc",
  zoned: true,
  fields: { ...PROCESS_FIELDS, gctype: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: ofProcess("node", () => [
    { fields: { gctype: "scavenge" }, rate: 5, profile: GC_SCAVENGE },
    { fields: { gctype: "mark-sweep" }, rate: 0.15, profile: GC_MARK_SWEEP },
  ]),
};

export const postgresQueries: Model = {
  metric: "postgres.queries",
  zoned: true,
  fields: { ...PROCESS_FIELDS, query: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: ofProcess("postgres", () => [
    { fields: { query: "SELECT * FROM items WHER" }, rate: 140, profile: QUERY_READ },
    { fields: { query: "SELECT count(*) FROM ord" }, rate: 12, profile: QUERY_READ },
    { fields: { query: "INSERT INTO orders VALUE" }, rate: 28, profile: QUERY_WRITE },
  ]),
};

function ofProcess(execname: string, series: (zone: SimZone) => SeriesInit[]): Model["seriesOf"] {
  return (zone) =>
    zone.processes
      .filter((process) => process.service.execname === execname)
      .flatMap((process) =>
        series(zone).map((each) => ({ ...each, fields: { ...processFields(process), ...each.fields } })),
      );
}
