/**
 * value-routes.ts: what was measured: heatmaps, percentiles, cells, breakdowns, series, windows.
 */
import { Type } from "typebox";
import type { Heatmap } from "../core/api.ts";
import { fieldOf, metricName } from "../core/metric.ts";
import { encodeHeatmap, encodeQuantiles, encodeWindows } from "../wire/answers.ts";
import type { Reply, Request } from "../server/http.ts";
import { readBreakdown } from "./breakdown.ts";
import { readCell } from "./cell.ts";
import { COLUMNS, ID, RANGE, VALUES, VIEW, whileConnected, type QueryContext } from "./context.ts";
import { exportRoutes, oneOf } from "./export-routes.ts";
import { readHeatmap } from "./heatmap.ts";
import { drawHeatmap, PNG_SIZE } from "./heatmap-png.ts";
import { shapeHeatmap, type Shape } from "./heatmap-shape.ts";
import { chooseHues, MAX_HUES } from "./hues.ts";
import { parseFractions, readQuantiles } from "./quantiles.ts";
import { parseRange } from "./resolution.ts";
import { readSeries } from "./series.ts";
import { keysOf, type View } from "./view.ts";
import { MAX_WINDOWS, readWindows } from "./windows.ts";

const ARROW = "application/vnd.apache.arrow.stream";
const PNG = "image/png";
const JSON_TYPE = "application/json; charset=utf-8";

const VALUE_RANGE = {
  low: Type.Optional(Type.Number({ description: "only buckets that lie in [low, high), in the metric's base unit" })),
  high: Type.Optional(Type.Number()),
};
const BY = Type.Optional(Type.String({ maxLength: 64, description: "a key of the instrumentation" }));
const words = <T extends string>(...names: T[]) => Type.Optional(oneOf(...names));
const FORMAT = words("json", "arrow");

const SHAPE = {
  rows: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2000, description: "at most so many rows, each of whole buckets" }),
  ),
  axis: words("log", "linear"),
  ...VALUE_RANGE,
  weights: words("count", "weight"),
  coloring: words("rank", "linear", "log"),
};
const HUES = {
  by: BY,
  keys: Type.Optional(
    Type.Array(Type.String({ maxLength: 256 }), {
      maxItems: MAX_HUES,
      description: "keys with a hue; all others are one",
    }),
  ),
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HUES, description: "without `keys`: so many largest" })),
};
const PICTURE = {
  format: words("json", "arrow", "png"),
  theme: words("light", "dark"),
  width: Type.Optional(Type.Integer({ minimum: PNG_SIZE.min, maximum: PNG_SIZE.max })),
  height: Type.Optional(Type.Integer({ minimum: PNG_SIZE.min, maximum: PNG_SIZE.max })),
};

export function valueRoutes(context: QueryContext): void {
  heatmapRoute(context);
  quantilesRoute(context);
  cellRoute(context);
  breakdownRoute(context);
  seriesRoute(context);
  windowsRoute(context);
  exportRoutes(context);
}

function heatmapRoute({ app, store, viewOf, expectedFor, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/heatmap",
    config: VALUES,
    schema: {
      summary:
        "Counts by column of time and bucket or row of values; JSON, Arrow or PNG by `format` or the Accept header",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        { ...RANGE, columns: COLUMNS, ...SHAPE, ...HUES, ...PICTURE, ...VIEW },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const { from, to, columns = 600, rows, axis, low, high, weights, coloring, ...others } = request.query;
      const { by, keys, top, format, theme = "light", width, height, ...rest } = others;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      const signal = whileConnected(reply);
      const hues = await chooseHues(store, view, range, { by, keys, top }, nowSec(), signal);
      const asked = { range, columns, hues };
      const heatmap = await readHeatmap(store, view, asked, expectedFor(view.tenant), nowSec(), signal);
      const shape: Shape = { rows, axis, low, high, weights, coloring };
      reply.header("cache-control", "no-store");
      const type = wanted(request, format);
      if (type !== "png") return answer(reply, type, shapeHeatmap(heatmap, shape), encodeHeatmap);
      const size = { width: width ?? PNG_SIZE.width, height: height ?? PNG_SIZE.height };
      // As many rows as there are pixels, so that no count is hidden behind another's.
      const pixelRows = Math.min(rows ?? 2000, size.height - 200);
      const picture = shapeHeatmap(heatmap, { ...shape, rows: pixelRows, coloring: coloring ?? "rank" });
      const about = {
        title: titleOf(view, picture),
        valueUnit: valueUnitOf(view),
        theme,
        axis: axis ?? "log",
        ...size,
      };
      return reply.type(PNG).send(Buffer.from(drawHeatmap(picture, about)));
    },
  });
}

