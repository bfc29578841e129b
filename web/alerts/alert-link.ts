/**
 * alert-link.ts: the address at which an alert can be looked at: its instrumentation, the time at which it came to be so, and the selection that it is
 * about.
 *
 * The view's terms say less than a predicate may (web/view/terms.ts): what they cannot say is left out of the link.
 */
import { badValuesOf } from "../../core/alerts/bad-values.ts";
import { windowsOf, type Rule } from "../../core/alerts/rule.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import { writeAddress } from "../view/address.ts";
import type { Shared } from "../view/route.ts";
import type { Term } from "../view/terms.ts";
import { DEFAULT_VIEW } from "../view/view.ts";
import type { Measured } from "./ground.ts";

/** A stretch in which something was bad, epoch seconds. */
export interface BadStretch {
  readonly key: string | null;
  readonly fromTs: number;
  /** Null: until now. */
  readonly toTs: number | null;
}

/** Before and after, so that one sees what changed. */
const MARGIN_SEC = 300;
/** A stretch longer than this is shown from its begin. */
const MAX_SEC = 6 * 3600;

/** @param measured null: the view falls back to what there is */
export function alertLink(
  rule: Rule,
  { key, fromTs, toTs }: BadStretch,
  measured: Measured | null,
  { tenant, theme, zone }: Shared,
  nowSec: number,
): string {
  const windowSec = Math.min(MAX_SEC, windowsOf(rule.condition).at(-1) ?? 60);
  const from = Math.floor(fromTs - windowSec);
  const to = Math.max(from + 1, Math.min(Math.floor(toTs ?? nowSec), from + MAX_SEC));
  const end = Math.min(Math.floor(nowSec), to + MARGIN_SEC);
  const { low, high } = badValuesOf(rule.condition);
  const own: Term[] =
    key === null || rule.per === null || rule.per === "hostname"
      ? []
      : [{ field: rule.per, not: false, values: [key] }];
  const isDistribution = measured === null || measured.numeric !== null;
  return `#${writeAddress({
    ...DEFAULT_VIEW,
    metric: measured?.info.metric ?? null,
    instrumentation: rule.instrumentation,
    where: [...termsOf(rule.where).filter(({ field }) => own[0]?.field !== field), ...own],
    range: { kind: "fixed", from: from - MARGIN_SEC, to: Math.max(end, to) },
    ...{ tenant: rule.tenant ?? tenant, theme, zone },
    selection: isDistribution ? { from, to, low, high } : null,
  })}`;
}

/** What of a predicate the view's terms can say. */
export function termsOf(where: PredicateJson): readonly Term[] {
  const [entry] = Object.entries(where);
  if (entry === undefined) return [];
  const [op, operand] = entry;
  if (op === "and" && Array.isArray(operand)) {
    const terms = operand.flatMap((each) => termsOf(each as PredicateJson));
    return terms.filter((term, i) => terms.findIndex(({ field }) => field === term.field) === i);
  }
  if (op === "not") {
    const [inner, ...others] = termsOf(operand as PredicateJson);
    return inner === undefined || others.length > 0 ? [] : [{ ...inner, not: !inner.not }];
  }
  if (!Array.isArray(operand)) return [];
  const [field, value] = operand as [unknown, unknown];
  if (typeof field !== "string") return [];
  const values = (Array.isArray(value) ? value : [value]).map(String);
  if (op === "eq" || op === "in") return [{ field, not: false, values }];
  return op === "ne" ? [{ field, not: true, values }] : [];
}
