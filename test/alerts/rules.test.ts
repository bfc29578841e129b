/**
 * What a rule may say, what it comes to over a window, and what is said of it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { distance } from "../../core/alerts/distance.ts";
import { mostlyOf, sentence } from "../../core/alerts/explain.ts";
import { groupKeyOf, toTell, type Grouping, type Member, type Told } from "../../core/alerts/group.ts";
import { measure, type WindowSums } from "../../core/alerts/measure.ts";
import { checkRule, parseRule, ruleJson } from "../../core/alerts/read-rule.ts";
import { isInForce, matchesLabels, parseSilence } from "../../core/alerts/silence.ts";
import { fill, MAX_FILLED, templateProblem } from "../../core/alerts/template.ts";
import { InputError } from "../../core/errors.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { parseSpec } from "../../core/instrumentation.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";

const BUCKETS = bucketsOf(LATENCY_SCHEME);
const GOOD = {
  ...{ name: "slow", instrumentation: "0123456789abcdef", per: "zonename", forSec: 30, labels: { severity: "page" } },
  condition: { kind: "quantile", q: 0.99, windowSec: 60, above: 1e7, resolve: 8e6 },
  annotations: { summary: "{{ labels.zonename }}: {{ value }}" },
};

function fieldsOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    assert.ok(error instanceof InputError);
    return error.errors.map(({ field, code }) => `${field} ${code}`);
  }
}

describe("a rule", () => {
  test("reads back from what is stored", () => {
    const conditions = [
      GOOD.condition,
      { kind: "share", over: 1e7, below: 0.1 },
      { kind: "burn", over: 1e7, objective: 0.999 },
      { kind: "rate", above: 5 },
      { kind: "scalar", of: "max", above: 5 },
      { kind: "mass", low: 1e6, high: null, above: 5 },
      { kind: "shape", above: 0.3 },
      { kind: "absent" },
      { kind: "coverage", above: 0.1 },
      { kind: "drops", above: 0 },
    ];
    for (const condition of conditions) {
      const rule = parseRule({ ...GOOD, condition });
      assert.deepEqual(parseRule(JSON.parse(JSON.stringify(ruleJson(rule)))), rule);
    }
  });

  const wrong: readonly (readonly [name: string, change: object, fields: readonly string[]])[] = [
    ["without a name", { name: undefined }, ["name BAD_TEXT"]],
    ["with a name that ends a line", { name: "a\nb" }, ["name BAD_TEXT"]],
    ["with a field that there is not", { window: 5 }, ["window UNKNOWN_FIELD"]],
    ["more often than each second", { everySec: 0.5 }, ["everySec BAD_NUMBER"]],
    ["of an unknown kind", { condition: { kind: "vibes" } }, ["condition.kind UNKNOWN_WORD"]],
    ["without a threshold", { condition: { kind: "rate" } }, ["condition.above REQUIRED"]],
    ["with two thresholds", { condition: { kind: "rate", above: 1, below: 2 } }, ["condition.above REQUIRED"]],
    [
      "that ends where it is worse",
      { condition: { kind: "rate", above: 1, resolve: 2 } },
      ["condition.resolve BAD_RANGE"],
    ],
    ["with a share above one", { condition: { kind: "share", over: 1, above: 2 } }, ["condition.above BAD_NUMBER"]],
    [
      "with a burn of no windows",
      { condition: { kind: "burn", over: 1, objective: 0.9, windows: [] } },
      ["condition.windows NOT_A_LIST"],
    ],
    ["with a place that there is not", { annotations: { a: "{{ secrets }}" } }, ["annotations.a BAD_TEMPLATE"]],
    ["with a place that does not end", { annotations: { a: "{{ value" } }, ["annotations.a BAD_TEMPLATE"]],
    ["with the label that is its name", { labels: { alertname: "x" } }, ["labels.alertname RESERVED"]],
  ];
  for (const [name, change, fields] of wrong) {
    test(`${name} is refused, and the fields are named`, () => {
      const given: Record<string, unknown> = { ...GOOD, ...change };
      assert.deepEqual(
        fieldsOf(() => parseRule(given)),
        fields,
      );
    });
  }

  test("has to fit what it is about", () => {
    const { metric } = findMetric("syscall.ops") ?? assert.fail("the catalogue has it");
    const distribution = {
      spec: parseSpec({ metric: "syscall.ops", decomposition: ["execname", "latency"], granularitySec: 10 }, metric),
      scope: metric.scope,
    };
    const check = (change: object, isOperator = true): string[] =>
      fieldsOf(() => checkRule(parseRule({ ...GOOD, ...change }), { ...distribution, isOperator }));
    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ per: "syscall" }), ["per UNKNOWN_FIELD"]);
    assert.deepEqual(check({ condition: { kind: "rate", windowSec: 15, above: 1 } }), [
      "condition.windowSec BAD_WINDOW",
    ]);
    assert.deepEqual(check({ condition: { kind: "scalar", above: 1 } }), ["condition.kind NOT_A_SCALAR"]);
    assert.deepEqual(check({ tenant: "x" }, false), ["tenant OPERATOR_ONLY"]);
    assert.deepEqual(check({ per: "hostname", condition: { kind: "absent" } }, false), ["per UNKNOWN_FIELD"]);
    assert.deepEqual(check({ condition: { kind: "share", over: 1e30, above: 0.5 } }), ["condition.over NO_BUCKET"]);
    const scalars = {
      spec: parseSpec({ metric: "syscall.ops", decomposition: ["execname"] }, metric),
      scope: metric.scope,
      isOperator: true,
    };
    assert.deepEqual(
      fieldsOf(() => checkRule(parseRule(GOOD), scalars)),
      ["condition.kind NOT_A_DISTRIBUTION"],
    );
  });
});

describe("what a condition comes to", () => {
  const at = (latency: number): number => BUCKETS.indexOf(latency);
  const sums: WindowSums = {
    ...{ windowSec: 10, watched: 10, expected: 10, seconds: 10, dropped: 0, scalars: [] },
    counts: { bucket: [at(5000), at(2e7)], count: [90, 10] },
  };
  const over = (change: Partial<WindowSums> = {}) => ({ buckets: BUCKETS, over: () => ({ ...sums, ...change }) });
  const rule = (condition: object) => parseRule({ ...GOOD, condition }).condition;

  test("is exact over the counts", () => {
    assert.deepEqual(measure(rule({ kind: "share", over: 1e7, above: 0.5 }), over()), {
      kind: "value",
      value: 0.1,
      isPartial: false,
    });
    assert.deepEqual(measure(rule({ kind: "rate", above: 0.5 }), over()), {
      kind: "value",
      value: 10,
      isPartial: false,
    });
    assert.deepEqual(measure(rule({ kind: "mass", low: 1e7, above: 0 }), over()), {
      kind: "value",
      value: 10,
      isPartial: false,
    });
    assert.deepEqual(measure(rule({ kind: "mass", low: 1e7, as: "share", above: 0 }), over()), {
      kind: "value",
      value: 0.1,
      isPartial: false,
    });
    // A tenth of events are slow where a thousandth may be: a hundred times the allowed rate, of 14.4 allowed.
    const burn = measure(rule({ kind: "burn", over: 1e7, objective: 0.999 }), over());
    assert.ok(burn.kind === "value" && burn.value > 6.9);
  });

  test("is unknown where nobody watched, empty where nothing happened, and partial where something is missing", () => {
    const p99 = rule({ kind: "quantile", q: 0.99, above: 1 });
    assert.equal(measure(p99, over({ watched: 0 })).kind, "unknown");
    assert.equal(measure(p99, over({ counts: { bucket: [], count: [] } })).kind, "empty");
    assert.deepEqual(measure(rule({ kind: "rate", above: 1 }), over({ counts: { bucket: [], count: [] } })), {
      kind: "value",
      value: 0,
      isPartial: false,
    });
    const partial = measure(p99, over({ watched: 9 }));
    assert.ok(partial.kind === "value" && partial.isPartial);
    const lossy = measure(p99, over({ dropped: 1 }));
    assert.ok(lossy.kind === "value" && lossy.isPartial);
    assert.deepEqual(measure(rule({ kind: "absent" }), over({ watched: 0 })), {
      kind: "value",
      value: 1,
      isPartial: false,
    });
    assert.deepEqual(measure(rule({ kind: "coverage", above: 0 }), over({ watched: 4 })), {
      kind: "value",
      value: 0.6,
      isPartial: false,
    });
  });

  test("an SLO burns only where the long window and the short one do", () => {
    const condition = rule({
      kind: "burn",
      over: 1e7,
      objective: 0.99,
      windows: [{ longSec: 600, shortSec: 60, factor: 5 }],
    });
    const slow = (share: number): WindowSums => ({
      ...sums,
      counts: { bucket: [at(5000), at(2e7)], count: [100 - share, share] },
    });
    const value = (long: number, short: number): number => {
      const reading = measure(condition, { buckets: BUCKETS, over: (sec) => slow(sec === 600 ? long : short) });
      return reading.kind === "value" ? reading.value : -1;
    };
    assert.ok(value(10, 10) > 1);
    assert.ok(value(10, 0) < 1, "it is over");
    assert.ok(value(0, 10) < 1, "it is too short to matter");
  });

  test("a change of shape needs past days and events enough", () => {
    const shape = rule({ kind: "shape", minEvents: 50, above: 0.1 });
    const baseline = { counts: sums.counts, days: 3 };
    assert.deepEqual(measure(shape, { ...over(), baseline }), { kind: "value", value: 0, isPartial: false });
    assert.equal(measure(shape, { ...over(), baseline: { ...baseline, days: 2 } }).kind, "unknown");
    assert.equal(measure(shape, { ...over({ counts: { bucket: [at(5000)], count: [10] } }), baseline }).kind, "empty");
  });
});

describe("the distance between distributions", () => {
  const some = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 140 }), fc.integer({ min: 1, max: 1000 })), {
      minLength: 1,
      maxLength: 20,
    })
    .map((entries) => {
      const sorted = [...new Map(entries)].sort((a, b) => a[0] - b[0]);
      return { bucket: sorted.map(([bucket]) => bucket), count: sorted.map(([, count]) => count) };
    });
  const d = (a: Parameters<typeof distance>[1], b: Parameters<typeof distance>[1]): number =>
    distance(BUCKETS, a, b) ?? Number.NaN;

  test("is a metric: zero to itself, the same both ways, and no shorter by a detour", () => {
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        assert.ok(d(a, a) === 0);
        assert.ok(Math.abs(d(a, b) - d(b, a)) < 1e-9);
        assert.ok(d(a, c) <= d(a, b) + d(b, c) + 1e-9);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  test("does not depend on how many events there were", () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const more = { bucket: a.bucket, count: a.count.map((count) => count * 7) };
        assert.ok(Math.abs(d(a, b) - d(more, b)) < 1e-9);
      }),
      { seed: 12, numRuns: 200 },
    );
  });

  test("is how far events went, in decades: a tenth of them a decade away is 0.1", () => {
    const [low, high] = [BUCKETS.indexOf(1e5), BUCKETS.indexOf(1e6)];
    const was = { bucket: [low], count: [1000] };
    assert.ok(Math.abs(d(was, { bucket: [high], count: [5] }) - 1) < 0.02);
    assert.ok(Math.abs(d(was, { bucket: [low, high], count: [900, 100] }) - 0.1) < 0.002);
    const near = BUCKETS.indexOf(8e5);
    assert.ok(d({ bucket: [near], count: [1] }, { bucket: [near + 1], count: [1] }) < 0.03, "the next bucket is near");
    assert.equal(distance(BUCKETS, was, { bucket: [], count: [] }), null);
  });
});

describe("what is said", () => {
  test("names what holds more than half, together", () => {
    const fields = ["zonename", "execname"];
    const combinations = [
      { keys: ["z1", "postgres"], count: 87 },
      { keys: ["z1", "nginx"], count: 8 },
      { keys: ["z2", "postgres"], count: 5 },
    ];
    assert.equal(
      sentence(mostlyOf(fields, combinations), 100, "reads"),
      "87 % of the 100 reads are postgres in zone z1",
    );
    const even = combinations.map((each) => ({ ...each, keys: [each.keys.join(""), String(each.count)], count: 1 }));
    assert.equal(sentence(mostlyOf(fields, even), 3, "reads"), "");
  });

  test("fills templates once: what comes from outside is not a template", () => {
    const facts = {
      labels: { a: "{{ value }}" },
      value: "7 ms",
      rawValue: "7",
      threshold: "",
      name: "",
      key: "",
      window: "",
      breakdown: "",
      coverage: "",
    };
    assert.equal(fill("{{labels.a}} and {{ value }} and {{ labels.none }}", facts), "{{ value }} and 7 ms and ");
    assert.equal(fill("{{ labels.constructor }}", facts), "");
    assert.equal(templateProblem("{{ labels.a }} } {"), undefined);
    const long = fill("{{ key }}".repeat(80), { ...facts, key: "\u{1f525}".repeat(500) });
    assert.ok(long.length <= MAX_FILLED && long.endsWith("\u{1f525}…"), "cut between letters");
  });
});

describe("who is told, and when", () => {
  const hook: Grouping = {
    groupBy: ["alertname"],
    groupWaitSec: 2,
    groupIntervalSec: 10,
    repeatSec: 100,
    sendResolved: true,
  };
  const member = (fingerprint: string, status: Member["status"], startsMs: number, sinceMs = startsMs): Member => ({
    fingerprint,
    status,
    startsMs,
    sinceMs,
  });
  const told = (members: readonly Member[], atMs: number): Told => ({ id: "x", atMs, members });
  const a = member("a", "firing", 1000);
  const b = member("b", "firing", 4000);

  test("a new group waits for others, a change for the interval, and what still fires is told again", () => {
    assert.equal(toTell(hook, [a], undefined, 2000), null);
    assert.deepEqual(toTell(hook, [a], undefined, 3000), [a]);
    assert.equal(toTell(hook, [a], told([a], 3000), 60_000), null);
    assert.equal(toTell(hook, [a, b], told([a], 3000), 12_000), null);
    assert.deepEqual(toTell(hook, [a, b], told([a], 3000), 13_000), [a, b]);
    assert.deepEqual(toTell(hook, [a], told([a], 3000), 103_000), [a]);
  });

  test("an end is told once, and only to whom the beginning was", () => {
    const over = member("a", "resolved", 1000, 5000);
    assert.deepEqual(toTell(hook, [over], told([a], 3000), 13_000), [over]);
    assert.equal(toTell(hook, [over], told([over], 13_000), 999_000), null);
    assert.equal(toTell(hook, [over], undefined, 13_000), null);
    assert.equal(toTell({ ...hook, sendResolved: false }, [over], told([a], 3000), 13_000), null);
    const again = member("a", "firing", 20_000);
    assert.deepEqual(toTell(hook, [again], told([a], 3000), 30_000), [again], "it began anew meanwhile");
  });

  test("groups are of the labels that they are by", () => {
    assert.equal(
      groupKeyOf(hook, { alertname: "x", zonename: "a" }),
      groupKeyOf(hook, { alertname: "x", zonename: "b" }),
    );
    assert.notEqual(groupKeyOf(hook, { alertname: "x" }), groupKeyOf(hook, { alertname: "y" }));
  });

  test("a maintenance window holds by the clock of its zone, over midnight and when clocks change", () => {
    const weekly = { days: [6], from: "22:00", to: "04:00", timeZone: "Europe/Vienna" };
    const silence = parseSilence(
      { matchers: [{ name: "alertname", op: "^=", value: "disk" }], startsMs: 0, endsMs: 2e12, weekly },
      0,
    );
    const at = (text: string): boolean => isInForce(silence, Date.parse(text));
    // Saturday 24 October 2026, 22:00 in Vienna is 20:00 UTC; at 03:00 clocks go back, and Sunday 04:00 is 03:00 UTC.
    assert.equal(at("2026-10-24T19:59:00Z"), false);
    assert.equal(at("2026-10-24T20:00:00Z"), true);
    assert.equal(at("2026-10-25T02:59:00Z"), true);
    assert.equal(at("2026-10-25T03:00:00Z"), false);
    assert.equal(at("2026-10-25T21:00:00Z"), false, "the evening of another day");
    assert.ok(matchesLabels(silence.matchers, { alertname: "disk slow" }));
    assert.ok(!matchesLabels(silence.matchers, {}));
    assert.deepEqual(
      fieldsOf(() =>
        parseSilence({ matchers: [], endsMs: 5, weekly: { ...weekly, timeZone: "Mars", from: "25:00" } }, 10),
      ),
      [...["matchers NOT_A_LIST", "endsMs BAD_RANGE", "weekly.timeZone BAD_ZONE", "weekly.from BAD_ID"]],
    );
  });
});
