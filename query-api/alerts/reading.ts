/**
 * reading.ts: one evaluation of one rule: for each of its keys what the condition comes to at a time, from windows wherever they are (memory, or
 * ticks of the past): the present and the tried past are evaluated by the same lines.
 */
import { measure, type Baseline, type Reading, type WindowSums } from "../../core/alerts/measure.ts";
import { isOfCoverage, MAX_KEYS_PER_RULE, type Rule } from "../../core/alerts/rule.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import type { CountWindow, CoverageWindow } from "./sliding.ts";

/** Windows that end at the time of the evaluation. */
export interface Windows {
  readonly counts: CountWindow;
  readonly coverage: CoverageWindow;
  /** How long they really are: longer than asked where only minutes are left. */
  readonly windowSec: number;
}

export interface EvaluationGround {
  readonly rule: Rule;
  readonly buckets: Buckets | null;
  readonly granularitySec: number;
  /** From base units to what the rule's numbers are in: 1, but for time on CPU, which is in percent. */
  readonly factor: number;
  /** The hosts that the rule's reader expects. */
  readonly hosts: readonly string[];
  /** Hosts by zone, of the reader's zones. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly over: (windowSec: number) => Windows;
  /** Undefined: none is known (yet). */
  readonly baselineOf: (key: string) => Baseline | undefined;
  /** Keys that are pending or fire. */
  readonly open: Iterable<string>;
  /** All keys that have a state. */
  readonly known: Iterable<string>;
}

/** The reading of each key; the key of a rule without `per` is "". */
export function readingsOf(ground: EvaluationGround): Map<string, Reading> {
  const readings = new Map<string, Reading>();
  for (const key of keysOf(ground)) {
    if (readings.size >= MAX_KEYS_PER_RULE) break;
    readings.set(key, readingOf(ground, key));
  }
  return readings;
}

function readingOf(ground: EvaluationGround, key: string): Reading {
  const { rule, buckets, granularitySec, factor, baselineOf } = ground;
  const hosts = hostsOf(ground, key);
  const over = (asked: number): WindowSums => {
    const { counts, coverage, windowSec } = ground.over(asked);
    const { watched, dropped, ticks } = coverage.of(hosts);
    const isScalar = buckets === null && (rule.condition.kind === "scalar" || rule.condition.kind === "rate");
    return {
      windowSec,
      watched,
      dropped,
      expected: hosts.length * Math.round(windowSec / granularitySec),
      seconds: ticks * granularitySec,
      counts: counts.counts(key),
      scalars: isScalar ? counts.scalars(key, (ts) => coverage.at(ts, hosts)).map((value) => value * factor) : [],
    };
  };
  return measure(rule.condition, {
    buckets,
    over,
    baseline: rule.condition.kind === "shape" ? baselineOf(key) : undefined,
  });
}

/** Whose word it takes to know something of a key: the hosts of a zone, the host itself, or all that the reader expects. */
function hostsOf({ rule, hosts, zones }: EvaluationGround, key: string): readonly string[] {
  if (rule.per === "hostname") return oneHost(key);
  if (rule.per !== "zonename") return hosts;
  // A zone that is no more: what the others say of it holds, which is nothing, so that its alert ends.
  return zones.get(key) ?? hosts;
}

const singles = new Map<string, readonly string[]>();

/** The same list each time: windows know their answers by it. */
function oneHost(host: string): readonly string[] {
  let list = singles.get(host);
  if (list === undefined) {
    if (singles.size > 100_000) singles.clear();
    singles.set(host, (list = [host]));
  }
  return list;
}

/**
 * Keys that are bad, those that are there whether they do anything or not, those that were counted, and last those that were bad once: where
 * there are more than may be looked at, a key that has gone must not keep out one that is there.
 */
function keysOf({ rule, hosts, zones, over, open, known }: EvaluationGround): Iterable<string> {
  if (rule.per === null) return [""];
  const keys = new Set<string>(open);
  if (rule.per === "hostname") for (const host of hosts) keys.add(host);
  if (rule.per === "zonename") for (const zone of zones.keys()) keys.add(zone);
  if (!isOfCoverage(rule.condition.kind)) {
    const windowSec =
      rule.condition.kind === "burn" ? (rule.condition.windows[0]?.longSec ?? 0) : rule.condition.windowSec;
    for (const key of over(windowSec).counts.keys()) keys.add(key);
  }
  for (const key of known) keys.add(key);
  return keys;
}
