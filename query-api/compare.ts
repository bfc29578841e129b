/**
 * compare.ts: what is different about a selection: the share of each value of each key in it, beside its share in another.
 *
 * Shares and not counts are compared, since a busier hour has more of everything. They add up to 1 on each side, `other` included.
 */
import type { Against, ComparedPart, SelectionComparison } from "../core/api.ts";
import type { StoreClient } from "../store/client.ts";
import type { ExpectedHosts } from "./expected.ts";
import { planTotal } from "./planner.ts";
import { chosenKeys, known } from "./selection-breakdown.ts";
import { readSums, type KeySums, type Source } from "./selection-sums.ts";
import { answeredWith, earlier, refusal, requireSummable, watchingOf, wholeOf, type Selected } from "./selection.ts";
import { keysOf } from "./view.ts";
import { UNWATCHED } from "./watching.ts";

/** How many seconds before. */
export const BEFORE_SEC: Readonly<Record<"hour" | "day" | "week", number>> = {
  hour: 3600,
  day: 86_400,
  week: 7 * 86_400,
};

/** The two sides of a comparison. `b` of "rest" is the whole of which `a` is a part. */
export interface Pair {
  readonly against: Against;
  readonly a: Selected;
  readonly b: Selected;
}

/** @param b the other selection; undefined unless `against` is "selection" @throws InputError naming `against` or `b` */
export function pairOf(a: Selected, against: Against, b: Selected | undefined): Pair {
  if ((against === "selection") !== (b !== undefined)) {
    const message = "expected another selection with against = selection, and only then";
    throw refusal(b === undefined ? "b" : "against", "BAD_PAIR", message);
  }
  if (b !== undefined) return { against, a, b };
  if (against === "rest") return { against, a, b: wholeOf(a) };
  return { against, a, b: earlier(a, BEFORE_SEC[against as keyof typeof BEFORE_SEC]) };
}

/** @param by a key that both have; undefined: every such key */
export async function readComparison(
  store: StoreClient,
  { against, a, b }: Pair,
  { by, limit }: { readonly by: string | undefined; readonly limit: number },
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<SelectionComparison> {
  requireSummable(a, "a");
  requireSummable(b, "b");
  const keysOfB = keysOf(b.view.spec);
  const fields = chosenKeys(
    by,
    keysOf(a.view.spec).filter((key) => keysOfB.includes(key)),
  );
  const [planA, planOfB] = await Promise.all([
    planTotal(store, a.view, a.range, nowSec, signal),
    against === "rest" ? undefined : planTotal(store, b.view, b.range, nowSec, signal),
  ]);
  const planB = planOfB ?? planA;
  const sources: Source[] =
    against === "rest"
      ? [{ selected: b, plan: planB, to: "split", part: a }]
      : [
          { selected: a, plan: planA, to: "a" },
          { selected: b, plan: planB, to: "b" },
        ];
  // The whole of a range was watched as its part was.
  const watching = [
    watchingOf(a, planA, expected),
    ...(planOfB === undefined ? [] : [watchingOf(b, planOfB, expected)]),
  ];
  const sums = await readSums(store, sources, fields, "difference", limit, signal, watching);
  const [watchedA = UNWATCHED, watchedB = watchedA] = sums.watched;
  const answeredA = answeredWith(a, planA, watchedA);
  const answeredB =
    planOfB === undefined ? { ...answeredA, low: b.low, high: b.high, where: {} } : answeredWith(b, planOfB, watchedB);
  return {
    against,
    a: answeredA,
    b: answeredB,
    exact: true,
    totalA: known(sums.totalA, answeredA.watchedSec),
    totalB: known(sums.totalB, answeredB.watchedSec),
    comparisons: sums.byKey.map(compared),
  };
}

function compared({ by, values, totalA, totalB, parts }: KeySums): SelectionComparison["comparisons"][number] {
  const share = (n: number, total: number): number | null => (total === 0 ? null : n / total);
  const row = (a: number, b: number): Omit<ComparedPart, "key"> => {
    const [shareA, shareB] = [share(a, totalA), share(b, totalB)];
    return { a, b, shareA, shareB, difference: shareA === null || shareB === null ? null : shareA - shareB };
  };
  const rest = (side: "a" | "b", total: number): number => total - parts.reduce((sum, each) => sum + each[side], 0);
  return {
    by,
    values,
    parts: parts.map(({ key, a, b }) => ({ key, ...row(a, b) })),
    other: row(rest("a", totalA), rest("b", totalB)),
  };
}
