/**
 * routes.ts: capacity over HTTP: the questions of months, as JSON, as files, and as a page to be printed.
 *
 * Tenants ask of their own zones; what is a host's (pools, disks, links, headroom, neighbours) is for operators.
 */
import { Type } from "typebox";
import type { CapacityBy, CapacityHeatmap, Resource } from "../../core/capacity.ts";
import { InputError } from "../../core/errors.ts";
import { fitInto } from "../../core/fit.ts";
import type { Reply, Request } from "../../server/http.ts";
import { ID, OPERATORS, principalOf, RANGE, VALUES, VIEW, whileConnected, type QueryContext } from "../context.ts";
import type { ExportFormat } from "../export.ts";
import { oneOf } from "../export-routes.ts";
import { readHeatmap } from "../heatmap.ts";
import { parseFractions } from "../quantiles.ts";
import { MAX_COLUMNS, parseRange } from "../resolution.ts";
import type { Range } from "../sql.ts";
import { tenantOf } from "../view.ts";
import { readConsumers, readHours } from "./consumers.ts";
import { readForecast, readMonths } from "./distributions.ts";
import { readGrowth } from "./growth.ts";
import { readHeadroom } from "./headroom.ts";
import type { Reads } from "./hourly.ts";
import { readNeighbours } from "./neighbours.ts";
import { capacityReader } from "./reader.ts";
import { readReport } from "./report.ts";
import { replyFile, replyReport } from "./report-reply.ts";
import { CPUS, DISKS, RESOURCES } from "./sources.ts";
import * as tables from "./tables.ts";

const DAY_SEC = 86_400;
const OPERATORS_VALUES = { ...OPERATORS, reads: true } as const;
const TENANT = { tenant: VIEW.tenant };
const FORMAT = Type.Optional(oneOf("json", "csv", "arrow", "parquet", "jsonl"));
const RESOURCE = Type.Optional(oneOf("cpu", "memory", "pool", "disk", "nic"));
const BY = Type.Optional(oneOf("zone", "tenant", "host", "device"));
const ITEMS = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 100, description: "at most so many keys; default 20" }),
);
const HORIZON = Type.Optional(Type.Integer({ minimum: 1, maximum: 730, description: "days; default 365" }));
const BASIS = Type.Optional(oneOf("used", "committed"));
const AMOUNT = Type.Optional(Type.Number({ minimum: 0 }));

