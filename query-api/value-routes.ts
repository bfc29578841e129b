/**
 * value-routes.ts: what was measured: heatmaps, breakdowns, series.
 */
import { Type } from "typebox";
import { encodeHeatmap } from "../wire/answers.ts";
import { readBreakdown } from "./breakdown.ts";
import { COLUMNS, ID, RANGE, VALUES, VIEW, whileConnected, type QueryContext } from "./context.ts";
import { readHeatmap } from "./heatmap.ts";
import { parseRange } from "./resolution.ts";
import { readSeries } from "./series.ts";

const ARROW = "application/vnd.apache.arrow.stream";

export function valueRoutes({ app, store, viewOf, expectedFor, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/heatmap",
    config: VALUES,
    schema: {
      summary: "Counts by column of time and bucket of value; Arrow or JSON by the Accept header",
      tags: ["values"],
      params: ID,
      querystring: Type.Object({ ...RANGE, columns: COLUMNS, ...VIEW }, { additionalProperties: false }),
    },
    handler: async (request, reply) => {
      const { from, to, columns = 600, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      const signal = whileConnected(reply);
      const heatmap = await readHeatmap(store, view, { range, columns }, expectedFor(view.tenant), nowSec(), signal);
      reply.header("cache-control", "no-store");
      if (request.headers.accept?.includes(ARROW) === true) {
        return reply.type(ARROW).send(Buffer.from(encodeHeatmap(heatmap)));
      }
      return reply.type("application/json; charset=utf-8").send(JSON.stringify(heatmap));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/breakdown",
    config: VALUES,
    schema: {
      summary: "The total of a range, and of values in [low, high), by one key: parts + other = total",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          by: Type.String({ maxLength: 64 }),
          ...RANGE,
          low: Type.Optional(Type.Number()),
          high: Type.Optional(Type.Number()),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { by, from, to, low, high, limit = 50, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      return readBreakdown(store, view, { by, range, low, high, limit }, nowSec(), whileConnected(reply));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/series",
    config: VALUES,
    schema: {
      summary: "Rates over time by one key",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          by: Type.Optional(Type.String({ maxLength: 64 })),
          ...RANGE,
          columns: COLUMNS,
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { by, from, to, columns = 600, limit = 20, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      const expected = expectedFor(view.tenant);
      return readSeries(store, view, { by, range, columns, limit }, expected, nowSec(), whileConnected(reply));
    },
  });
}
