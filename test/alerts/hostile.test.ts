/**
 * Whatever somebody sends as a rule, a silence, a hook or a report, each wrong field is named with what was expected, or it is taken as it
 * stands and reads back; and nothing of it reaches a prototype.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseRule, ruleJson } from "../../core/alerts/read-rule.ts";
import { parseSilence } from "../../core/alerts/silence.ts";
import { InputError } from "../../core/errors.ts";
import { parseReport } from "../../core/reports/read-report.ts";
import { readHook } from "../../query-api/alerts/hooks.ts";
import { LONG } from "../long.ts";

const RUNS = { numRuns: LONG ? 50_000 : 1500, seed: 7 };

const RULE = {
  ...{ name: "slow", instrumentation: "0123456789abcdef", tenant: null, where: {}, per: "zonename", everySec: 1 },
  ...{ condition: { kind: "quantile", q: 0.99, windowSec: 60, above: 1e7, resolve: 8e6 }, forSec: 30, keepSec: 0 },
  ...{
    onNoData: "hold",
    labels: { severity: "page" },
    annotations: { summary: "{{ value }}" },
    hooks: [],
    paused: false,
  },
};
const CONDITIONS = [
  RULE.condition,
  { kind: "share", over: 1e7, windowSec: 60, above: 0.1 },
  { kind: "burn", over: 1e7, objective: 0.999, windows: [{ longSec: 3600, shortSec: 300, factor: 14.4 }] },
  { kind: "rate", windowSec: 60, below: 5 },
  { kind: "scalar", of: "max", windowSec: 60, above: 5 },
  { kind: "mass", low: 1e6, high: 1e7, as: "share", windowSec: 60, above: 0.5 },
  { kind: "shape", days: 7, minDays: 3, minEvents: 1000, windowSec: 300, above: 0.3 },
  { kind: "absent", windowSec: 30 },
  { kind: "coverage", windowSec: 60, above: 0.1 },
  { kind: "drops", windowSec: 60, above: 0 },
];
const SILENCE = {
  ...{ matchers: [{ name: "alertname", op: "=", value: "x" }], startsMs: 1, endsMs: 2e12, comment: "" },
  weekly: { days: [0], from: "22:00", to: "06:00", timeZone: "UTC" },
};
const HOOK = {
  ...{ name: "pager", kind: "webhook", url: "https://pager.example.com/", secret: "0123456789abcdef" },
  ...{ groupBy: ["alertname"], groupWaitSec: 2, groupIntervalSec: 30, repeatSec: 3600, sendResolved: true },
};
const REPORT = {
  ...{ name: "monday", tenant: null, rangeDays: 365, horizonDays: 90, items: 10, hook: "pager" },
  schedule: { every: "week", at: "06:00", weekday: 1, day: null },
};

interface Input {
  readonly good: readonly object[];
  /** Reads it; and reads back what is stored of it. */
  readonly read: (json: unknown) => unknown;
  readonly again: (read: unknown) => unknown;
}

const INPUTS: Readonly<Record<string, Input>> = {
  "an alert rule": {
    good: CONDITIONS.map((condition) => ({ ...RULE, condition })),
    read: (json) => parseRule(json),
    again: (rule) => parseRule(JSON.parse(JSON.stringify(ruleJson(rule as ReturnType<typeof parseRule>)))),
  },
  "a silence": {
    good: [SILENCE],
    read: (json) => parseSilence(json, 1),
    again: (silence) => parseSilence(JSON.parse(JSON.stringify(silence)), 1),
  },
  "a saved report": {
    good: [REPORT],
    read: (json) => parseReport(json),
    again: (report) => parseReport(JSON.parse(JSON.stringify(report))),
  },
  "a hook": {
    good: [HOOK],
    read: (json) => readHook(json, ""),
    again: ({ name, kind, url, secret, settings }: ReturnType<typeof readHook>) =>
      readHook({ name, kind, url, secret, ...(settings as object) }, ""),
  } as Input,
};

