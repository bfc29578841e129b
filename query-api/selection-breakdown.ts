/**
 * selection-breakdown.ts: how a selection falls apart, by one key or by all, to the unit.
 */
import type { SelectionBreakdown } from "../core/api.ts";
import type { StoreClient } from "../store/client.ts";
import type { ExpectedHosts } from "./expected.ts";
import { planTotal } from "./planner.ts";
import { readSums } from "./selection-sums.ts";
import { answeredWith, refusal, requireSummable, watchingOf, type Selected } from "./selection.ts";
import { keysOf } from "./view.ts";
import { UNWATCHED } from "./watching.ts";

/** @param by a key; undefined: every key that there is */
export async function readSelectionBreakdown(
  store: StoreClient,
  selected: Selected,
  { by, limit }: { readonly by: string | undefined; readonly limit: number },
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<SelectionBreakdown> {
  requireSummable(selected, "selection");
  const fields = chosenKeys(by, keysOf(selected.view.spec));
  const plan = await planTotal(store, selected.view, selected.range, nowSec, signal);
  const watching = [watchingOf(selected, plan, expected)];
  const sums = await readSums(store, [{ selected, plan, to: "a" }], fields, "total", limit, signal, watching);
  const selection = answeredWith(selected, plan, sums.watched[0] ?? UNWATCHED);
  return {
    selection,
    exact: true,
    total: known(sums.totalA, selection.watchedSec),
    breakdowns: sums.byKey.map(({ by: key, values, totalA: total, parts }) => ({
      by: key,
      values,
      total,
      other: total - parts.reduce((sum, each) => sum + each.a, 0),
      parts: parts.map((each) => ({ key: each.key, total: each.a })),
    })),
  };
}

/** @throws InputError naming `by` */
export function chosenKeys(by: string | undefined, keys: readonly string[]): string[] {
  if (by === undefined) return [...keys];
  if (keys.includes(by)) return [by];
  const message = keys.length === 0 ? "expected none: there are no keys" : `expected one of ${keys.join(", ")}`;
  throw refusal("by", "UNKNOWN_FIELD", message);
}

/** A total of nothing that was watched is not zero. */
export function known(total: number, watchedSec: number): number | null {
  return total === 0 && watchedSec === 0 ? null : total;
}
