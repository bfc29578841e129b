/**
 * read-rule.ts: a rule as it comes from a file or a request, read and checked. The only way one gets in.
 *
 *   {"name": "slow reads", "instrumentation": "0123456789abcdef", "where": {"eq": ["syscall", "read"]}, "per": "zonename",
 *    "condition": {"kind": "quantile", "q": 0.99, "windowSec": 60, "above": 10000000, "resolve": 8000000},
 *    "forSec": 30, "labels": {"severity": "page"}, "annotations": {"summary": "{{ labels.zonename }}: p99 is {{ value }}"}}
 *
 * Whether the rule fits its instrumentation (fields of `where`, buckets, granularity) is asked by `checkRule`, which knows that.
 */
import { InputError, type FieldError } from "../errors.ts";
import { bucketsOf, type Buckets } from "../histogram/buckets.ts";
import type { Spec } from "../instrumentation.ts";
import type { Scope } from "../metric.ts";
import {
  isOfCoverage,
  MAX_WINDOW_SEC,
  MEMORY_SEC,
  needsBuckets,
  windowsOf,
  type BurnWindow,
  type Condition,
  type Direction,
  type Kind,
  type Rule,
  type Threshold,
} from "./rule.ts";
import { templateProblem } from "./template.ts";

const FIELDS = [
  ...["name", "instrumentation", "tenant", "where", "per", "condition", "everySec", "forSec", "keepSec", "onNoData"],
  ...["labels", "annotations", "hooks", "paused"],
];
const CONDITION_FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  quantile: ["q", "windowSec", "above", "below", "resolve"],
  share: ["over", "windowSec", "above", "below", "resolve"],
  burn: ["over", "objective", "windows"],
  rate: ["windowSec", "above", "below", "resolve"],
  scalar: ["of", "windowSec", "above", "below", "resolve"],
  mass: ["low", "high", "as", "windowSec", "above", "below", "resolve"],
  shape: ["days", "minDays", "minEvents", "windowSec", "above", "resolve"],
  absent: ["windowSec"],
  coverage: ["windowSec", "above", "resolve"],
  drops: ["windowSec", "above", "resolve"],
};
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;
const MAX_TEXT = 1024;
const DAY_SEC = 86_400;

/**
 * The windows of the SRE Workbook's table 5-8 for an objective over 30 days: 2 % of the budget in an hour, 5 % in six, 10 % in three
 * days.
 */
const DEFAULT_BURN: readonly BurnWindow[] = [
  { longSec: 3600, shortSec: 300, factor: 14.4 },
  { longSec: 6 * 3600, shortSec: 1800, factor: 6 },
  { longSec: 3 * DAY_SEC, shortSec: 6 * 3600, factor: 1 },
];

/**
 * Reads the JSON form.
 *
 * @param path what errors call the place of the rule in its input: `rules[3]`; "": the fields stand alone
 * @throws InputError naming each wrong field, as in `condition.windowSec`
 */
export function parseRule(json: unknown, path = ""): Rule {
  const reader = new Reader(path);
  const given = reader.object(json, "", FIELDS);
  const condition = readCondition(reader, given["condition"]);
  const everySec = reader.whole(given["everySec"], "everySec", 1, 3600, 10);
  const rule: Rule = {
    name: reader.text(given["name"], "name", 1, 100),
    instrumentation: reader.matching(
      given["instrumentation"],
      "instrumentation",
      /^[0-9a-f]{16}$/,
      "an instrumentation's id",
    ),
    tenant: reader.textOrNull(given["tenant"], "tenant", 64),
    where: reader.plain(given["where"] ?? {}, "where"),
    per: reader.textOrNull(given["per"], "per", 64),
    condition,
    everySec,
    forSec: reader.whole(given["forSec"], "forSec", 0, DAY_SEC, 0),
    keepSec: reader.whole(given["keepSec"], "keepSec", 0, DAY_SEC, 0),
    onNoData: reader.word(given["onNoData"], "onNoData", ["hold", "fire", "resolve"] as const, "hold"),
    labels: readLabels(reader, given["labels"]),
    annotations: readAnnotations(reader, given["annotations"]),
    hooks: reader.texts(given["hooks"], "hooks", 20),
    paused: reader.flag(given["paused"], "paused"),
  };
  reader.end("read an alert rule");
  return rule;
}

/** What a rule is checked against. */
export interface RuleGround {
  readonly spec: Spec;
  readonly scope: Scope;
  /** Whether the rule's owner is an operator. */
  readonly isOperator: boolean;
}

