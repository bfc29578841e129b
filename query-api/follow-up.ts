/**
 * follow-up.ts: from what stands out in a picture to the question behind it: an instrumentation of the selection alone, with one
 * more field.
 *
 *   what is measured   predicate P, by execname and latency
 *   the selection      execname = postgres, latency in [100 ms, 200 ms)
 *   the follow-up      P and execname = postgres and latency >= 100 ms and latency < 200 ms, by execname, latency and syscall
 *
 * It ends after some minutes, whoever reads it: a question, not a fixture.
 */
import { InputError } from "../core/errors.ts";
import { predicateJson, type PredicateJson } from "../core/predicate.ts";
import type { TokenRow } from "../store/tokens.ts";
import { metricsFor, type InstrumentationInput } from "./instrumentations.ts";
import type { Selected } from "./selection.ts";
import { keysOf } from "./view.ts";

export interface FollowUp {
  /** The field to add: any discrete one that is not there yet, or a numeric one where there is none. */
  readonly by: string;
  readonly minutes?: number | undefined;
  readonly label?: string | undefined;
}

export const DEFAULT_MINUTES = 10;
export const MAX_MINUTES = 1440;
/** Shorter where nobody looks. */
const IDLE_MAX_SEC = 600;
const MAX_LABEL = 200;

/** @throws InputError naming `by` */
export function followUpOf(
  selected: Selected,
  { by, minutes, label }: FollowUp,
  principal: TokenRow,
): InstrumentationInput {
  const { view, selection, low, high } = selected;
  const { instrumentation, metric, spec } = view;
  const fields = metricsFor(principal).find(
    ({ module, stat }) => module === metric.module && stat === metric.stat,
  )?.fields;
  const have = [...keysOf(spec), ...(spec.numeric === null ? [] : [spec.numeric])];
  const open = (fields ?? []).filter(
    ({ name, arity }) => !have.includes(name) && (arity === "discrete" || spec.numeric === null),
  );
  const field = open.find(({ name }) => name === by);
  if (field === undefined) {
    const names = open.map(({ name }) => name).join(", ");
    const message = names === "" ? "expected none: it has every field already" : `expected one of ${names}`;
    throw new InputError("follow a selection up", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
  }
  const lifeSec = (minutes ?? DEFAULT_MINUTES) * 60;
  return {
    metric: instrumentation.metric,
    predicate: allOf([
      ...termsOf(predicateJson(spec.predicate)),
      ...termsOf(selection.where),
      ...rangeTerms(spec.numeric, low, high),
    ]),
    decomposition: [...instrumentation.decomposition, by],
    scheme: instrumentation.scheme,
    granularitySec: spec.granularitySec,
    label: (label ?? `${instrumentation.label}, by ${field.label}`).slice(0, MAX_LABEL),
    idleMaxSec: Math.min(IDLE_MAX_SEC, lifeSec),
    lifeSec,
  };
}

function rangeTerms(numeric: string | null, low: number | null, high: number | null): PredicateJson[] {
  if (numeric === null) return [];
  return [...(low === null ? [] : [{ ge: [numeric, low] }]), ...(high === null ? [] : [{ lt: [numeric, high] }])];
}

/** What all have to hold, one level deep, since a predicate may have only a few. */
function termsOf(predicate: PredicateJson): PredicateJson[] {
  if (Object.keys(predicate).length === 0) return [];
  const terms = predicate["and"];
  return Array.isArray(terms) ? (terms as PredicateJson[]) : [predicate];
}

function allOf(terms: readonly PredicateJson[]): PredicateJson {
  const distinct = [...new Map(terms.map((term) => [JSON.stringify(term), term])).values()];
  const [only, ...more] = distinct;
  if (only === undefined) return {};
  return more.length === 0 ? only : { and: distinct };
}
