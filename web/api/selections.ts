/**
 * selections.ts: what is asked of a rectangle: its comparison, its difference, the question that follows it, and its files.
 */
import type {
  Against,
  InstrumentationInfo,
  InstrumentationPreview,
  SelectionComparison,
  SelectionDifference,
} from "../../core/api.ts";
import type { Selection } from "../../core/selection.ts";
import type { Region } from "../view/region.ts";
import { call, query } from "./client.ts";
import type { Scope } from "./resources.ts";

export const EXPORT_FORMATS = ["csv", "jsonl", "parquet", "arrow"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface Pair {
  readonly scope: Scope;
  readonly a: Region;
  readonly against: Against;
  /** With "selection" only. */
  readonly b: Region | null;
}

export async function compare(pair: Pair, limit: number, signal: AbortSignal): Promise<SelectionComparison> {
  return post("compare", { ...pairBody(pair), limit }, signal);
}

export async function difference(pair: Pair, columns: number, signal: AbortSignal): Promise<SelectionDifference> {
  return post("difference", { ...pairBody(pair), columns }, signal);
}

/** What measuring the selection with one more field would be; nothing is made. */
export async function previewFollowUp(scope: Scope, region: Region, by: string): Promise<InstrumentationPreview> {
  return post("follow-up", { ...followUpBody(scope, region, by), dryRun: true });
}

export async function followUp(scope: Scope, region: Region, by: string): Promise<InstrumentationInfo> {
  return post("follow-up", followUpBody(scope, region, by));
}

/**
 * The address of a file: the region by one key; or, without a key, all stored rows of its time, whatever their values.
 */
export function exportPath(scope: Scope, region: Region, by: string | null, format: ExportFormat): string {
  const { from, to, low, high } = region;
  const where = scope.where === null ? null : JSON.stringify(scope.where);
  const what = by === null ? { value: "windows" } : { value: "breakdown", by, low, high };
  const params = { ...what, format, from, to, tenant: scope.tenant, where };
  return `/v1/instrumentations/${encodeURIComponent(scope.instrumentation)}/export${query(params)}`;
}

function pairBody({ scope, a, against, b }: Pair): object {
  const other = against === "selection" && b !== null ? { b: selectionOf(scope, b) } : {};
  const tenant = scope.tenant === null ? {} : { tenant: scope.tenant };
  return { a: selectionOf(scope, a), ...other, against, ...tenant };
}

function followUpBody(scope: Scope, region: Region, by: string): object {
  return { selection: selectionOf(scope, region), by };
}

function selectionOf({ instrumentation, where }: Scope, { from, to, low, high }: Region): Selection {
  return { instrumentation, from, to, low, high, where: where ?? {} };
}

async function post<T>(kind: string, body: object, signal?: AbortSignal): Promise<T> {
  const path = `/v1/selections/${kind}`;
  const response = await call(path, { method: "POST", body, ...(signal === undefined ? {} : { signal }) });
  return (await response.json()) as T;
}
