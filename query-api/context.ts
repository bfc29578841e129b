/**
 * context.ts: what the route groups share: the parts they call, who the caller is, and the schemas of common parameters.
 */
import { Type } from "typebox";
import type { TenantInfo } from "../core/api.ts";
import type { LiveFeed } from "../core/window.ts";
import type { App, Reply, Request } from "../server/http.ts";
import type { Guesses } from "../server/guesses.ts";
import type { RateLimits } from "../server/rates.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import { Audit, type AuditRow } from "../store/audit.ts";
import type { AlertTables } from "../store/alerts.ts";
import type { BoardRow } from "../store/boards.ts";
import type { StoreClient } from "../store/client.ts";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { Ownership } from "../store/ownership.ts";
import type { ReportTables } from "../store/reports.ts";
import { isLiving, type TenantRow } from "../store/tenants.ts";
import type { TokenRow, Tokens } from "../store/tokens.ts";
import type { AlertingOptions } from "./alerts/alerts.ts";
import { Expectations, type ExpectedHosts } from "./expected.ts";
import { Instrumentations, specOf } from "./instrumentations.ts";
import type { ReadLimits } from "./limits.ts";
import type { OidcOptions } from "./oidc.ts";
import { MAX_COLUMNS } from "./resolution.ts";
import { parseWhere, tenantOf, type View } from "./view.ts";

export interface QueryOptions {
  readonly log: Log;
  readonly store: StoreClient;
  readonly tokens: Tokens;
  readonly tenants: ControlTable<TenantRow>;
  readonly ownership: Ownership;
  readonly hosts: ControlTable<HostRow>;
  readonly instrumentations: ControlTable<InstrumentationRow>;
  readonly boards: ControlTable<BoardRow>;
  readonly alerts: AlertTables;
  readonly reports: ReportTables;
  /** Rules and hooks of files, and what is allowed to hooks. */
  readonly alerting?: AlertingOptions;
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
  /** Where the site is reached, if that is not this process's own address: https makes the cookie a secure one. */
  readonly publicUrl?: string;
  /** Addresses and networks of the proxies before it. */
  readonly trustedProxies?: readonly string[];
  /** Whose bearer tokens are taken beside our own. */
  readonly oidc?: OidcOptions;
  readonly readLimits?: Partial<ReadLimits>;
  readonly guessLimits?: RateLimits;
  readonly changeLimits?: RateLimits;
}

/** What somebody did, to be noted. */
export type Noted = Pick<AuditRow, "action" | "owner" | "object"> & Partial<Pick<AuditRow, "detail">>;

/** What a view of an instrumentation is asked for with. */
export interface ViewQuery {
  readonly tenant?: string;
  readonly where?: string;
}

export interface QueryContext extends Omit<QueryOptions, "instrumentations"> {
  readonly app: App;
  readonly instrumentations: Instrumentations;
  readonly audit: Audit;
  readonly guesses: Guesses;
  /** Whether the site is reached by https. */
  readonly secure: boolean;
  /** Puts into the trail what the caller did; what the store does not take goes to the log. Never throws. */
  readonly note: (principal: TokenRow, what: Noted) => Promise<void>;
  readonly nowSec: () => number;
  /** The hosts that a reader expects columns from; null: an operator's. */
  readonly expectedFor: (tenant: string | null) => ExpectedHosts;
  /** @throws OperationalError NOT_FOUND; InputError naming `where` */
  readonly viewOf: (request: Request, id: string, query: ViewQuery) => View;
  readonly tenantInfo: (id: string) => TenantInfo;
}

export function createContext(app: App, guesses: Guesses, options: QueryOptions): QueryContext {
  const { ownership, log, store } = options;
  const audit = new Audit(store);
  const unstored = options.metrics.counter("audit_unstored_total", "Entries of the trail that are in the log only.");
  const instrumentations = new Instrumentations(options.instrumentations);
  const expectations = new Expectations(ownership, options.hosts);
  return {
    ...options,
    app,
    instrumentations,
    audit,
    guesses,
    secure: isSecure(options.publicUrl),
    note: async (principal, what) => {
      const { id: actor, role: actorRole, tenant: actorTenant, label: actorLabel } = principal;
      const entry = { detail: {}, ...what, actor, actorRole, actorTenant, actorLabel };
      await audit.record(entry).catch((error: unknown) => {
        unstored.inc();
        log.error({ err: error, audit: entry }, "an entry of the audit trail could not be stored; this line has it");
      });
    },
    nowSec: () => Date.now() / 1000,
    expectedFor: (tenant) => expectations.of(tenant),
    viewOf: (request, id, query) => {
      const principal = principalOf(request);
      const instrumentation = instrumentations.find(id, principal);
      const { metric, spec } = specOf(instrumentation);
      const where = parseWhere(query.where, metric, spec);
      return { instrumentation, metric, spec, tenant: tenantOf(principal, query.tenant), where };
    },
    tenantInfo: (id) => ({
      id,
      name: nameOf(options.tenants.get(id)) ?? id,
      zones: ownership
        .current()
        .filter((row) => row.owner === id)
        .map((row) => ({ name: row.zone, alias: row.alias }))
        .sort((a, b) => (a.alias < b.alias ? -1 : 1)),
    }),
  };
}

function nameOf(row: TenantRow | undefined): string | undefined {
  return isLiving(row) ? row.name : undefined;
}

export function isSecure(publicUrl: string | undefined): boolean {
  return publicUrl?.startsWith("https:") === true;
}

/** The caller of a route that is not public: there, the access rule has seen to it. */
export function principalOf(request: Request): TokenRow {
  return request.principal as TokenRow;
}

/** Ends with the client's connection, so that a query nobody waits for is cancelled in the engine. */
export function whileConnected(reply: Reply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.destroyed) controller.abort();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

export const READERS = { access: ["operator", "tenant"] } as const;
/** Of tenants' tokens only those that may write. */
export const WRITERS = { access: ["operator", "tenant"], scope: "write" } as const;
/** Readers of values, who wait for their turn. */
export const VALUES = { ...READERS, reads: true } as const;
/** Writers whose dry run reads values: it waits for its turn as any read does. */
export const PREVIEWERS = { ...WRITERS, reads: true } as const;
export const OPERATORS = { access: ["operator"] } as const;
export const ANYBODY = { access: "public" } as const;

export const ID = Type.Object({ id: Type.String({ pattern: "^[0-9a-f]{16}$" }) });
export const VIEW = {
  tenant: Type.Optional(Type.String({ maxLength: 64, description: "operators: only this tenant's rows" })),
  where: Type.Optional(Type.String({ maxLength: 4096, description: "predicate over the keys, JSON" })),
};
export const RANGE = {
  from: Type.Optional(Type.Number({ description: "epoch seconds; negative: seconds before `to`" })),
  to: Type.Optional(Type.Number({ description: "epoch seconds; default now" })),
};
export const COLUMNS = Type.Optional(
  Type.Integer({ minimum: 1, maximum: MAX_COLUMNS, description: "at most so many columns" }),
);
