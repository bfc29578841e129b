/**
 * resources.ts: the API's paths, each with the shape of its answer (core/api.ts).
 */
import type {
  Breakdown,
  Heatmap,
  InstrumentationInfo,
  MetricInfo,
  Series,
  SessionInfo,
  TenantInfo,
} from "../../core/api.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import { ApiError, call, getJson, query } from "./client.ts";

const ARROW = "application/vnd.apache.arrow.stream";

/** What a reading covers, for all kinds of reading. */
export interface Scope {
  readonly instrumentation: string;
  readonly tenant: string | null;
  readonly where: PredicateJson | null;
}

/** Values from low to below high; null: open. */
export interface Band {
  readonly low: number | null;
  readonly high: number | null;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Set where somebody has signed in: the cookie itself no script can see. */
const SIGNED_IN = "isotherm.signed-in";

/** @returns null when nobody is signed in; where nobody ever was, without a request that could only fail */
export async function readSession(): Promise<SessionInfo | null> {
  if (mark("get") === null) return null;
  try {
    return await getJson<SessionInfo>("/v1/session");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    mark("remove");
    return null;
  }
}

/** @returns "" where the browser keeps no such thing: then nothing is known */
function mark(what: "get" | "set" | "remove"): string | null {
  try {
    if (what === "get") return localStorage.getItem(SIGNED_IN);
    if (what === "set") localStorage.setItem(SIGNED_IN, "yes");
    else localStorage.removeItem(SIGNED_IN);
  } catch {
    // Storage is switched off.
  }
  return "";
}

export async function signIn(credential: { code: string } | { token: string }): Promise<SessionInfo> {
  const response = await call("/v1/session", { method: "POST", body: credential });
  mark("set");
  return (await response.json()) as SessionInfo;
}

export async function signOut(): Promise<void> {
  await call("/v1/session", { method: "DELETE" });
  mark("remove");
}

export async function readTenants(): Promise<readonly TenantInfo[]> {
  return (await getJson<{ tenants: readonly TenantInfo[] }>("/v1/tenants")).tenants;
}

export async function readMetrics(): Promise<readonly MetricInfo[]> {
  return (await getJson<{ metrics: readonly MetricInfo[] }>("/v1/metrics")).metrics;
}

export async function readInstrumentations(): Promise<readonly InstrumentationInfo[]> {
  return (await getJson<{ instrumentations: readonly InstrumentationInfo[] }>("/v1/instrumentations")).instrumentations;
}

export async function createInstrumentation(
  metric: string,
  decomposition: readonly string[],
): Promise<InstrumentationInfo> {
  const response = await call("/v1/instrumentations", { method: "POST", body: { metric, decomposition } });
  return (await response.json()) as InstrumentationInfo;
}

/** Keys whose counts are wanted apart. */
export interface Groups {
  readonly by: string;
  readonly keys: readonly string[];
}

/** Arrow where the server speaks it, JSON where it does not; the decoder loads while the server computes. */
export async function readHeatmap(
  scope: Scope,
  stretch: Stretch,
  columns: number,
  signal: AbortSignal,
  groups: Groups | null = null,
): Promise<Heatmap> {
  const keys = (groups?.keys ?? []).map((key) => `&keys=${encodeURIComponent(key)}`).join("");
  const path = readingPath(scope, "heatmap", { ...stretch, columns, by: groups?.by ?? null }) + keys;
  const decoder = import("../arrow.ts");
  const response = await call(path, { accept: `${ARROW}, application/json;q=0.5`, signal });
  if (!(response.headers.get("Content-Type") ?? "").startsWith(ARROW)) return (await response.json()) as Heatmap;
  const { decodeHeatmap } = await decoder;
  return decodeHeatmap(new Uint8Array(await response.arrayBuffer()));
}

/** @param band the values that count; null: all */
export async function readBreakdown(
  scope: Scope,
  by: string,
  stretch: Stretch,
  band: Band | null,
  signal: AbortSignal,
): Promise<Breakdown> {
  return getJson<Breakdown>(
    readingPath(scope, "breakdown", { by, ...stretch, low: band?.low ?? null, high: band?.high ?? null }),
    signal,
  );
}

export async function readSeries(
  scope: Scope,
  by: string | null,
  stretch: Stretch,
  columns: number,
  limit: number,
  signal: AbortSignal,
): Promise<Series> {
  return getJson<Series>(readingPath(scope, "series", { by, ...stretch, columns, limit }), signal);
}

export function livePath(scope: Scope, since: number): string {
  return readingPath(scope, "live", { since });
}

function readingPath(scope: Scope, kind: string, params: Readonly<Record<string, string | number | null>>): string {
  const where = scope.where === null ? null : JSON.stringify(scope.where);
  return `/v1/instrumentations/${encodeURIComponent(scope.instrumentation)}/${kind}${query({ ...params, tenant: scope.tenant, where })}`;
}
