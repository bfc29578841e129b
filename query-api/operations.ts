/**
 * operations.ts: what each route answers, for the OpenAPI document: its name there, the shape, an example, and the errors beyond those
 * that follow from who may call it and what it takes. A route that is missing here fails test/api/openapi.test.ts.
 */
import { Type, type TSchema } from "typebox";
import * as saved from "./capacity/saved-shapes.ts";
import * as capacity from "./capacity/shapes.ts";
import * as alerts from "./shapes-alerts.ts";
import * as access from "./shapes-access.ts";
import * as fleet from "./shapes-fleet.ts";
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
const FILES = ["text/csv", ARROW, "application/vnd.apache.parquet", "application/x-ndjson"];

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

const BOARD_INPUT = {
  name: "web tier",
  panels: [
    {
      ...{ metric: "syscall.ops", decomposition: ["execname", "latency"], by: "execname" },
      where: [{ field: "zonename", not: false, values: ["5f1f6f5e"] }],
    },
  ],
  rangeSec: 600,
};
const BOARD = { id: "0011223344556677", owner: ACME, ...BOARD_INPUT, createdMs: MS, changedMs: MS };
const ZONE = {
  ...{ zone: "5f1f6f5e", alias: "web-0", host: "cn-01", state: "running" },
  ...{ owner: ACME, ownerName: "acme", sinceMs: 0 },
};

const SELECTION = { instrumentation: INSTRUMENTATION.id, from: -600, where: { eq: ["syscall", "read"] } };

const RULE = {
  name: "slow reads",
  instrumentation: INSTRUMENTATION.id,
  where: { eq: ["syscall", "read"] },
  per: "zonename",
  condition: { kind: "quantile", q: 0.99, windowSec: 60, above: 10_000_000, resolve: 8_000_000 },
  forSec: 30,
  labels: { severity: "page" },
  annotations: { summary: "{{ key }}: p99 of reads is {{ value }}" },
};
const RULE_INFO = {
  ...{ id: "76543210fedcba98", owner: ACME, fromFile: false, rule: RULE, createdMs: MS, changedMs: MS, problem: "" },
};
const SILENCE_INPUT = {
  matchers: [{ name: "alertname", op: "=", value: "slow reads" }],
  endsMs: MS + 7_200_000,
  comment: "the disks are being changed",
};
const SILENCE = {
  ...{
    id: "0f1e2d3c4b5a6978",
    owner: ACME,
    ...SILENCE_INPUT,
    startsMs: MS,
    weekly: null,
    createdMs: MS,
    isInForce: true,
  },
};
const HOOK_INPUT = { name: "pager", kind: "webhook", url: "https://pager.example.com/hook", groupBy: ["alertname"] };
const HOOK = {
  ...{ id: "8796a5b4c3d2e1f0", owner: ACME, ...HOOK_INPUT, isSigned: true, groupWaitSec: 2, groupIntervalSec: 30 },
  ...{ repeatSec: 14_400, sendResolved: true, fromFile: false, createdMs: MS },
};
const ALERT = {
  ...{
    fingerprint: "1122334455667788",
    rule: RULE_INFO.id,
    owner: ACME,
    name: "slow reads",
    key: "5f1f6f5e",
    status: "firing",
  },
  ...{ labels: { alertname: "slow reads", zonename: "5f1f6f5e", severity: "page" } },
  ...{ annotations: { summary: "web-0: p99 of reads is 12.5 ms" }, sinceMs: MS, startsMs: MS - 30_000, endsMs: null },
  ...{ value: 12_500_000, isPartial: false, unknownSinceMs: null, why: "", isLate: false, isSilenced: false },
};
const DELIVERY = {
  ...{
    id: "00112233445566778899aabbccddeeff",
    owner: ACME,
    hook: HOOK.id,
    status: "dead",
    createdMs: MS,
    attempts: 12,
  },
  ...{ nextMs: null, problem: "send to a hook: the answer is 500", alerts: 1, report: null },
};

