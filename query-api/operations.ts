/**
 * operations.ts: what each route answers, for the OpenAPI document: its name there, the shape, an example, and the errors beyond those
 * that follow from who may call it and what it takes. A route that is missing here fails test/api/openapi.test.ts.
 */
import { Type, type TSchema } from "typebox";
import * as access from "./shapes-access.ts";
import * as instrumentations from "./shapes-instrumentations.ts";
import * as values from "./shapes-values.ts";

export interface Operation {
  /** Its operationId: what a generated client calls it. */
  readonly id: string;
  /** The status of success; 200 unless said otherwise. */
  readonly status?: number;
  /** Of the JSON answer; absent: there is no body, or it is `other` only. */
  readonly answer?: TSchema;
  /** Of the answer, with 200, to a request that only asks what would be. */
  readonly preview?: TSchema;
  /** Of the JSON answer. */
  readonly example?: unknown;
  /** Of the JSON that is sent. */
  readonly sends?: unknown;
  /** Media types besides JSON. */
  readonly other?: readonly string[];
  /** Statuses of errors of its own. */
  readonly errors?: readonly number[];
}

const SEC = 1_767_225_600;
const MS = SEC * 1000;
const ACME = "2b6c3a7e-8a43-4c8c-9d58-2f0b6d0a7c11";
const OK = Type.Object({ ok: Type.Boolean() }, { additionalProperties: false });
const ARROW = "application/vnd.apache.arrow.stream";
const EVENTS = "text/event-stream";

const list = (name: string, items: TSchema): TSchema =>
  Type.Object({ [name]: Type.Array(items) }, { additionalProperties: false });

const TENANT = { id: ACME, name: "acme", zones: [{ name: "5f1f6f5e", alias: "web-0" }] };
const SESSION = { role: "tenant", scope: "read", tenant: TENANT, label: "grafana", simulated: false, version: "0.1.0" };
const INTERVAL = { zone: "5f1f6f5e", alias: "web-0", fromMs: 0, toMs: null, host: "cn-01" };
const TOKEN = {
  id: "0123456789abcdef",
  role: "tenant",
  tenant: ACME,
  scope: "read",
  label: "grafana",
  passing: false,
  lineage: "0123456789abcdef",
  createdMs: MS,
  expiresMs: null,
  revokedMs: null,
  valid: true,
};
const TOKEN_TEXT = `iso_0123456789abcdef_${"A".repeat(43)}`;
const INSTRUMENTATION = {
  id: "89abcdef01234567",
  metric: "syscall.ops",
  label: "postgres reads",
  predicate: { eq: ["execname", "postgres"] },
  decomposition: ["latency", "syscall"],
  keys: ["zonename", "syscall"],
  numeric: "latency",
  scheme: "llquantize(10,0,11,20)",
  granularitySec: 1,
  retentionSec: 63_072_000,
  idleMaxSec: 600,
  owner: ACME,
  standing: false,
  createdMs: MS,
};
const SUMMARY = { ...INSTRUMENTATION, cost: "medium", ageSec: 60, idleExpiresMs: MS + 600_000, expiresMs: null };
const READING = { instrumentation: INSTRUMENTATION.id, metric: "syscall.ops", fromTs: SEC, toTs: SEC + 1, stepSec: 1 };
const COLUMN = {
  ...{ ts: SEC, reporting: 1, expected: 1, dropped: 0, reason: "", total: 12 },
  ...{ p50: 5000, p90: 9100, p99: 15_000, p999: 15_000, bucket: [5, 7], count: [11, 1] },
};