/** @throws InputError naming what does not fit the instrumentation */
export function checkRule(rule: Rule, { spec, scope, isOperator }: RuleGround, path = ""): void {
  const reader = new Reader(path);
  const { condition, per } = rule;
  const keys = spec.zoned ? ["zonename", ...spec.keys] : [...spec.keys];
  if (needsBuckets(condition.kind) && spec.scheme === null) {
    reader.fail(
      "condition.kind",
      "NOT_A_DISTRIBUTION",
      `expected rate, scalar, absent, coverage or drops: the instrumentation keeps scalars`,
    );
  }
  if (condition.kind === "scalar" && spec.scheme !== null) {
    reader.fail(
      "condition.kind",
      "NOT_A_SCALAR",
      "expected quantile, share, rate or mass: the instrumentation keeps distributions",
    );
  }
  if (condition.kind === "rate" && scope === "point") {
    reader.fail("condition.kind", "NOT_SUMMABLE", "expected scalar: a gauge's readings have no rate");
  }
  for (const sec of windowsOf(condition)) {
    if (sec % spec.granularitySec !== 0) {
      reader.fail(
        "condition.windowSec",
        "BAD_WINDOW",
        `expected a multiple of ${spec.granularitySec} s, the granularity`,
      );
    }
  }
  if (rule.tenant !== null && !isOperator)
    reader.fail("tenant", "OPERATOR_ONLY", "expected none: a tenant's rules see its own");
  if (isOfCoverage(condition.kind)) {
    const allowed = isOperator && rule.tenant === null ? ["hostname", "zonename"] : ["zonename"];
    const fits = per === null || (allowed.includes(per) && (per !== "zonename" || spec.zoned));
    if (!fits) reader.fail("per", "UNKNOWN_FIELD", `expected one of ${allowed.join(", ")}, or none`);
    if (Object.keys(rule.where).length > 0) {
      reader.fail("where", "NOT_COUNTED", "expected none: what was watched has no keys");
    }
  } else if (per !== null && !keys.includes(per)) {
    reader.fail(
      "per",
      "UNKNOWN_FIELD",
      keys.length === 0 ? "expected none: there are no keys" : `expected one of ${keys.join(", ")}`,
    );
  }
  if (spec.scheme !== null) checkBuckets(reader, condition, bucketsOf(spec.scheme));
  reader.end(`check the alert rule ${rule.name}`);
}

function checkBuckets(reader: Reader, condition: Condition, buckets: Buckets): void {
  if ((condition.kind === "share" || condition.kind === "burn") && firstOver(buckets, condition.over) === null) {
    reader.fail("condition.over", "NO_BUCKET", "expected a value with a whole bucket at or above it");
  }
  if (condition.kind !== "mass") return;
  if (regionOf(buckets, condition.low, condition.high) === null) {
    reader.fail("condition.low", "NO_BUCKET", "expected a region with a whole bucket in it");
  }
}

/** The first bucket that begins at or above a value; null where none does. */
export function firstOver(buckets: Buckets, value: number): number | null {
  for (let index = buckets.first; index <= buckets.last; index++) {
    if ((buckets.lowOf(index) ?? -Infinity) >= value) return index;
  }
  return null;
}

/** The first and the last bucket that lie in [low, high) as a whole; null where none does. */
export function regionOf(buckets: Buckets, low: number | null, high: number | null): readonly [number, number] | null {
  let first: number | null = null;
  let last = 0;
  for (let index = buckets.first; index <= buckets.last; index++) {
    const from = buckets.lowOf(index) ?? -Infinity;
    const to = buckets.highOf(index) ?? Infinity;
    if (from < (low ?? -Infinity) || to > (high ?? Infinity)) continue;
    first ??= index;
    last = index;
  }
  return first === null ? null : [first, last];
}