const REPORT_INPUT = {
  ...{ name: "monday", tenant: null, rangeDays: 365, horizonDays: 180, items: 10, hook: "pager" },
  schedule: { every: "week", at: "06:00", weekday: 1, day: null },
};
const RUN_PATH = `/v1/capacity/reports/a1b2c3d4e5f60718/runs/${"0".repeat(32)}`;
const REPORT_QUERY = `/v1/capacity/report?from=${SEC - 365 * 86_400}&to=${SEC}&horizonDays=180&items=10`;
const REPORT = {
  ...{ id: "a1b2c3d4e5f60718", owner: ACME, ...REPORT_INPUT, createdMs: MS - 86_400_000, changedMs: MS - 86_400_000 },
  ...{ nextMs: MS + 604_800_000, isWaiting: false, problem: "" },
  last: {
    ...{ dueMs: MS, ranMs: MS + 400, tookMs: 850, isAsked: false, missed: 0, problem: "", delivery: "0".repeat(32) },
    links: {
      page: `${RUN_PATH}?format=html`,
      json: RUN_PATH,
      csv: `${RUN_PATH}?format=csv`,
      parquet: `${RUN_PATH}?format=parquet`,
      again: `${REPORT_QUERY}&format=html`,
    },
  },
};

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /v1/session": { id: "getSession", answer: access.SessionInfo, example: SESSION },
  "POST /v1/session": {
    id: "signIn",
    answer: access.SessionInfo,
    example: SESSION,
    sends: { token: TOKEN_TEXT },
    errors: [401, 403, 429],
  },
  "GET /v1/session/ways": {
    id: "listSignInWays",
    answer: access.SignInWays,
    example: { oidc: { name: "id.example.com" } },
  },
  "DELETE /v1/session": { id: "signOut", answer: access.SignedOut, example: { ok: true, endSession: null } },
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
  "GET /v1/boards": { id: "listBoards", answer: list("boards", fleet.BoardInfo), example: { boards: [BOARD] } },
  "POST /v1/boards": { id: "createBoard", status: 201, answer: fleet.BoardInfo, example: BOARD, sends: BOARD_INPUT },
  "GET /v1/boards/{id}": { id: "getBoard", answer: fleet.BoardInfo, example: BOARD },
  "PUT /v1/boards/{id}": { id: "putBoard", answer: fleet.BoardInfo, example: BOARD, sends: BOARD_INPUT },
  "DELETE /v1/boards/{id}": { id: "deleteBoard", status: 204 },
  "GET /v1/capacity/growth": { id: "readGrowth", answer: capacity.CapacityGrowth, other: FILES, errors: [422] },
  "GET /v1/capacity/headroom": { id: "readHeadroom", answer: capacity.CapacityHeadroom, other: FILES, errors: [422] },
  "GET /v1/capacity/fit": { id: "fitZone", answer: capacity.CapacityFit, other: FILES, errors: [422] },
  "GET /v1/capacity/consumers": {
    id: "readConsumers",
    answer: capacity.CapacityConsumers,
    other: FILES,
    errors: [422],
  },
  "GET /v1/capacity/hours": { id: "readHours", answer: capacity.CapacityHours, other: FILES, errors: [422] },
  "GET /v1/capacity/neighbours": {
    id: "readNeighbours",
    answer: capacity.CapacityNeighbours,
    other: FILES,
    errors: [422],
  },
  "GET /v1/capacity/heatmap": { id: "readCapacityHeatmap", answer: capacity.CapacityHeatmap, errors: [422] },
  "GET /v1/capacity/report": {
    id: "readCapacityReport",
    answer: capacity.CapacityReport,
    other: ["text/html", ...FILES],
    errors: [422],
  },
  "GET /v1/capacity/reports": {
    id: "listSavedReports",
    answer: saved.SavedReportsPage,
    example: { reports: [REPORT], next: null },
  },
  "POST /v1/capacity/reports": {
    id: "createSavedReport",
    status: 201,
    answer: saved.SavedReportInfo,
    example: { ...REPORT, last: null },
    sends: REPORT_INPUT,
    errors: [404, 409],
  },
  "GET /v1/capacity/reports/{id}": { id: "getSavedReport", answer: saved.SavedReportInfo, example: REPORT },
  "PUT /v1/capacity/reports/{id}": {
    id: "putSavedReport",
    answer: saved.SavedReportInfo,
    example: REPORT,
    sends: REPORT_INPUT,
    errors: [409],
  },
  "DELETE /v1/capacity/reports/{id}": { id: "deleteSavedReport", status: 204 },
  "GET /v1/capacity/reports/{id}/runs/{run}": {
    id: "readSentReport",
    answer: capacity.CapacityReport,
    other: ["text/html", ...FILES],
    errors: [404],
  },
  "POST /v1/capacity/reports/{id}/run": {
    id: "runSavedReport",
    status: 202,
    answer: saved.SavedReportInfo,
    example: { ...REPORT, isWaiting: true },
    errors: [409],
  },
  "GET /v1/instrumentations/{id}/months": {
    id: "readMonths",
    answer: capacity.InstrumentationMonths,
    other: FILES,
    errors: [422],
  },
  "GET /v1/instrumentations/{id}/forecast": {
    id: "readForecast",
    answer: capacity.InstrumentationForecast,
    errors: [422],
  },
  "GET /v1/alerts": { id: "listAlerts", answer: alerts.AlertsPage, example: { alerts: [ALERT], next: null } },
  "GET /v1/alerts/rules": {
    id: "listAlertRules",
    answer: alerts.AlertRulesPage,
    example: { rules: [RULE_INFO], next: null },
  },
  "POST /v1/alerts/rules": {
    id: "createAlertRule",
    status: 201,
    answer: alerts.AlertRuleInfo,
    example: RULE_INFO,
    sends: RULE,
    errors: [404, 409],
  },
  "GET /v1/alerts/rules/{id}": {
    id: "getAlertRule",
    answer: alerts.AlertRuleDetail,
    example: { ...RULE_INFO, firings: [{ key: "5f1f6f5e", startsMs: SEC * 1000, endsMs: null }] },
  },
  "PUT /v1/alerts/rules/{id}": {
    id: "putAlertRule",
    answer: alerts.AlertRuleInfo,
    example: RULE_INFO,
    sends: RULE,
    errors: [409],
  },
  "DELETE /v1/alerts/rules/{id}": { id: "deleteAlertRule", status: 204, errors: [409] },
  "POST /v1/alerts/test": {
    id: "testAlertRule",
    answer: alerts.AlertTest,
    example: {
      ...{ fromTs: SEC, toTs: SEC + 604_800, stepSec: 60, evaluations: 10_080, unknown: 0, keys: 1, notes: [] },
      alerts: [{ key: "5f1f6f5e", fromTs: SEC + 3600, toTs: SEC + 4200, worst: 31_000_000 }],
      columnSec: 1020,
      columns: [{ fromTs: SEC + 3060, worst: 31_000_000, isUnknown: false, isPartial: false }],
    },
    sends: { rule: RULE },
    errors: [404, 422],
  },
  "GET /v1/alerts/silences": {
    id: "listSilences",
    answer: alerts.SilencesPage,
    example: { silences: [SILENCE], next: null },
  },
  "POST /v1/alerts/silences": {
    id: "createSilence",
    status: 201,
    answer: alerts.SilenceInfo,
    example: SILENCE,
    sends: SILENCE_INPUT,
  },
  "DELETE /v1/alerts/silences/{id}": { id: "deleteSilence", status: 204 },
  "GET /v1/alerts/hooks": { id: "listHooks", answer: alerts.HooksPage, example: { hooks: [HOOK], next: null } },
  "POST /v1/alerts/hooks": {
    id: "createHook",
    status: 201,
    answer: alerts.NewHookInfo,
    example: { ...HOOK, secret: "a".repeat(32) },
    sends: HOOK_INPUT,
    errors: [409],
  },
  "PATCH /v1/alerts/hooks/{id}": {
    id: "changeHook",
    answer: alerts.ChangedHookInfo,
    example: { ...HOOK, repeatSec: 3600, secret: null },
    sends: { repeatSec: 3600, groupBy: ["alertname", "zonename"] },
    errors: [409],
  },
  "DELETE /v1/alerts/hooks/{id}": { id: "deleteHook", status: 204, errors: [409] },
  "POST /v1/alerts/hooks/{id}/test": {
    id: "testHook",
    answer: alerts.HookTest,
    example: { ok: false, tookMs: 3000, problem: "send to a hook: no answer within 3000 ms" },
  },
  "GET /v1/alerts/deliveries": {
    id: "listDeliveries",
    answer: alerts.DeliveriesPage,
    example: { deliveries: [DELIVERY], next: null },
  },
  "POST /v1/alerts/deliveries/{id}/retry": {
    id: "retryDelivery",
    answer: alerts.DeliveryInfo,
    example: { ...DELIVERY, status: "waiting", nextMs: MS, problem: "", attempts: 13 },
    errors: [409],
  },
  "GET /v1/zones": { id: "listZones", answer: list("zones", fleet.ZoneInfo), example: { zones: [ZONE] } },
  "GET /v1/fleet": { id: "getFleet", answer: fleet.FleetInfo },
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
      ...{ dropped: [0], reasons: [""] },
      series: [{ key: "read", isOther: false, values: [12] }],
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
