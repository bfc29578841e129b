/**
 * matrix-rows.ts: every route of the query API, who may call it, and a request that it answers. A route without a row here fails
 * test/api/matrix.test.ts.
 */
import { SEC, type Bed, type Things } from "./matrix-bed.ts";

/**
 * anybody: without a token too; bearers: everyone with a token but services; readers: operators and all tenants' tokens; writers:
 * operators, and of tenants' tokens those that may write.
 */
export type Who = "anybody" | "bearers" | "readers" | "writers" | "operators" | "collectors";

export interface Row {
  readonly who: Who;
  /** What the id in the path is of; absent: there is none. */
  readonly id?: keyof Things;
  /** Other parameters in the path. */
  readonly params?: Readonly<Record<string, string>>;
  /** Each call needs an id of its own, since it ends what it names. */
  readonly ends?: true;
  readonly query?: string;
  /** @param things what it is to name: the caller's own, another's, or what does not exist */
  readonly body?: (bed: Bed, things: Things) => Record<string, unknown>;
  /** What the body names, where a tenant could name another's in it. */
  readonly names?: "instrumentation" | "tenant";
  /** The body may have a tenant, as the query of other routes. */
  readonly tenantInBody?: true;
  /** It does not end: what is read until. */
  readonly until?: RegExp;
  /** What those who may are answered; absent: 2xx. */
  readonly status?: number;
  /** Reads values: tried with the standing instrumentation too, which has rows of both tenants. */
  readonly values?: true;
}

/** Text parameters of all routes, and what a tenant could do with another's in them. */
export const TEXTS: Readonly<Record<string, "id" | "tenant" | "cursor" | "filter">> = {
  id: "id",
  run: "id",
  tenant: "tenant",
  before: "cursor",
  after: "cursor",
  q: "filter",
  where: "filter",
  by: "filter",
  action: "filter",
  object: "filter",
  code: "filter",
  state: "filter",
  error: "filter",
  iss: "filter",
  query: "filter",
  time: "filter",
  start: "filter",
  end: "filter",
  step: "filter",
  name: "filter",
};

/** All of the seconds that have rows, of one instrumentation. */
function selection({ instrumentation }: Things): Record<string, unknown> {
  return { instrumentation, from: SEC, to: SEC + 4 };
}

/** By process, so that a name of another's would be in the answer to a try. */
function ruleOf({ instrumentation }: Things): Record<string, unknown> {
  const condition = { kind: "rate", windowSec: 1, above: 0 };
  return { name: crypto.randomUUID(), instrumentation, per: "execname", condition, everySec: 1 };
}

const BOARD = {
  name: "made",
  panels: [{ metric: "syscall.ops", decomposition: ["execname", "latency"], by: "execname", where: [] }],
  rangeSec: 600,
};
const RANGE = `from=${SEC}&to=${SEC + 4}`;

