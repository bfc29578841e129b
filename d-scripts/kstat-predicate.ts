/**
 * kstat-predicate.ts: what kstats can answer exactly; the rest is refused, by the API before a collector hears of it, and never
 * answered roughly.
 *
 * Where thresholds are counted, an operation's latency is known as a bucket only. A comparison whose boundary is an edge
 * (`ge` or `lt`, with a threshold or 0) is true of all of a bucket or of none; any other would cut through one.
 */
import { InputError } from "../core/errors.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import type { Spec } from "../core/instrumentation.ts";
import type { Constant, Predicate } from "../core/predicate.ts";
import type { Entry } from "./recipe.ts";

/** @throws InputError where the spec's predicate tests, or its scheme cuts, what this spec's kstats do not tell exactly */
export function requireTestable(spec: Spec, recipe: Entry["recipe"]): void {
  if (recipe.kind !== "kstat" || recipe.distribution?.kind !== "thresholds") return;
  const { distribution } = recipe;
  if (spec.scheme !== null && formatScheme(spec.scheme) !== distribution.scheme) {
    throw new InputError(`read an instrumentation of ${spec.metric}`, [
      { field: "scheme", code: "NOT_TESTABLE", message: `expected ${distribution.scheme}: the kernel counts so` },
    ]);
  }
  const edges = spec.scheme?.kind === "edges" ? spec.scheme.edges : [];
  const boundaries = new Set<Constant>(spec.numeric === null ? [] : [0, ...edges]);
  const visit = (at: Predicate): void => {
    if ("terms" in at) at.terms.forEach(visit);
    else if ("term" in at) visit(at.term);
    else if ("field" in at && at.field === distribution.field && !isBoundary(at, boundaries)) {
      const expected =
        spec.numeric === null
          ? `no test of ${at.field} without breaking down by it`
          : `ge or lt with one of ${[...boundaries].join(", ")} for ${at.field}`;
      throw new InputError(`read an instrumentation of ${spec.metric}`, [
        { field: "predicate", code: "NOT_TESTABLE", message: `expected ${expected}` },
      ]);
    }
  };
  visit(spec.predicate);
}

function isBoundary(test: Predicate, boundaries: ReadonlySet<Constant>): boolean {
  return (test.op === "ge" || test.op === "lt") && boundaries.has(test.value);
}