function readCondition(reader: Reader, json: unknown): Condition {
  const at = "condition";
  const kinds = Object.keys(CONDITION_FIELDS) as Kind[];
  const record = isRecord(json) ? json : {};
  if (!isRecord(json)) reader.fail(at, "NOT_AN_OBJECT", "expected keys and values");
  const kind = reader.word(record["kind"], `${at}.kind`, kinds);
  // Of which kind the other fields should be nobody knows.
  if (record["kind"] !== kind) return { kind: "absent", windowSec: 1 };
  const given = reader.object(json, at, ["kind", ...CONDITION_FIELDS[kind]]);
  const windowSec = (most = MAX_WINDOW_SEC): number => reader.whole(given["windowSec"], `${at}.windowSec`, 1, most, 60);
  const threshold = (min = -Infinity, max = Infinity): Threshold => readThreshold(reader, given, at, min, max);
  const number = (name: string, min: number, max: number): number =>
    reader.number(given[name], `${at}.${name}`, min, max);
  switch (kind) {
    case "quantile":
      return { kind, q: number("q", 0, 1), windowSec: windowSec(), threshold: threshold() };
    case "share":
      return { kind, over: number("over", -Infinity, Infinity), windowSec: windowSec(), threshold: threshold(0, 1) };
    case "burn":
      return {
        ...{ kind, over: number("over", -Infinity, Infinity), objective: number("objective", 0.5, 0.999999) },
        windows: readBurnWindows(reader, given["windows"], `${at}.windows`),
      };
    case "rate":
      return { kind, windowSec: windowSec(), threshold: threshold() };
    case "scalar":
      return {
        ...{ kind, of: reader.word(given["of"], `${at}.of`, ["mean", "max", "min"] as const, "mean") },
        ...{ windowSec: windowSec(MEMORY_SEC), threshold: threshold() },
      };
    case "mass": {
      const low = reader.numberOrNull(given["low"], `${at}.low`);
      const high = reader.numberOrNull(given["high"], `${at}.high`);
      if (low !== null && high !== null && low >= high)
        reader.fail(`${at}.high`, "BAD_RANGE", "expected a value above `low`");
      const as = reader.word(given["as"], `${at}.as`, ["count", "share"] as const, "count");
      return { kind, low, high, as, windowSec: windowSec(), threshold: threshold(0) };
    }
    case "shape": {
      const days = reader.whole(given["days"], `${at}.days`, 1, 28, 7);
      return {
        ...{ kind, days, minDays: reader.whole(given["minDays"], `${at}.minDays`, 1, days, Math.min(3, days)) },
        ...{ minEvents: reader.whole(given["minEvents"], `${at}.minEvents`, 1, 1e9, 1000) },
        ...{ windowSec: windowSec(3600), threshold: threshold(0) },
      };
    }
    case "absent":
      return { kind, windowSec: windowSec(MEMORY_SEC) };
    case "coverage":
      return { kind, windowSec: windowSec(), threshold: threshold(0, 1) };
    case "drops":
      return { kind, windowSec: windowSec(), threshold: threshold(0) };
  }
}

function readThreshold(reader: Reader, given: Json, at: string, min: number, max: number): Threshold {
  const { above, below, resolve } = given;
  if ((above === undefined) === (below === undefined)) {
    reader.fail(`${at}.above`, "REQUIRED", "expected a number in `above`, or in `below`, and not in both");
  }
  const direction: Direction = above === undefined && below !== undefined ? "below" : "above";
  const value = reader.number(given[direction] ?? 0, `${at}.${direction}`, min, max);
  const back = resolve === undefined ? value : reader.number(resolve, `${at}.resolve`, -Infinity, Infinity);
  if (direction === "above" ? back > value : back < value) {
    reader.fail(
      `${at}.resolve`,
      "BAD_RANGE",
      `expected at ${direction === "above" ? "most" : "least"} ${value}: it ends where it is better again`,
    );
  }
  return { direction, value, resolve: back };
}

function readBurnWindows(reader: Reader, json: unknown, at: string): readonly BurnWindow[] {
  if (json === undefined) return DEFAULT_BURN;
  if (!Array.isArray(json) || json.length === 0 || json.length > 6) {
    reader.fail(at, "NOT_A_LIST", "expected 1 to 6 of {longSec, shortSec, factor}");
    return DEFAULT_BURN;
  }
  return json.map((each: unknown, i) => {
    const here = `${at}[${i}]`;
    const given = reader.object(each, here, ["longSec", "shortSec", "factor"]);
    const longSec = reader.whole(given["longSec"], `${here}.longSec`, 2, MAX_WINDOW_SEC);
    const shortSec = reader.whole(given["shortSec"], `${here}.shortSec`, 1, Math.max(1, longSec - 1));
    return { longSec, shortSec, factor: reader.number(given["factor"], `${here}.factor`, 0.001, 1e6) };
  });
}

function readLabels(reader: Reader, json: unknown): Record<string, string> {
  return reader.dictionary(json, "labels", 20, (name, at) => {
    if (!LABEL_NAME.test(name))
      reader.fail(at, "BAD_NAME", "expected a name of letters, digits and _, not beginning with a digit");
    else if (name === "alertname") reader.fail(at, "RESERVED", "expected another name: alertname is the rule's name");
  });
}