function quantilesRoute({ app, store, viewOf, expectedFor, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/quantiles",
    config: VALUES,
    schema: {
      summary: "Percentiles and mean of the range and of each column, from all that was counted",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          q: Type.Optional(Type.String({ maxLength: 400, description: "fractions: 0.5,0.99" })),
          ...RANGE,
          columns: COLUMNS,
          format: FORMAT,
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const { q: fractions = "0.5,0.9,0.99,0.999", from, to, columns = 600, format, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const asked = { range: parseRange(from, to, nowSec()), columns, q: parseFractions(fractions) };
      const signal = whileConnected(reply);
      const quantiles = await readQuantiles(store, view, asked, expectedFor(view.tenant), nowSec(), signal);
      return answer(reply, wanted(request, format), quantiles, encodeQuantiles);
    },
  });
}

function cellRoute({ app, store, viewOf, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/cell",
    config: VALUES,
    schema: {
      summary:
        "What lies in a range of time and of values: the total, and by every key; a cell's ranges are in the heatmap",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          ...RANGE,
          ...VALUE_RANGE,
          value: Type.Optional(Type.Number({ description: "instead of low and high: the bucket that holds it" })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { from, to, low, high, value, limit = 50, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      return readCell(store, view, { range, low, high, value, limit }, nowSec(), whileConnected(reply));
    },
  });
}

function breakdownRoute({ app, store, viewOf, nowSec }: QueryContext): void {
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
          ...VALUE_RANGE,
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
}

function seriesRoute({ app, store, viewOf, expectedFor, nowSec }: QueryContext): void {
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
          by: BY,
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

function windowsRoute({ app, store, viewOf, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/windows",
    config: VALUES,
    schema: {
      summary: "Rows as they are stored, by time, in pages; all of them at once are an export",
      tags: ["values"],
      params: ID,
      querystring: Type.Object(
        {
          ...RANGE,
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_WINDOWS })),
          after: Type.Optional(Type.String({ maxLength: 32, description: "`next` of the page before" })),
          format: FORMAT,
          ...VIEW,
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const { from, to, limit = 1000, after, format, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const range = parseRange(from, to, nowSec());
      const page = await readWindows(store, view, { range, limit, after }, nowSec(), whileConnected(reply));
      return answer(reply, wanted(request, format), page, encodeWindows);
    },
  });
}

type Wanted = "json" | "arrow" | "png";

/** The form of an answer: `format` where it is given, else what the Accept header names. */
function wanted(request: Request, format: Wanted | undefined): Wanted {
  if (format !== undefined) return format;
  const { accept = "" } = request.headers;
  if (accept.includes(ARROW)) return "arrow";
  // A browser that opens the address names PNG among others, after HTML.
  return accept.startsWith(PNG) ? "png" : "json";
}

function answer<T extends object>(reply: Reply, type: Wanted, value: T, encode: (value: T) => Uint8Array): Reply {
  reply.header("cache-control", "no-store");
  if (type === "arrow") return reply.type(ARROW).send(Buffer.from(encode(value)));
  return reply.type(JSON_TYPE).send(JSON.stringify(value));
}

function titleOf(view: View, heatmap: Heatmap): string {
  const { instrumentation, metric, spec } = view;
  const by = heatmap.by === undefined ? "" : ` by ${heatmap.by}`;
  const among = keysOf(spec).length > 0 && view.where.op !== "true" ? " (filtered)" : "";
  const label = instrumentation.label === "" ? "" : ` - ${instrumentation.label}`;
  return `${metricName(metric)}: ${metric.label}, ${spec.numeric ?? ""}${by}${among}${label}`;
}

/** What the values are: the type of the numeric field, from which their unit follows. */
function valueUnitOf({ metric, spec }: View): string {
  return (spec.numeric === null ? undefined : fieldOf(metric, spec.numeric)?.type) ?? "number";
}
