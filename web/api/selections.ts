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
import { addressOf, ask, type Answer, type BodyOf } from "./client.ts";
import { viewOf, type Scope } from "./resources.ts";

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
  return ask("POST", "/v1/selections/compare", { body: { ...pairBody(pair), limit }, signal });
}

export async function difference(pair: Pair, columns: number, signal: AbortSignal): Promise<SelectionDifference> {
  // The page draws none of "rest" (difference-panel.tsx).
  const body = { ...pairBody(pair), columns } as BodyOf<"POST", "/v1/selections/difference">;
  return ask("POST", "/v1/selections/difference", { body, signal });
}

/** What measuring the selection with one more field would be; nothing is made. */
export async function previewFollowUp(scope: Scope, region: Region, by: string): Promise<InstrumentationPreview> {
  const preview = await askFollowUp(scope, region, by, true);
  return preview as InstrumentationPreview;
}

export async function followUp(scope: Scope, region: Region, by: string): Promise<InstrumentationInfo> {
  return (await askFollowUp(scope, region, by, false)) as InstrumentationInfo;
}

/**
 * The address of a file: the region by one key; or, without a key, all stored rows of its time, whatever their values.
 */
export function exportPath(scope: Scope, region: Region, by: string | null, format: ExportFormat): string {
  const { from, to, low, high } = region;
  const what = by === null ? { value: "windows" as const } : { value: "breakdown" as const, by, low, high };
  const query = { ...what, format, from, to, ...viewOf(scope) };
  return addressOf("GET", "/v1/instrumentations/{id}/export", { ids: [scope.instrumentation], query });
}

async function askFollowUp(
  scope: Scope,
  region: Region,
  by: string,
  dryRun: boolean,
): Promise<Answer<"POST", "/v1/selections/follow-up">> {
  const body = { selection: selectionOf(scope, region), by, ...(dryRun && { dryRun }) };
  return ask("POST", "/v1/selections/follow-up", { body });
}

function pairBody({ scope, a, against, b }: Pair) {
  const other = against === "selection" && b !== null ? { b: selectionOf(scope, b) } : {};
  const tenant = scope.tenant === null ? {} : { tenant: scope.tenant };
  return { a: selectionOf(scope, a), ...other, against, ...tenant };
}

function selectionOf({ instrumentation, where }: Scope, { from, to, low, high }: Region): Selection {
  return { instrumentation, from, to, low, high, where: where ?? {} };
}
