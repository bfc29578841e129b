/**
 * rule-words.ts: a rule as people say it: `p99 of latency over 1 min above 10 ms for 30 s, until below 8 ms`.
 */
import { thresholdOf, type Condition, type Kind, type Rule } from "../../core/alerts/rule.ts";
import { unitOfValues, type UnitGround } from "../../core/alerts/unit.ts";
import { valueText } from "../../core/alerts/value-text.ts";
import { formatRange } from "../../core/units.ts";
import { quantileText, secondsText, shareText } from "./typed.ts";

export { amountWords, valueText } from "../../core/alerts/value-text.ts";

/** Kinds of condition as the form names them, and what each looks at. */
export const KIND_WORDS: Readonly<Record<Kind, readonly [name: string, detail: string]>> = {
  quantile: ["a percentile", "the value below which a share of the events lie"],
  share: ["the share above a value", "slow ones among all"],
  burn: ["an SLO’s burn rate", "how fast the budget of an objective is spent"],
  mass: ["a region", "events within a band of values, their number or share"],
  shape: ["a change of shape", "the distribution against the same hour of past days"],
  rate: ["a rate", "events a second"],
  scalar: ["a reading", "mean, largest or smallest"],
  absent: ["no data", "nobody has watched"],
  coverage: ["coverage", "the share of what should be watched and is not"],
  drops: ["drops", "events known to be lost"],
};

/** What the threshold asks: `above 10 ms`. */
export function thresholdText(condition: Condition, ground: UnitGround | null): string {
  if (condition.kind === "absent") return "";
  const { direction, value } = thresholdOf(condition);
  return `${direction} ${valueText(value, condition, ground)}`;
}

/** What is measured and when that is bad, without for whom. */
export function conditionText(condition: Condition, ground: UnitGround | null): string {
  const numeric = ground?.numeric ?? "value";
  const values = ground === null ? "" : unitOfValues(ground);
  const events = ground?.metric.unit ?? "events";
  const bar = thresholdText(condition, ground);
  const over = "windowSec" in condition ? ` over ${secondsText(condition.windowSec)}` : "";
  switch (condition.kind) {
    case "quantile":
      return `${quantileText(condition.q)} of ${numeric}${over} ${bar}`;
    case "share":
      return `share of ${events} ${formatRange(condition.over, null, values)}${over} ${bar}`;
    case "burn":
      return `${shareText(condition.objective)} of ${events} ${formatRange(null, condition.over, values)}: the budget burns too fast`;
    case "mass": {
      const what = condition.as === "share" ? `share of ${events}` : events;
      return `${what} ${formatRange(condition.low, condition.high, values)}${over} ${bar}`;
    }
    case "shape":
      return `shape of ${numeric}${over} further than ${valueText(condition.threshold.value, condition, ground)} from the same hour of ${condition.days} days`;
    case "rate":
      return `${events} a second${over} ${bar}`;
    case "scalar":
      return `${condition.of} of ${events}${over} ${bar}`;
    case "absent":
      return `nobody has watched for ${secondsText(condition.windowSec)}`;
    case "coverage":
      return `share not watched${over} ${bar}`;
    case "drops":
      return `events lost a second${over} ${bar}`;
  }
}

/** How fast a budget may burn, and for how long; "" for other conditions. */
export function windowsText(condition: Condition): string {
  if (condition.kind !== "burn") return "";
  const pairs = condition.windows.map(
    ({ longSec, shortSec, factor }) => `${factor} × in ${secondsText(longSec)} and ${secondsText(shortSec)}`,
  );
  return pairs.join(", or ");
}

/** For how long, and until when. */
export function durationWords({ condition, forSec, keepSec }: Rule, ground: UnitGround | null): string {
  const parts: string[] = [];
  if (forSec > 0) parts.push(`for ${secondsText(forSec)}`);
  if ("threshold" in condition && condition.threshold.resolve !== condition.threshold.value) {
    const { direction, resolve } = condition.threshold;
    parts.push(`until ${direction === "above" ? "not above" : "not below"} ${valueText(resolve, condition, ground)}`);
  }
  if (keepSec > 0) parts.push(`ends after ${secondsText(keepSec)} of good`);
  return parts.join(", ");
}