function readAnnotations(reader: Reader, json: unknown): Record<string, string> {
  return reader.dictionary(json, "annotations", 20, (name, at, text) => {
    if (!LABEL_NAME.test(name))
      reader.fail(at, "BAD_NAME", "expected a name of letters, digits and _, not beginning with a digit");
    const problem = templateProblem(text);
    if (problem !== undefined) reader.fail(at, "BAD_TEMPLATE", problem);
  });
}

type Json = Readonly<Record<string, unknown>>;

/** Reads fields one by one and keeps what is wrong of each. */
export class Reader {
  readonly #path: string;
  readonly #errors: FieldError[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  fail(at: string, code: string, message: string): void {
    const field = [this.#path, at].filter((part) => part !== "").join(".");
    this.#errors.push({ field, code, message });
  }

  /** @throws InputError where any field was wrong */
  end(attempt: string): void {
    if (this.#errors.length > 0) throw new InputError(attempt, this.#errors);
  }

  object(json: unknown, at: string, fields: readonly string[]): Json {
    const given = this.plain(json, at);
    for (const name of Object.keys(given)) {
      if (!fields.includes(name))
        this.fail(at === "" ? name : `${at}.${name}`, "UNKNOWN_FIELD", `expected only ${fields.join(", ")}`);
    }
    return given;
  }

  plain(json: unknown, at: string): Json {
    if (isRecord(json)) return json;
    this.fail(at, "NOT_AN_OBJECT", "expected keys and values");
    return {};
  }

  text(value: unknown, at: string, min: number, max: number): string {
    if (typeof value === "string" && value.length >= min && value.length <= max && !hasControl(value)) return value;
    this.fail(at, "BAD_TEXT", `expected text of ${min} to ${max} characters`);
    return "";
  }

  textOrNull(value: unknown, at: string, max: number): string | null {
    return value === undefined || value === null ? null : this.text(value, at, 1, max);
  }

  texts(value: unknown, at: string, most: number): string[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length <= most)
      return value.map((each, i) => this.text(each, `${at}[${i}]`, 1, 100));
    this.fail(at, "NOT_A_LIST", `expected a list of at most ${most} names`);
    return [];
  }

  matching(value: unknown, at: string, pattern: RegExp, expected: string): string {
    if (typeof value === "string" && pattern.test(value)) return value;
    this.fail(at, "BAD_ID", `expected ${expected}`);
    return "";
  }

  number(value: unknown, at: string, min: number, max: number): number {
    if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
    const bounds = min === -Infinity ? "" : max === Infinity ? ` of at least ${min}` : ` from ${min} to ${max}`;
    this.fail(at, "BAD_NUMBER", `expected a number${bounds}`);
    return 0;
  }

  numberOrNull(value: unknown, at: string): number | null {
    return value === undefined || value === null ? null : this.number(value, at, -Infinity, Infinity);
  }

  whole(value: unknown, at: string, min: number, max: number, otherwise?: number): number {
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    this.fail(at, "BAD_NUMBER", `expected a whole number from ${min} to ${max}`);
    return otherwise ?? min;
  }

  word<T extends string>(value: unknown, at: string, words: readonly T[], otherwise?: T): T {
    if (value === undefined && otherwise !== undefined) return otherwise;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    this.fail(at, "UNKNOWN_WORD", `expected one of ${words.join(", ")}`);
    return words[0] as T;
  }

  flag(value: unknown, at: string): boolean {
    if (value === undefined || typeof value === "boolean") return value ?? false;
    this.fail(at, "NOT_A_FLAG", "expected true or false");
    return false;
  }

  dictionary(
    json: unknown,
    at: string,
    most: number,
    check: (name: string, at: string, text: string) => void,
  ): Record<string, string> {
    const given = this.plain(json ?? {}, at);
    const entries = Object.entries(given);
    if (entries.length > most) this.fail(at, "TOO_MANY", `expected at most ${most}`);
    const read: [string, string][] = [];
    for (const [name, value] of entries.slice(0, most)) {
      const text = this.text(value, `${at}.${name}`, 0, MAX_TEXT);
      check(name, `${at}.${name}`, text);
      read.push([name, text]);
    }
    return Object.fromEntries(read);
  }
}

/** Control characters end lines and colour terminals wherever an alert is shown. */
function hasControl(text: string): boolean {
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (code < 32 || (code >= 127 && code < 160)) return true;
  }
  return false;
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON form of a rule: `parseRule` reads it back to an equal one. */
export function ruleJson({ condition, ...rest }: Rule): Record<string, unknown> {
  if (!("threshold" in condition)) return { ...rest, condition };
  const { threshold, ...other } = condition;
  return { ...rest, condition: { ...other, [threshold.direction]: threshold.value, resolve: threshold.resolve } };
}
