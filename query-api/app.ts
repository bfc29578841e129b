/**
 * app.ts: the query API's routes: what they take, who may call them, which part answers.
 */
import swagger from "@fastify/swagger";
import { Type, type Static } from "typebox";
import type { InstrumentationDetail, MetricInfo, TenantInfo } from "../core/api.ts";
import { OperationalError } from "../core/errors.ts";
import { metricName } from "../core/metric.ts";
import type { LiveFeed } from "../core/window.ts";
import { streamEvents } from "../server/events.ts";
import { createApp, type App, type Reply, type Request } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import type { StoreClient } from "../store/client.ts";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { Ownership } from "../store/ownership.ts";
import type { TenantRow } from "../store/tenants.ts";
import type { TokenRow, Tokens } from "../store/tokens.ts";
import { encodeHeatmap } from "../wire/answers.ts";
import { readBreakdown } from "./breakdown.ts";
import { Expectations, type ExpectedHosts } from "./expected.ts";
import { notADistribution, readHeatmap } from "./heatmap.ts";
import { hostInfos, instrumentationHosts, instrumentationStates } from "./hosts.ts";
import { Instrumentations, instrumentationInfo, metricsFor, specOf } from "./instrumentations.ts";
import { Live } from "./live.ts";
import { Recent } from "./recent.ts";
import { MAX_COLUMNS, parseRange } from "./resolution.ts";
import { readSeries } from "./series.ts";
import { sessionRoutes } from "./session-routes.ts";
import { serveWeb } from "./static.ts";
import { parseWhere, tenantOf, type View } from "./view.ts";

export interface QueryOptions {
  readonly log: Log;
  readonly store: StoreClient;
  readonly tokens: Tokens;
  readonly tenants: ControlTable<TenantRow>;
  readonly ownership: Ownership;
  readonly hosts: ControlTable<HostRow>;
  readonly instrumentations: ControlTable<InstrumentationRow>;
  readonly feed: LiveFeed;
  readonly metrics: Metrics;
  readonly version: string;
  readonly simulated: boolean;
  readonly signInCode: string | null;
  /** The built page; null: API only. */
  readonly webDir: string | null;
  /** The D program of an instrumentation, for people to read; null for a kstat metric. */
  readonly programOf: (row: InstrumentationRow) => string | null;
  /** Throws while something that answers depend on is not there. */
  readonly ready: () => Promise<void>;
}

const READERS = { access: ["operator", "tenant"] } as const;
const ANYBODY = { access: "public" } as const;
const MAX_VIEWERS = 1000;

const ID = Type.Object({ id: Type.String({ pattern: "^[0-9a-f]{16}$" }) });
const VIEW = {
  tenant: Type.Optional(Type.String({ maxLength: 64, description: "operators: only this tenant's rows" })),
  where: Type.Optional(Type.String({ maxLength: 4096, description: "predicate over the keys, JSON" })),
};
const RANGE = {
  from: Type.Optional(Type.Number({ description: "epoch seconds; negative: seconds before `to`" })),
  to: Type.Optional(Type.Number({ description: "epoch seconds; default now" })),
};
const COLUMNS = Type.Optional(
  Type.Integer({ minimum: 1, maximum: MAX_COLUMNS, description: "at most so many columns" }),
);
const NEW_INSTRUMENTATION = Type.Object(
  {
    metric: Type.String({ maxLength: 100 }),
    predicate: Type.Optional(Type.Unknown()),
    decomposition: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 })),
    scheme: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
    granularitySec: Type.Optional(Type.Integer()),
    retentionSec: Type.Optional(Type.Integer({ minimum: 60, maximum: 63_244_800 })),
    idleMaxSec: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_622_400 })),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);

/** The query API, and what runs beside its routes. */
export interface QueryApi {
  readonly app: App;
  readonly instrumentations: Instrumentations;
}