const closed = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export function capacityRoutes(context: QueryContext): void {
  const { app, store, expectedFor, viewOf, nowSec } = context;

  /** Who asks, of whose zones, and what is read for them. */
  function asking(request: Request, reply: Reply, tenantAsked: string | undefined) {
    const principal = principalOf(request);
    const tenant = tenantOf(principal, tenantAsked);
    const signal = whileConnected(reply);
    const reader = capacityReader(context, principal, tenant, signal);
    return { ...reader, signal, tenant, isOperator: principal.role !== "tenant" };
  }

  function rangeOf({ from, to }: { from?: number; to?: number }, days: number): Range {
    return parseRange(from ?? -days * DAY_SEC, to, nowSec());
  }

  async function answer<T>(
    reply: Reply,
    value: T,
    format: "json" | ExportFormat,
    table: (value: T) => tables.CapacityTable,
    name: string,
    signal: AbortSignal,
  ): Promise<T | Reply> {
    return format === "json" ? value : replyFile(reply, store, table(value), format, name, signal);
  }

  app.route({
    method: "GET",
    url: "/v1/capacity/growth",
    config: VALUES,
    schema: {
      summary: "Who grows, and who reaches its limit when: with a band, and the error of such forecasts in the past",
      tags: ["capacity"],
      querystring: closed({
        ...RANGE,
        ...TENANT,
        resource: RESOURCE,
        by: BY,
        horizonDays: HORIZON,
        rank: Type.Optional(oneOf("growth", "size")),
        items: ITEMS,
        limit: Type.Optional(Type.Number({ description: "in place of the limits that were measured" })),
        format: FORMAT,
      }),
    },
    handler: async (request, reply) => {
      const {
        resource = "cpu",
        rank = "growth",
        items = 20,
        horizonDays = 365,
        format = "json",
        ...query
      } = request.query;
      const { reads, find, names: known, signal, isOperator } = asking(request, reply, query.tenant);
      const by = byOf(resource, query.by, isOperator);
      const range = rangeOf(query, 365);
      const asked = { resource, by, range, horizonDays, rank, items, limit: query.limit };
      const growth = await readGrowth(reads, find, known, asked);
      return answer(reply, growth, format, tables.growthTable, `growth-${resource}-${by}`, signal);
    },
  });

  const headroomQuery = { ...RANGE, basis: BASIS, format: FORMAT };
  app.route({
    method: "GET",
    url: "/v1/capacity/headroom",
    config: OPERATORS_VALUES,
    schema: {
      summary: "What is left on each host, beside what is used or what has been promised",
      tags: ["capacity"],
      querystring: closed(headroomQuery),
    },
    handler: async (request, reply) => {
      const { basis = "used", format = "json", ...query } = request.query;
      const { reads, find, signal } = asking(request, reply, undefined);
      const headroom = await readHeadroom(reads, find, { range: rangeOf(query, 30), basis });
      return answer(reply, headroom, format, tables.headroomTable, "headroom", signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/fit",
    config: OPERATORS_VALUES,
    schema: {
      summary: "On which hosts a zone of a given size fits, and how many of them",
      tags: ["capacity"],
      querystring: closed({ ...headroomQuery, cpu: AMOUNT, memory: AMOUNT, disk: AMOUNT }),
    },
    handler: async (request, reply) => {
      const { basis = "used", format = "json", cpu = 0, memory = 0, disk = 0, ...query } = request.query;
      if (cpu + memory + disk === 0) {
        const message = "expected cpu (percent of one CPU), memory or disk (bytes) above 0";
        throw new InputError("fit a zone", [{ field: "cpu", code: "REQUIRED", message }]);
      }
      const { reads, find, signal } = asking(request, reply, undefined);
      const headroom = await readHeadroom(reads, find, { range: rangeOf(query, 30), basis });
      return answer(reply, fitInto(headroom, { cpu, memory, disk }), format, tables.fitTable, "fit", signal);
    },
  });

  const consumersQuery = { ...RANGE, ...TENANT, resource: RESOURCE, by: BY, items: ITEMS, format: FORMAT };
  app.route({
    method: "GET",
    url: "/v1/capacity/consumers",
    config: VALUES,
    schema: { summary: "Who uses most", tags: ["capacity"], querystring: closed(consumersQuery) },
    handler: async (request, reply) => {
      const { resource = "cpu", items = 20, format = "json", ...query } = request.query;
      const { reads, find, names: known, signal, isOperator } = asking(request, reply, query.tenant);
      const by = byOf(resource, query.by, isOperator);
      const asked = { resource, by, range: rangeOf(query, 30), items };
      const consumers = await readConsumers(reads, find, known, asked);
      return answer(reply, consumers, format, tables.consumersTable, `consumers-${resource}`, signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/hours",
    config: VALUES,
    schema: {
      summary: "Working hours against nights and weekends",
      tags: ["capacity"],
      querystring: closed({
        ...consumersQuery,
        fromHour: Type.Optional(Type.Integer({ minimum: 0, maximum: 23, description: "work begins; default 8" })),
        toHour: Type.Optional(Type.Integer({ minimum: 1, maximum: 24, description: "and ends; default 18" })),
        offsetMinutes: Type.Optional(
          Type.Integer({ minimum: -840, maximum: 840, description: "of local time to UTC" }),
        ),
      }),
    },
    handler: async (request, reply) => {
      const { resource = "cpu", items = 20, format = "json", ...query } = request.query;
      const { fromHour = 8, toHour = 18, offsetMinutes = 0 } = query;
      const { reads, find, names: known, signal, isOperator } = asking(request, reply, query.tenant);
      const by = byOf(resource, query.by, isOperator);
      const asked = { resource, by, range: rangeOf(query, 90), items };
      const hours = await readHours(reads, find, known, asked, { fromHour, toHour, offsetMinutes });
      return answer(reply, hours, format, tables.hoursTable, `hours-${resource}`, signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/neighbours",
    config: OPERATORS_VALUES,
    schema: {
      summary: "Who waited for a CPU while who consumed it, by host",
      tags: ["capacity"],
      querystring: closed({ ...RANGE, format: FORMAT }),
    },
    handler: async (request, reply) => {
      const { format = "json", ...query } = request.query;
      const { reads, find, names: known, signal } = asking(request, reply, undefined);
      const neighbours = await readNeighbours(reads, find, known, rangeOf(query, 30));
      return answer(reply, neighbours, format, tables.neighboursTable, "neighbours", signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/heatmap",
    config: OPERATORS_VALUES,
    schema: {
      summary: "How busy all CPUs or disks were: the shape, and not the mean",
      tags: ["capacity"],
      querystring: closed({
        ...RANGE,
        resource: Type.Optional(oneOf("cpus", "disks")),
        columns: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_COLUMNS })),
      }),
    },
    handler: async (request, reply): Promise<CapacityHeatmap> => {
      const { resource = "cpus", columns = 730, ...query } = request.query;
      const { reads, find, signal } = asking(request, reply, undefined);
      const need = resource === "cpus" ? CPUS : DISKS;
      const view = find(need);
      if (view === null) return { resource, missing: [need.metric], heatmap: null };
      const asked = { range: rangeOf(query, 365), columns };
      return {
        resource,
        missing: [],
        heatmap: await readHeatmap(store, view, asked, reads.expected, reads.nowSec, signal),
      };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/report",
    config: VALUES,
    schema: {
      summary: "All of it, as JSON or as a page to be printed; as a file the growth of all resources, a row a key",
      tags: ["capacity"],
      querystring: closed({
        ...RANGE,
        ...TENANT,
        horizonDays: HORIZON,
        items: ITEMS,
        format: Type.Optional(oneOf("json", "html", "csv", "arrow", "parquet", "jsonl")),
      }),
    },
    handler: async (request, reply) => {
      const { horizonDays = 365, items = 10, format = "json", ...query } = request.query;
      const { reads, find, names: known, tenant, of, signal } = asking(request, reply, query.tenant);
      const range = rangeOf(query, 365);
      const report = await readReport(reads, find, known, { range, horizonDays, items, of, hosts: tenant === null });
      return replyReport(reply, store, report, format, signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/months",
    config: VALUES,
    schema: {
      summary: "Percentiles by calendar month (UTC)",
      tags: ["capacity"],
      params: ID,
      querystring: closed({
        ...RANGE,
        ...VIEW,
        q: Type.Optional(Type.String({ maxLength: 400, description: "0.5,0.99" })),
        format: FORMAT,
      }),
    },
    handler: async (request, reply) => {
      const { q = "0.5,0.9,0.99", format = "json", from, to, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const signal = whileConnected(reply);
      const reads: Reads = { store, expected: expectedFor(view.tenant), nowSec: nowSec(), signal, kept: new Map() };
      const range = rangeOf({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) }, 365);
      const months = await readMonths(reads, view, range, parseFractions(q));
      return answer(reply, months, format, tables.monthsTable, `months-${view.instrumentation.id}`, signal);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/forecast",
    config: VALUES,
    schema: {
      summary:
        "What it will be: each percentile of a distribution, or the sum of scalars, with its season and its back-test",
      tags: ["capacity"],
      params: ID,
      querystring: closed({
        ...RANGE,
        ...VIEW,
        q: Type.Optional(Type.String({ maxLength: 400, description: "0.5,0.99" })),
        horizonDays: HORIZON,
        limit: Type.Optional(Type.Number()),
      }),
    },
    handler: async (request, reply) => {
      const { q = "0.5,0.99", horizonDays = 90, limit = null, from, to, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      const reads: Reads = {
        ...{ store, expected: expectedFor(view.tenant), nowSec: nowSec() },
        ...{ signal: whileConnected(reply), kept: new Map() },
      };
      const range = rangeOf({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) }, 365);
      return readForecast(reads, view, range, parseFractions(q), horizonDays, limit);
    },
  });
}

/** @throws InputError naming what a tenant may not ask for */
function byOf(resource: Resource, asked: CapacityBy | undefined, isOperator: boolean): CapacityBy {
  const by = asked ?? RESOURCES[resource].bys[0] ?? "zone";
  if (isOperator || by === "zone" || by === "tenant") return by;
  const field = asked === undefined ? "resource" : "by";
  const message = "expected what is a zone's: cpu or memory, by zone or tenant";
  throw new InputError("read capacity", [{ field, code: "OPERATORS_ONLY", message }]);
}