export const ROWS: Readonly<Record<string, Row>> = {
  "GET /v1/session": { who: "bearers" },
  "POST /v1/session": { who: "anybody", body: (bed) => ({ token: bed.reader.token }) },
  "DELETE /v1/session": { who: "readers" },
  "GET /v1/session/ways": { who: "anybody" },
  // No provider is known here; one is in test/api/oidc-sign-in.test.ts.
  "GET /v1/session/oidc/start": { who: "anybody", status: 404 },
  "GET /v1/session/oidc/callback": { who: "anybody", status: 404 },
  "GET /v1/metrics": { who: "readers" },
  "GET /v1/metadata": { who: "readers" },
  "GET /v1/boards": { who: "readers" },
  "POST /v1/boards": { who: "writers", body: () => BOARD },
  "GET /v1/boards/:id": { who: "readers", id: "board" },
  "PUT /v1/boards/:id": { who: "writers", id: "board", ends: true, body: () => BOARD },
  "DELETE /v1/boards/:id": { who: "writers", id: "board", ends: true },
  "GET /v1/capacity/growth": { who: "readers", query: RANGE },
  "GET /v1/capacity/headroom": { who: "operators", query: RANGE },
  "GET /v1/capacity/fit": { who: "operators", query: `cpu=100&${RANGE}` },
  "GET /v1/capacity/consumers": { who: "readers", query: RANGE },
  "GET /v1/capacity/hours": { who: "readers", query: RANGE },
  "GET /v1/capacity/neighbours": { who: "operators", query: RANGE },
  "GET /v1/capacity/heatmap": { who: "operators", query: RANGE },
  "GET /v1/capacity/report": { who: "readers", query: RANGE },
  "GET /v1/capacity/reports": { who: "readers" },
  "POST /v1/capacity/reports": { who: "writers", body: () => ({ name: crypto.randomUUID() }) },
  "GET /v1/capacity/reports/:id": { who: "readers", id: "report" },
  "PUT /v1/capacity/reports/:id": {
    who: "writers",
    id: "report",
    ends: true,
    body: () => ({ name: crypto.randomUUID() }),
  },
  "DELETE /v1/capacity/reports/:id": { who: "writers", id: "report", ends: true },
  "GET /v1/capacity/reports/:id/runs/:run": {
    ...{ who: "readers", id: "report", params: { run: "0".repeat(32) }, status: 404 },
  },
  "POST /v1/capacity/reports/:id/run": { who: "writers", id: "report", ends: true },
  // Sums by hour and month show no single count of another's: test/capacity/tenants.test.ts has marks that they would show.
  "GET /v1/instrumentations/:id/months": { who: "readers", id: "instrumentation", query: RANGE },
  "GET /v1/instrumentations/:id/forecast": { who: "readers", id: "instrumentation", query: RANGE },
  "GET /v1/alerts": { who: "readers" },
  "GET /v1/alerts/rules": { who: "readers" },
  "POST /v1/alerts/rules": { who: "writers", names: "instrumentation", body: (_bed, things) => ruleOf(things) },
  "GET /v1/alerts/rules/:id": { who: "readers", id: "rule" },
  "PUT /v1/alerts/rules/:id": { who: "writers", id: "rule", ends: true, body: (_bed, things) => ruleOf(things) },
  "DELETE /v1/alerts/rules/:id": { who: "writers", id: "rule", ends: true },
  "POST /v1/alerts/test": {
    who: "readers",
    values: true,
    names: "instrumentation",
    body: (_bed, things) => ({ rule: ruleOf(things), from: SEC, to: SEC + 4 }),
  },
  "GET /v1/alerts/silences": { who: "readers" },
  "POST /v1/alerts/silences": {
    who: "writers",
    body: () => ({ matchers: [{ name: "alertname", value: "x" }], endsMs: Date.now() + 60_000 }),
  },
  "DELETE /v1/alerts/silences/:id": { who: "writers", id: "silence", ends: true },
  "GET /v1/alerts/hooks": { who: "readers" },
  "POST /v1/alerts/hooks": {
    who: "writers",
    body: () => ({ name: crypto.randomUUID(), url: "https://127.0.0.1/hook" }),
  },
  "PATCH /v1/alerts/hooks/:id": { who: "writers", id: "hook", body: () => ({ repeatSec: 3600 }) },
  "DELETE /v1/alerts/hooks/:id": { who: "writers", id: "hook", ends: true },
  "POST /v1/alerts/hooks/:id/test": { who: "writers", id: "hook" },
  "GET /v1/alerts/deliveries": { who: "readers" },
  "POST /v1/alerts/deliveries/:id/retry": { who: "writers", id: "delivery", ends: true },
  "GET /v1/zones": { who: "operators" },
  "GET /v1/fleet": { who: "operators" },
  "GET /v1/hosts": { who: "operators" },
  "GET /v1/tenants": { who: "readers" },
  "GET /v1/tenants/:id": { who: "readers", id: "tenant" },
  "PUT /v1/tenants/:id": { who: "operators", id: "tenant", body: () => ({ name: "acme" }) },
  "DELETE /v1/tenants/:id": { who: "operators", id: "tenant", ends: true },
  "GET /v1/tokens": { who: "writers" },
  "POST /v1/tokens": {
    who: "writers",
    names: "tenant",
    body: (_bed, { tenant }) => ({ role: "tenant", tenant, label: "made", expiresInSec: 60 }),
  },
  "POST /v1/tokens/:id/rotate": { who: "writers", id: "token", ends: true, body: () => ({ overlapSec: 0 }) },
  "DELETE /v1/tokens/:id": { who: "writers", id: "token", ends: true },
  // As many as there are: what is looked for is among the oldest.
  "GET /v1/audit": { who: "readers", query: "limit=500" },
  "GET /v1/instrumentations": { who: "readers" },
  "POST /v1/instrumentations": { who: "writers", body: () => ({ metric: "syscall.ops", decomposition: ["latency"] }) },
  "POST /v1/instrumentations/:id/clone": { who: "writers", id: "instrumentation", body: () => ({ dryRun: true }) },
  "PATCH /v1/instrumentations/:id": {
    who: "writers",
    id: "instrumentation",
    ends: true,
    body: () => ({ label: "another" }),
  },
  "GET /v1/instrumentations/:id": { who: "readers", id: "instrumentation" },
  "DELETE /v1/instrumentations/:id": { who: "writers", id: "instrumentation", ends: true },
  "GET /v1/assignments": { who: "collectors", until: /event: assignments/ },
  "GET /v1/instrumentations/:id/heatmap": { who: "readers", id: "instrumentation", query: RANGE, values: true },
  "GET /v1/instrumentations/:id/breakdown": {
    who: "readers",
    id: "instrumentation",
    query: `by=execname&${RANGE}`,
    values: true,
  },
  "GET /v1/instrumentations/:id/series": { who: "readers", id: "instrumentation", query: RANGE, values: true },
  "GET /v1/instrumentations/:id/quantiles": { who: "readers", id: "instrumentation", query: RANGE, values: true },
  "GET /v1/instrumentations/:id/cell": { who: "readers", id: "instrumentation", query: RANGE, values: true },
  "GET /v1/instrumentations/:id/windows": { who: "readers", id: "instrumentation", query: RANGE, values: true },
  "GET /v1/instrumentations/:id/export": {
    who: "readers",
    id: "instrumentation",
    query: `value=windows&format=csv&${RANGE}`,
    values: true,
  },
  "GET /v1/instrumentations/:id/live": {
    who: "readers",
    id: "instrumentation",
    query: `since=${SEC}`,
    until: new RegExp(`"ts":${SEC + 2}`),
    values: true,
  },
  "POST /v1/selections/breakdown": {
    who: "readers",
    values: true,
    names: "instrumentation",
    tenantInBody: true,
    body: (_bed, things) => ({ selection: selection(things) }),
  },
  "POST /v1/selections/compare": {
    who: "readers",
    values: true,
    names: "instrumentation",
    tenantInBody: true,
    body: (_bed, things) => ({ a: selection(things), b: { ...selection(things), to: SEC + 2 } }),
  },
  "POST /v1/selections/difference": {
    who: "readers",
    values: true,
    names: "instrumentation",
    tenantInBody: true,
    body: (_bed, things) => ({ a: selection(things), b: { ...selection(things), from: SEC - 4, to: SEC } }),
  },
  "POST /v1/selections/follow-up": {
    who: "writers",
    names: "instrumentation",
    body: (_bed, things) => ({ selection: selection(things), by: "syscall", dryRun: true }),
  },
  ...prometheusRows(),
  "GET /openapi.json": { who: "anybody" },
  "GET /healthz": { who: "anybody" },
  "GET /readyz": { who: "anybody" },
  "GET /metrics": { who: "anybody" },
};