/** What programs, spreadsheets and attackers put where something else belongs. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(...[null, true, "", " ", "0", [], {}, [[]], { a: 1 }, -1, 0.5, 1e308, 2 ** 53, -0]),
  fc.constantFrom<unknown>(...["\u0000", "a\nb", "\u202e", "__proto__", "constructor", "{{", "$ne", "1; DROP TABLE"]),
  fc.constantFrom<unknown>(...["x".repeat(5000), Array(5000).fill("x"), { __proto__: null, toString: 1 }]),
  fc.jsonValue({ maxDepth: 2 }),
);

/** The paths of all fields of an input. */
function pathsOf(json: unknown, path: readonly string[] = []): string[][] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) => [[...path, key], ...pathsOf(value, [...path, key])]);
}

/** The input with one place changed. @param value undefined: the field is left out */
function changed(json: unknown, [key = "", ...rest]: readonly string[], value: unknown): unknown {
  const copy = (Array.isArray(json) ? [...(json as unknown[])] : { ...(json as object) }) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = changed(copy[key], rest, value);
  else if (value === undefined) Reflect.deleteProperty(copy, key);
  else copy[key] = value;
  return copy;
}

for (const [name, { good, read, again }] of Object.entries(INPUTS)) {
  describe(name, () => {
    /** @returns the fields that were named; null: it was taken */
    const take = (json: unknown): string[] | null => {
      try {
        const taken = read(json);
        // As JSON, which knows no minus zero.
        assert.equal(JSON.stringify(again(taken)), JSON.stringify(taken), "what is taken reads back");
        return null;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        assert.ok(error.errors.length > 0);
        for (const { code, message } of error.errors) {
          assert.match(message, /^expected /);
          assert.match(code, /^[A-Z_]+$/);
          assert.ok(message.length < 500, "an error is a sentence, not the input again");
        }
        return error.errors.map(({ field }) => field);
      }
    };

    test("is taken where nothing is wrong with it", () => {
      for (const each of good) assert.equal(take(each), null);
    });

    test("with one field changed, left out or added is taken, or the errors name that field, or one that depends on it", () => {
      const place = fc.constantFrom(...good.flatMap((each) => pathsOf(each).map((path) => ({ each, path }))));
      fc.assert(
        fc.property(place, fc.option(hostile, { nil: undefined }), ({ each, path }, value) => {
          const fields = take(changed(each, path, value));
          const [top = ""] = path;
          // A kind, or how often, decides which other fields there are.
          const dependent = ["kind", "direction", "every"].includes(path.at(-1) ?? "") ? top.split(".")[0] : top;
          for (const field of fields ?? []) {
            const related = field === "" || field.startsWith(dependent ?? "") || isRelated(top, field);
            assert.ok(related, `${path.join(".")} was changed, and ${field} is named`);
          }
        }),
        RUNS,
      );
    });

    test("that is anything at all is taken, or refused with names", () => {
      fc.assert(
        fc.property(hostile, (json) => void take(json)),
        RUNS,
      );
    });

    test("with a field that nobody knows is refused, and the field is named", () => {
      for (const key of ["__proto__", "constructor", "x", "threshold", "id", "owner"]) {
        const json: unknown = JSON.parse(
          `{${JSON.stringify(key)}: {"polluted": 1}, ${JSON.stringify(good[0]).slice(1)}`,
        );
        assert.ok(take(json)?.includes(key), key);
      }
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    });
  });
}

/** Fields that are checked against each other. */
function isRelated(changedField: string, named: string): boolean {
  const pairs: Readonly<Record<string, readonly string[]>> = {
    startsMs: ["endsMs"],
    schedule: ["hook"],
    kind: ["secret", "groupBy", "groupWaitSec", "groupIntervalSec", "repeatSec", "sendResolved"],
  };
  return pairs[changedField]?.includes(named) === true;
}
