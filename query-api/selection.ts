/**
 * selection.ts: a selection resolved for one reader: whose rows, which seconds, which buckets.
 *
 * The view decides whose rows, as for every other read; a selection cannot. What lies only partly in it (a bucket that `low` cuts, a
 * minute of which the seconds have gone) cannot be counted, and the answer says what was.
 */
import type { AnsweredSelection } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { metricName } from "../core/metric.ts";
import { predicateJson } from "../core/predicate.ts";
import { parseSelection, type Selection } from "../core/selection.ts";
import type { Request } from "../server/http.ts";
import { bucketsWithin } from "./breakdown.ts";
import type { QueryContext } from "./context.ts";
import type { RangeCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import type { Plan } from "./planner.ts";
import { parseRange } from "./resolution.ts";
import type { Range } from "./sql.ts";
import type { View } from "./view.ts";
import type { WatchedRange, Watching } from "./watching.ts";

export interface Selected {
  readonly selection: Selection;
  readonly view: View;
  readonly range: Range;
  /** The first and the last bucket, both inclusive; null: all, or scalars. */
  readonly buckets: readonly [number, number] | null;
  /** Edges of these; null: open. */
  readonly low: number | null;
  readonly high: number | null;
}

type Resolving = Pick<QueryContext, "viewOf" | "nowSec">;

/**
 * Reads a selection from a request's body, for the request's reader.
 *
 * @param path where it stands in the body
 * @throws OperationalError NOT_FOUND; InputError naming each wrong field below `path`
 */
export function resolveSelection(
  { viewOf, nowSec }: Resolving,
  request: Request,
  json: unknown,
  tenant: string | undefined,
  path = "selection",
): Selected {
  const selection = parseSelection(json, path);
  const { instrumentation, where, from, to } = selection;
  return below(path, () => {
    const view = viewOf(request, instrumentation, {
      ...(tenant !== undefined && { tenant }),
      where: JSON.stringify(where),
    });
    return { selection, view, range: parseRange(from, to ?? undefined, nowSec()), ...bucketsIn(view, selection) };
  });
}

/** The same, so many seconds earlier. @throws InputError where that is before 1970 */
export function earlier(selected: Selected, sec: number): Selected {
  const { fromTs, toTs } = selected.range;
  if (fromTs - sec < 0) throw refusal("against", "BAD_RANGE", "expected a selection that begins later than that");
  return { ...selected, range: { fromTs: fromTs - sec, toTs: toTs - sec } };
}

/** Everything of the selection's instrumentation in its range that its reader may see. */
export function wholeOf(selected: Selected): Selected {
  const view = { ...selected.view, where: { op: "true" } as const };
  return { ...selected, view, buckets: null, low: null, high: null };
}

/** @throws InputError for readings of a gauge, which may not be added up over time */
export function requireSummable({ view }: Selected, path: string): void {
  if (view.metric.scope !== "point" || view.spec.scheme !== null) return;
  const message = `expected counts; ${metricName(view.metric)} is a gauge, whose readings have no total: read its series`;
  throw refusal(`${path}.instrumentation`, "NOT_SUMMABLE", message);
}

/** Whose coverage says how much of a selection was watched. */
export function watchingOf({ view }: Selected, plan: Plan, expected: ExpectedHosts): Watching {
  return { view, plan, presence: expected.presence(plan.fromTs * 1000, plan.toTs * 1000) };
}

/** What a selection came to, with what was watched of it. */
export function answeredWith(
  { view, low, high }: Selected,
  { fromTs, toTs, tier }: Plan,
  { ticks, dropped }: WatchedRange,
): AnsweredSelection {
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    unit: view.metric.unit,
    fromTs,
    toTs,
    low,
    high,
    where: predicateJson(view.where),
    tier,
    watchedSec: Math.min(toTs - fromTs, ticks * view.spec.granularitySec),
    dropped,
  };
}

/** The same from coverage that has been read in columns. */
export function answered(selected: Selected, plan: Plan, { columns, covered }: RangeCoverage): AnsweredSelection {
  let [ticks, dropped] = [0, 0];
  for (const each of covered.values()) ticks += each;
  for (const each of columns.values()) dropped += each.dropped;
  return answeredWith(selected, plan, { ticks, dropped });
}

export function refusal(field: string, code: string, message: string): InputError {
  return new InputError("read a selection", [{ field, code, message }]);
}

function bucketsIn({ spec }: View, { low, high }: Selection): Pick<Selected, "buckets" | "low" | "high"> {
  const { scheme } = spec;
  if (low === null && high === null) return { buckets: null, low, high };
  const field = low === null ? "high" : "low";
  if (scheme === null) {
    throw refusal(field, "NOT_A_DISTRIBUTION", "expected no range of values: the instrumentation keeps scalars");
  }
  const [first, last] = bucketsWithin(scheme, low ?? -Infinity, high ?? Infinity);
  if (first > last) throw refusal(field, "NO_BUCKET", "expected a range with a whole bucket in it");
  const edges = bucketsOf(scheme);
  return { buckets: [first, last], low: edges.lowOf(first), high: edges.highOf(last) };
}

/** Has the errors of a part name the part's place. */
function below<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const errors = error.errors.map((each) => ({ ...each, field: `${path}.${each.field}` }));
    throw new InputError(error.message, errors, { cause: error });
  }
}
