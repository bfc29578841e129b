/**
 * export-routes.ts: values as files, streamed.
 */
import { Type } from "typebox";
import { metricName } from "../core/metric.ts";
import { COLUMNS, ID, principalOf, RANGE, READERS, VIEW, whileConnected, type QueryContext } from "./context.ts";
import { FORMATS, startExport } from "./export.ts";
import { ReadGate } from "./limits.ts";
import { parseFractions } from "./quantiles.ts";
import { parseRange } from "./resolution.ts";
import { EXPORT_PACE, keepPace } from "./slow-readers.ts";
import type { TokenRow } from "../store/tokens.ts";

/** An export holds one of the engine's eight lanes for as long as its reader reads: most are left to reads that people wait for. */
export const EXPORT_LIMITS = { perCaller: 2, total: 3, waiting: 4, waitMs: 5_000 };

/** The schema of a parameter that is one of a few words. */
export function oneOf<T extends string>(...names: readonly T[]) {
  return Type.Unsafe<T>(Type.Union(names.map((name) => Type.Literal(name))));
}

export function exportRoutes({ app, store, metrics, viewOf, expectedFor, nowSec }: QueryContext): void {
  const gate = new ReadGate(EXPORT_LIMITS);
  const running = metrics.gauge("query_exports_running", "Exports under way.");
  metrics.beforeText(() => running.set(gate.running));

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/export",
    config: READERS,
    schema: {
      summary: "Any value as CSV, Arrow, Parquet or JSON lines, streamed; an answer that breaks off is not whole",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          value: oneOf("windows", "heatmap", "series", "breakdown", "quantiles"),
          format: oneOf("csv", "arrow", "parquet", "jsonl"),
          ...RANGE,
          columns: COLUMNS,
          by: Type.Optional(Type.String({ maxLength: 64, description: "breakdown, series: a key" })),
          low: Type.Optional(Type.Number({ description: "breakdown: only buckets that lie in [low, high)" })),
          high: Type.Optional(Type.Number()),
          q: Type.Optional(Type.String({ maxLength: 400, description: "quantiles: 0.5,0.99" })),
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const {
        value,
        format,
        from,
        to,
        columns = 600,
        by,
        low,
        high,
        q = "0.5,0.9,0.99,0.999",
        ...rest
      } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      const asked = { value, format, range, columns, by, low, high, q: parseFractions(q) };
      const signal = whileConnected(reply);
      const leave = await gate.enter(callerOf(principalOf(request)), signal);
      if (reply.raw.destroyed) leave();
      else reply.raw.once("close", leave);
      keepPace(reply.raw, EXPORT_PACE, () => request.log.warn("an export was broken off: its reader took too little"));
      const stream = await startExport(store, view, asked, expectedFor(view.tenant), nowSec(), signal);
      const name = `${metricName(view.metric)}-${value}-${range.fromTs}-${range.toTs}.${format}`;
      return reply
        .header("cache-control", "no-store")
        .header("content-disposition", `attachment; filename="${name}"`)
        .type(FORMATS[format].contentType)
        .send(stream);
    },
  });
}

function callerOf(principal: TokenRow): string {
  return principal.role === "tenant" ? `tenant ${principal.tenant}` : principal.lineage;
}