const SELECTION = { instrumentation: INSTRUMENTATION.id, from: -600, where: { eq: ["syscall", "read"] } };

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /v1/session": { id: "getSession", answer: access.SessionInfo, example: SESSION },
  "POST /v1/session": {
    id: "signIn",
    answer: access.SessionInfo,
    example: SESSION,
    sends: { token: TOKEN_TEXT },
    errors: [401, 403, 429],
  },
  "DELETE /v1/session": { id: "signOut", answer: OK, example: { ok: true } },
  "GET /v1/metrics": {
    id: "listMetrics",
    answer: list("metrics", instrumentations.MetricInfo),
    example: {
      metrics: [
        {
          ...{ name: "syscall.ops", module: "syscall", stat: "ops", label: "system calls", unit: "operations" },
          ...{ type: "number", scope: "interval", source: "dtrace", audience: "tenant", cost: "medium" },
          fields: [{ name: "execname", label: "application", arity: "discrete", type: "string", audience: "tenant" }],
        },
      ],
    },
  },
  "GET /v1/metadata": { id: "getMetadata", answer: instrumentations.Metadata },
  "POST /v1/selections/breakdown": {
    id: "breakDownSelection",
    answer: values.SelectionBreakdown,
    sends: { selection: SELECTION, by: "syscall" },
    errors: [404, 422],
  },
  "POST /v1/selections/compare": {
    id: "compareSelections",
    answer: values.SelectionComparison,
    sends: { a: SELECTION, against: "rest" },
    errors: [404, 422],
  },
  "POST /v1/selections/difference": {
    id: "subtractSelections",
    answer: values.SelectionDifference,
    sends: { a: SELECTION, against: "hour" },
    errors: [404, 422],
  },
  "POST /v1/selections/follow-up": {
    id: "followUpSelection",
    status: 201,
    answer: instrumentations.InstrumentationSummary,
    preview: instrumentations.InstrumentationPreview,
    sends: { selection: SELECTION, by: "pid", minutes: 10 },
    errors: [404],
  },
  "POST /v1/instrumentations/{id}/clone": {
    id: "cloneInstrumentation",
    status: 201,
    answer: instrumentations.InstrumentationSummary,
    preview: instrumentations.InstrumentationPreview,
    sends: { label: "the same for longer", lifeSec: 3600 },
  },
  "PATCH /v1/instrumentations/{id}": {
    id: "changeInstrumentation",
    answer: instrumentations.InstrumentationSummary,
    sends: { label: "postgres reads" },
    errors: [409],
  },
  "GET /v1/hosts": { id: "listHosts", answer: list("hosts", instrumentations.HostInfo), example: { hosts: [] } },
  "GET /v1/tenants": { id: "listTenants", answer: list("tenants", access.TenantInfo), example: { tenants: [TENANT] } },
  "GET /v1/tenants/{id}": {
    id: "getTenant",
    answer: access.TenantDetail,
    example: { ...TENANT, named: true, intervals: [INTERVAL] },
  },
  "PUT /v1/tenants/{id}": {
    id: "putTenant",
    answer: access.TenantDetail,
    example: { ...TENANT, named: true, intervals: [INTERVAL] },
    sends: { name: "acme" },
  },
  "DELETE /v1/tenants/{id}": { id: "deleteTenant", status: 204, errors: [409] },
  "GET /v1/tokens": { id: "listTokens", answer: list("tokens", access.TokenInfo), example: { tokens: [TOKEN] } },
  "POST /v1/tokens": {
    id: "createToken",
    status: 201,
    answer: access.NewTokenInfo,
    example: { ...TOKEN, token: TOKEN_TEXT },
    sends: { role: "tenant", tenant: ACME, scope: "read", label: "grafana" },
    errors: [404],
  },
  "POST /v1/tokens/{id}/rotate": {
    id: "rotateToken",
    status: 201,
    answer: access.NewTokenInfo,
    example: { ...TOKEN, id: "fedcba9876543210", token: TOKEN_TEXT },
    sends: { overlapSec: 86_400 },
    errors: [409],
  },
  "DELETE /v1/tokens/{id}": { id: "revokeToken", status: 204 },
  "GET /v1/audit": {
    id: "listAudit",
    answer: access.AuditPage,
    example: {
      entries: [
        {
          ...{ id: "00112233445566778", atMs: MS, action: "token.create", owner: ACME, object: TOKEN.id },
          actor: { role: "tenant", tenant: ACME, id: "1032547698badcfe", label: "ops" },
          detail: { role: "tenant", scope: "read", label: "grafana", expiresMs: 0 },
        },
      ],
      next: null,
    },
    errors: [404],
  },
  "GET /v1/instrumentations": {
    id: "listInstrumentations",
    answer: list("instrumentations", instrumentations.InstrumentationSummary),
    example: { instrumentations: [SUMMARY] },
  },
  "POST /v1/instrumentations": {
    id: "createInstrumentation",
    status: 201,
    answer: instrumentations.InstrumentationSummary,
    example: SUMMARY,
    preview: instrumentations.InstrumentationPreview,
    sends: { metric: "syscall.ops", decomposition: ["syscall", "latency"], predicate: INSTRUMENTATION.predicate },
  },
  "GET /v1/instrumentations/{id}": {
    id: "getInstrumentation",
    answer: instrumentations.InstrumentationDetail,
    example: {
      ...SUMMARY,
      program: "syscall:::entry { ... }",
      states: [{ state: "running", cause: "running", reason: "it runs", hosts: 3 }],
    },
  },
  "DELETE /v1/instrumentations/{id}": { id: "deleteInstrumentation", status: 204, errors: [409] },
  "GET /v1/assignments": { id: "followAssignments", other: [EVENTS] },
  "GET /v1/instrumentations/{id}/heatmap": {
    id: "readHeatmap",
    answer: values.Heatmap,
    other: [ARROW, "image/png"],
    example: { ...READING, unit: "ns", tier: "1s", scheme: INSTRUMENTATION.scheme, total: 12, columns: [COLUMN] },
  },
  "GET /v1/instrumentations/{id}/breakdown": {
    id: "readBreakdown",
    answer: values.Breakdown,
    example: {
      ...{ by: "syscall", fromTs: SEC, toTs: SEC + 1, tier: "1s", total: 12, other: 0 },
      parts: [{ key: "read", total: 12 }],
    },
  },
  "GET /v1/instrumentations/{id}/series": {
    id: "readSeries",
    answer: values.Series,
    example: {
      ...{ ...READING, unit: "operations", tier: "1s", times: [SEC], reporting: [1], expected: [1] },
      series: [{ key: "read", values: [12] }],
    },
  },
  "GET /v1/instrumentations/{id}/quantiles": { id: "readQuantiles", answer: values.Quantiles, other: [ARROW] },
  "GET /v1/instrumentations/{id}/cell": { id: "readCell", answer: values.CellDetail },
  "GET /v1/instrumentations/{id}/windows": { id: "readWindows", answer: values.WindowsPage, other: [ARROW] },
  "GET /v1/instrumentations/{id}/export": {
    id: "exportValues",
    other: ["text/csv", ARROW, "application/vnd.apache.parquet", "application/x-ndjson"],
  },
  "GET /v1/instrumentations/{id}/live": { id: "followLive", other: [EVENTS] },
  "GET /healthz": { id: "isAlive", answer: OK, example: { ok: true } },
  "GET /readyz": { id: "isReady", answer: OK, example: { ok: true }, errors: [503] },
  "GET /metrics": { id: "readOwnMetrics", other: ["text/plain"] },
};