/** What Prometheus' clients read by: of every instrumentation that the caller may see, so that there is no id. */
function prometheusRows(): Record<string, Row> {
  const count = "syscall_ops_latency_ns_count";
  const times = `start=${SEC}&end=${SEC + 4}`;
  const query = `query=${encodeURIComponent(`increase(${count}[10s])`)}`;
  const at = `${query}&time=${SEC + 4}`;
  const over = `${query}&${times}&step=2`;
  return {
    "GET /api/v1/query": { who: "readers", query: at, values: true },
    "POST /api/v1/query": { who: "readers", query: at },
    "GET /api/v1/query_range": { who: "readers", query: over, values: true },
    "POST /api/v1/query_range": { who: "readers", query: over },
    "GET /api/v1/series": { who: "readers", query: `match[]=${count}&${times}`, values: true },
    "POST /api/v1/series": { who: "readers", query: `match[]=${count}&${times}` },
    "GET /api/v1/labels": { who: "readers" },
    "POST /api/v1/labels": { who: "readers" },
    "GET /api/v1/label/:name/values": { who: "readers", params: { name: "execname" }, query: times, values: true },
    "GET /api/v1/metadata": { who: "readers" },
    "GET /api/v1/status/buildinfo": { who: "readers" },
    "GET /federate": { who: "readers", query: `match[]=${count}`, values: true },
  };
}