export async function createQueryApi(options: QueryOptions): Promise<QueryApi> {
  const { log, store, tokens, ownership, metrics } = options;
  const app = createApp({ log, tokens, bodyLimitBytes: 65_536 });
  const instrumentations = new Instrumentations(options.instrumentations);
  const nowSec = (): number => Date.now() / 1000;
  const expectations = new Expectations(ownership, options.hosts);
  const expectedFor = (tenant: string | null): ExpectedHosts => expectations.of(tenant);

  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Isotherm query API", version: options.version },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
      security: [{ bearer: [] }],
    },
  });

  const viewOf = (request: Request, id: string, query: { tenant?: string; where?: string }): View => {
    const principal = request.principal as TokenRow;
    const instrumentation = instrumentations.find(id, principal);
    const { metric, spec } = specOf(instrumentation);
    const where = parseWhere(query.where, metric, spec);
    return { instrumentation, metric, spec, tenant: tenantOf(principal, query.tenant), where };
  };

  const tenantInfo = (id: string): TenantInfo => ({
    id,
    name: options.tenants.get(id)?.name ?? id,
    zones: ownership
      .current()
      .filter((row) => row.owner === id)
      .map((row) => ({ name: row.zone, alias: row.alias }))
      .sort((a, b) => (a.alias < b.alias ? -1 : 1)),
  });

  sessionRoutes(app, { ...options, tenantInfo, secure: false });

  app.route({
    method: "GET",
    url: "/v1/metrics",
    config: READERS,
    schema: { summary: "The metrics that the caller may use, with their fields", tags: ["metadata"] },
    handler: (request) => {
      const list = metricsFor(request.principal as TokenRow);
      return { metrics: list.map((metric): MetricInfo => ({ ...metric, name: metricName(metric) })) };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/tenants",
    config: READERS,
    schema: { summary: "Tenants with their zones; a tenant sees itself", tags: ["metadata"] },
    handler: (request) => {
      const principal = request.principal as TokenRow;
      const own = tenantOf(principal, undefined);
      const ids = own === null ? options.tenants.all().map((row) => row.id) : [own];
      return { tenants: ids.map(tenantInfo).sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/hosts",
    config: { access: ["operator"] },
    schema: { summary: "Hosts: how they are, what they can measure, what runs on them", tags: ["operations"] },
    handler: () => ({ hosts: hostInfos(options.hosts.all(), ownership.current(), Date.now()) }),
  });

  const fares = (spec: string, principal: TokenRow): Pick<InstrumentationDetail, "states" | "hosts"> => {
    const tenant = tenantOf(principal, undefined);
    const rows = options.hosts.all();
    if (tenant === null) {
      const hosts = instrumentationHosts(spec, rows, Date.now());
      return { states: instrumentationStates(hosts), hosts };
    }
    const own = new Set(ownership.current().flatMap(({ host, owner }) => (owner === tenant ? [host] : [])));
    const hosts = rows.filter((row) => own.has(row.name));
    return { states: instrumentationStates(instrumentationHosts(spec, hosts, Date.now())) };
  };

  app.route({
    method: "GET",
    url: "/v1/instrumentations",
    config: READERS,
    schema: { summary: "Instrumentations that the caller may see", tags: ["instrumentations"] },
    handler: (request) => ({
      instrumentations: instrumentations.visibleTo(request.principal as TokenRow).map(instrumentationInfo),
    }),
  });

  app.route({
    method: "POST",
    url: "/v1/instrumentations",
    config: READERS,
    schema: { summary: "Ask for something to be measured", tags: ["instrumentations"], body: NEW_INSTRUMENTATION },
    handler: async (request, reply) => {
      const row = await instrumentations.create(defined(request.body), request.principal as TokenRow);
      return reply.code(201).send(instrumentationInfo(row));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id",
    config: READERS,
    schema: { summary: "One instrumentation, with the D program that it runs", tags: ["instrumentations"], params: ID },
    handler: (request) => {
      const principal = request.principal as TokenRow;
      const row = instrumentations.find(request.params.id, principal);
      return { ...instrumentationInfo(row), program: options.programOf(row), ...fares(row.spec, principal) };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/instrumentations/:id",
    config: READERS,
    schema: {
      summary: "Stop measuring; what was measured stays for its retention",
      tags: ["instrumentations"],
      params: ID,
    },
    handler: async (request, reply) => {
      await instrumentations.remove(request.params.id, request.principal as TokenRow);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/heatmap",
    config: READERS,
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
    config: READERS,
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
      return readBreakdown(store, view, { by, range, low, high, limit }, whileConnected(reply));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/series",
    config: READERS,
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

  const live = new Live({
    recent: new Recent(options.feed),
    expectedFor,
    readHistory: async (view, fromTs, toTs, signal) => {
      const range = { fromTs, toTs };
      const columns = Math.max(1, Math.ceil((toTs - fromTs) / view.spec.granularitySec));
      return (await readHeatmap(store, view, { range, columns }, expectedFor(view.tenant), nowSec(), signal)).columns;
    },
    onError: (error) => log.error({ err: error }, "a live view failed to catch up"),
  });
  const viewers = metrics.gauge("query_live_viewers", "Viewers of live columns.");

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/live",
    config: READERS,
    schema: {
      summary: "Columns as they come, as server-sent events; a column that comes again replaces the earlier one",
      tags: ["values"],
      params: ID,
      querystring: Type.Object({ since: Type.Optional(Type.Integer()), ...VIEW }, { additionalProperties: false }),
    },
    handler: (request, reply) => {
      const { since, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      if (view.spec.scheme === null) throw notADistribution(view);
      if (live.viewers >= MAX_VIEWERS) throw new OperationalError("TOO_MANY_VIEWERS", "watch live: too many viewers");
      const lastId = Number(request.headers["last-event-id"] ?? since ?? nowSec());
      const principal = request.principal as TokenRow;
      const { id } = view.instrumentation;
      const mayStay = (): boolean => tokens.isValid(principal.id) && instrumentations.isThere(id, principal);
      streamEvents(request, reply, mayStay, (stream) => {
        const stop = live.subscribe(view, Math.floor(lastId), stream);
        const stopWatch = instrumentations.watch(id);
        viewers.set(live.viewers);
        return () => {
          stopWatch();
          stop();
          viewers.set(live.viewers);
        };
      });
    },
  });

  app.route({
    method: "GET",
    url: "/v1/assignments",
    config: { access: ["collector"] },
    schema: {
      summary: "What collectors are to run, again whenever it changes (server-sent events)",
      tags: ["collectors"],
    },
    handler: (request, reply) => {
      const { id } = request.principal as TokenRow;
      const mayStay = (): boolean => tokens.isValid(id);
      streamEvents(request, reply, mayStay, (stream) => {
        const send = (): void => {
          stream.write(`event: assignments\ndata: ${JSON.stringify(instrumentations.assignments())}\n\n`);
        };
        send();
        return instrumentations.onChange(send);
      });
    },
  });

  operations(app, options);
  if (options.webDir !== null) await serveWeb(app, options.webDir);
  return { app, instrumentations };
}

const ARROW = "application/vnd.apache.arrow.stream";

/** What operates the service rather than uses it. */
function operations(app: App, { ready, metrics }: QueryOptions): void {
  app.route({
    method: "GET",
    url: "/openapi.json",
    config: ANYBODY,
    schema: { hide: true },
    handler: () => app.swagger(),
  });
  app.route({
    method: "GET",
    url: "/healthz",
    config: ANYBODY,
    schema: { summary: "The process answers", tags: ["operations"] },
    handler: () => ({ ok: true }),
  });
  app.route({
    method: "GET",
    url: "/readyz",
    config: ANYBODY,
    schema: { summary: "What answers depend on is there", tags: ["operations"] },
    handler: async () => {
      await ready().catch((cause: unknown) => {
        throw new OperationalError("NOT_READY", "the store does not answer", { cause });
      });
      return { ok: true };
    },
  });
  app.route({
    method: "GET",
    url: "/metrics",
    config: ANYBODY,
    schema: { summary: "Prometheus metrics of this process", tags: ["operations"] },
    handler: async (_request, reply) => reply.type("text/plain; version=0.0.4").send(await metrics.text()),
  });
}

/** Ends with the client's connection, so that a query nobody waits for is cancelled in the engine. */
function whileConnected(reply: Reply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.destroyed) controller.abort();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Drops keys whose value is undefined, which exactOptionalPropertyTypes tells apart from absent ones. */
function defined(body: Static<typeof NEW_INSTRUMENTATION>): Static<typeof NEW_INSTRUMENTATION> & { metric: string } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as typeof body;
}
