/**
 * resources.ts: what the page reads of the API, path by path. Names and shapes are those of the API's document (core/api-paths.ts),
 * so that a parameter or an answer that changes there fails to compile here.
 */
import type { Breakdown, Heatmap, InstrumentationInfo, MetricInfo, Series, TenantInfo } from "../../core/api.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import type { Selection } from "../../core/selection.ts";
import { addressOf, ask, call, type QueryOf } from "./client.ts";

const ARROW = "application/vnd.apache.arrow.stream";

/** What a reading covers, for all kinds of reading. */
export interface Scope {
  readonly instrumentation: string;
  readonly tenant: string | null;
  readonly where: PredicateJson | null;
}

/** Values from low to below high; null: open. */
export type Band = Required<Pick<Selection, "low" | "high">>;

/** Epoch seconds, `to` exclusive. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export async function readTenants(): Promise<readonly TenantInfo[]> {
  return (await ask("GET", "/v1/tenants")).tenants;
}

export async function readMetrics(): Promise<readonly MetricInfo[]> {
  return (await ask("GET", "/v1/metrics")).metrics;
}

export async function readInstrumentations(): Promise<readonly InstrumentationInfo[]> {
  return (await ask("GET", "/v1/instrumentations")).instrumentations;
}

export async function createInstrumentation(
  metric: string,
  decomposition: readonly string[],
): Promise<InstrumentationInfo> {
  const made = await ask("POST", "/v1/instrumentations", { body: { metric, decomposition } });
  return made as InstrumentationInfo;
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
  const query = { ...stretch, columns, by: groups?.by ?? null, ...viewOf(scope), keys: [...(groups?.keys ?? [])] };
  const path = addressOf("GET", "/v1/instrumentations/{id}/heatmap", { ids: [scope.instrumentation], query });
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
  const query = { by, ...stretch, low: band?.low ?? null, high: band?.high ?? null, ...viewOf(scope) };
  return ask("GET", "/v1/instrumentations/{id}/breakdown", { ids: [scope.instrumentation], query, signal });
}

export async function readSeries(
  scope: Scope,
  by: string | null,
  stretch: Stretch,
  columns: number,
  limit: number,
  signal: AbortSignal,
): Promise<Series> {
  const query = { by, ...stretch, columns, limit, ...viewOf(scope) };
  return ask("GET", "/v1/instrumentations/{id}/series", { ids: [scope.instrumentation], query, signal });
}

export function livePath(scope: Scope, since: number): string {
  const query: QueryOf<"GET", "/v1/instrumentations/{id}/live"> = { since, ...viewOf(scope) };
  return addressOf("GET", "/v1/instrumentations/{id}/live", { ids: [scope.instrumentation], query });
}

/** Whose rows, and which. */
export function viewOf({ tenant, where }: Scope): { readonly tenant: string | null; readonly where: string | null } {
  return { tenant, where: where === null ? null : JSON.stringify(where) };
}
