/** alert-rules.test.ts: the pure parts of the alerts page: what is typed and written, words, links, strips. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertInfo, HookInfo, TriedColumn } from "../../core/alerts/api.ts";
import { parseRule, ruleJson } from "../../core/alerts/read-rule.ts";
import type { InstrumentationSummary, MetadataMetric } from "../../core/api.ts";
import { alertLink, termsOf } from "../../web/alerts/alert-link.ts";
import { inOrder, marksOf, summaryOf } from "../../web/alerts/alert-state.ts";
import { ruleOfSelection } from "../../web/alerts/from-selection.ts";
import type { Measured } from "../../web/alerts/ground.ts";
import { draftOfHook, EMPTY_HOOK, writeHook } from "../../web/alerts/hook-draft.ts";
import { draftFor, draftOfRule, fieldOfError, readDraft, writeRule } from "../../web/alerts/rule-draft.ts";
import { conditionText, durationWords, thresholdText, valueText } from "../../web/alerts/rule-words.ts";
import { EMPTY_SILENCE, matchersOf, matchersText, weeklyText, writeSilence } from "../../web/alerts/silence-draft.ts";
import { gapsOf, linePath, spanOf, ticksOf } from "../../web/alerts/strip.ts";
import {
  amountText,
  parseAmount,
  parseQuantile,
  parseSeconds,
  parseShare,
  quantileText,
  secondsText,
  shareText,
} from "../../web/alerts/typed.ts";
import { readAddress } from "../../web/view/address.ts";

const ID = "0123456789abcdef";
const ZONE = "5f1f6f5e-0001-4111-8111-000000000001";

const string = (name: string): object => ({ name, label: name, type: "string", arity: "discrete", operators: ["eq"] });
const SYSCALLS: Measured = {
  info: {
    id: ID,
    metric: "syscall.ops",
    keys: ["zonename", "execname"],
    numeric: "latency",
    granularitySec: 1,
  } as unknown as InstrumentationSummary,
  metric: {
    ...{ name: "syscall.ops", unit: "operations", type: "number", scope: "interval" },
    fields: [string("zonename"), string("execname"), { name: "latency", type: "time", arity: "numeric" }],
  } as unknown as MetadataMetric,
  numeric: "latency",
  isLinear: false,
};
const MEMORY: Measured = {
  info: { ...SYSCALLS.info, metric: "mem.rss", numeric: null },
  metric: { ...SYSCALLS.metric, name: "mem.rss", unit: "bytes", type: "size", scope: "point" },
  numeric: null,
  isLinear: false,
};

describe("what a person types", () => {
  const rows: [name: string, read: number | null, expected: number | null][] = [
    ["seconds have no unit", parseSeconds("90"), 90],
    ["minutes do", parseSeconds("5 min"), 300],
    ["days do", parseSeconds("3d"), 259_200],
    ["a word is no duration", parseSeconds("soon"), null],
    ["a share is a percentage", parseShare("0.1 %"), 0.001],
    ["or a fraction", parseShare("0.25"), 0.25],
    ["a bare number above 1 could be either", parseShare("5"), null],
    ["a percentile", parseQuantile("p99.9"), 0.999],
    ["a percentile as a share", parseQuantile("99 %"), 0.99],
    ["a time", parseAmount("1.5 ms", "time"), 1_500_000],
    ["a size", parseAmount("64 KiB", "bytes"), 65_536],
    ["a size a second", parseAmount("1 MiB/s", "bytes/s"), 1_048_576],
    ["a percentage", parseAmount("12.5 %", "%"), 12.5],
    ["a count with a prefix", parseAmount("1.5k", "operations/s"), 1500],
    ["a share where a share is asked", parseAmount("2 %", "share"), 0.02],
    ["a unit of something else", parseAmount("10 KiB", "time"), null],
  ];
  for (const [name, read, expected] of rows) test(name, () => assert.equal(read, expected));

  test("is written so that it is read back to the same", () => {
    for (const seconds of [1, 45, 90, 300, 5400, 86_400]) assert.equal(parseSeconds(secondsText(seconds)), seconds);
    for (const share of [0.001, 0.05, 0.333, 1]) assert.equal(parseShare(shareText(share)), share);
    for (const q of [0.5, 0.99, 0.999, 0.9999]) assert.equal(parseQuantile(quantileText(q)), q);
    for (const unit of ["time", "bytes", "bytes/s", "%", "operations/s", "share", "subsecond", "decades"]) {
      for (const value of [0, 0.3, 1]) assert.equal(parseAmount(amountText(value, unit), unit), value, unit);
      if (unit === "share") continue;
      for (const value of [1500, 65_536, 8_000_000])
        assert.equal(parseAmount(amountText(value, unit), unit), value, unit);
    }
    assert.equal(secondsText(300), "5 min");
    assert.equal(amountText(8_000_000, "time"), "8 ms");
  });
});

describe("the form of a rule", () => {
  const conditions: Record<string, [condition: object, measured: Measured]> = {
    quantile: [{ q: 0.99, windowSec: 60, above: 10_000_000, resolve: 8_000_000 }, SYSCALLS],
    share: [{ over: 100_000_000, windowSec: 300, above: 0.01 }, SYSCALLS],
    burn: [{ over: 100_000_000, objective: 0.999 }, SYSCALLS],
    rate: [{ windowSec: 10, below: 2.5 }, SYSCALLS],
    scalar: [{ of: "max", windowSec: 60, above: 1_073_741_824 }, MEMORY],
    mass: [{ low: 1_000_000, high: null, as: "share", windowSec: 60, above: 0.2 }, SYSCALLS],
    shape: [{ days: 14, minDays: 5, minEvents: 500, windowSec: 300, above: 0.3, resolve: 0.2 }, SYSCALLS],
    absent: [{ windowSec: 30 }, SYSCALLS],
    coverage: [{ windowSec: 60, above: 0.1 }, SYSCALLS],
    drops: [{ windowSec: 60, above: 0 }, SYSCALLS],
  };
  for (const [kind, [condition, measured]] of Object.entries(conditions)) {
    test(`writes a condition of the kind ${kind} as it was read`, () => {
      const rule = parseRule({
        ...{ name: "a rule", instrumentation: ID, condition: { kind, ...condition }, everySec: 5, forSec: 30 },
        ...{ keepSec: 10, onNoData: "fire", labels: { severity: "page" }, annotations: { summary: "{{ value }}" } },
        ...{ hooks: ["pager"], paused: true, per: kind === "absent" ? "hostname" : "zonename" },
        where: ["absent", "coverage", "drops"].includes(kind) ? {} : { eq: ["execname", "postgres"] },
      });
      const { json, errors } = writeRule(draftOfRule(rule, measured), measured);
      assert.deepEqual(errors, []);
      assert.deepEqual(parseRule(json), rule);
      const fromAddress = readDraft(JSON.stringify(ruleJson(rule)), () => measured);
      assert.deepEqual(fromAddress, draftOfRule(rule, measured));
    });
  }

  test("keeps an SLO's own windows, and says none where they are the workbook's", () => {
    const own = { kind: "burn", over: 1, objective: 0.99, windows: [{ longSec: 7200, shortSec: 600, factor: 3.5 }] };
    const rule = parseRule({ name: "slo", instrumentation: ID, condition: own });
    const draft = draftOfRule(rule, SYSCALLS);
    assert.deepEqual(draft.windows, [{ longSec: "2 h", shortSec: "10 min", factor: "3.5" }]);
    assert.deepEqual(parseRule(writeRule(draft, SYSCALLS).json), rule);
  });

  test("says what is missing, and apart from that what cannot be read", () => {
    const draft = draftFor(SYSCALLS);
    const texts = { ...draft.texts, "condition.windowSec": "soon" };
    const { errors } = writeRule({ ...draft, texts }, SYSCALLS);
    assert.deepEqual(errors.map(({ field, code }) => `${field} ${code}`).sort(), [
      "condition.threshold REQUIRED",
      "condition.windowSec UNREADABLE",
      "name REQUIRED",
    ]);
    assert.deepEqual(
      writeRule(draft, null)
        .errors.map(({ field }) => field)
        .sort(),
      ["instrumentation", "name"],
    );
  });

  test("is come back to by an address even before it is finished", () => {
    const draft = draftFor(SYSCALLS);
    const { json } = writeRule({ ...draft, per: "execname" }, SYSCALLS);
    const again = readDraft(JSON.stringify(json), () => SYSCALLS);
    assert.equal(again?.per, "execname");
    assert.equal(again.texts["name"], "");
    assert.equal(again.texts["condition.threshold"], "");
    assert.equal(
      readDraft("{", () => SYSCALLS),
      null,
    );
  });

  test("shows at one place what the server says of a threshold, whichever way it points", () => {
    assert.equal(fieldOfError("rule.condition.above"), "condition.threshold");
    assert.equal(fieldOfError("condition.below"), "condition.threshold");
    assert.equal(fieldOfError("rule.condition.windowSec"), "condition.windowSec");
  });
});

test("a selection becomes a rule about its values and keys, for half as many events in as long a time", () => {
  const selected = {
    ...{ instrumentation: { id: ID, granularitySec: 1 }, where: { eq: ["execname", "node"] }, tenant: null },
    ...{
      region: { from: 1000, to: 1090, low: 1_000_000, high: 20_000_000 },
      count: 900,
      name: "syscall.ops 1 – 20 ms",
    },
  };
  const rule = parseRule(ruleOfSelection(selected));
  assert.deepEqual(rule.condition, {
    ...{ kind: "mass", low: 1_000_000, high: 20_000_000, as: "count", windowSec: 60 },
    threshold: { direction: "above", value: 300, resolve: 300 },
  });
  assert.deepEqual(rule.where, { eq: ["execname", "node"] });
  assert.equal(
    parseRule(ruleOfSelection({ ...selected, instrumentation: { id: ID, granularitySec: 300 } })).everySec,
    300,
  );
});

describe("a rule in words", () => {
  const rows: [condition: object, measured: Measured, text: string][] = [
    [{ kind: "quantile", q: 0.99, windowSec: 60, above: 1e7 }, SYSCALLS, "p99 of latency over 1 min above 10 ms"],
    [
      { kind: "share", over: 1e8, windowSec: 60, above: 0.01 },
      SYSCALLS,
      "share of operations ≥ 100 ms over 1 min above 1.0 %",
    ],
    [
      { kind: "mass", low: 1e6, high: 2e7, windowSec: 10, above: 50 },
      SYSCALLS,
      "operations 1 – 20 ms over 10 s above 50 operations",
    ],
    [{ kind: "scalar", of: "max", windowSec: 60, above: 1024 ** 3 }, MEMORY, "max of bytes over 1 min above 1 GiB"],
    [{ kind: "absent", windowSec: 30 }, SYSCALLS, "nobody has watched for 30 s"],
    [{ kind: "coverage", windowSec: 60, above: 0.1 }, SYSCALLS, "share not watched over 1 min above 10 %"],
  ];
  for (const [condition, measured, text] of rows) {
    test(text, () => {
      const rule = parseRule({ name: "n", instrumentation: ID, condition });
      assert.equal(conditionText(rule.condition, measured), text);
    });
  }

  test("says for how long, and until when", () => {
    const condition = { kind: "quantile", q: 0.5, windowSec: 60, above: 1e7, resolve: 8e6 };
    const rule = parseRule({ name: "n", instrumentation: ID, condition, forSec: 90, keepSec: 60 });
    assert.equal(durationWords(rule, SYSCALLS), "for 90 s, until not above 8 ms, ends after 1 min of good");
  });

  test("a value that is not known is a dash and never zero", () => {
    const { condition } = parseRule({ name: "n", instrumentation: ID, condition: { kind: "rate", below: 1 } });
    assert.equal(valueText(null, condition, SYSCALLS), "–");
    assert.equal(valueText(0, condition, SYSCALLS), "0 operations/s");
    assert.equal(thresholdText(condition, SYSCALLS), "below 1 operations/s");
  });
});

describe("an alert", () => {
  const alert = (more: Partial<AlertInfo>): AlertInfo => ({
    ...{ fingerprint: "f", rule: "r", owner: "operator", name: "slow", key: ZONE, status: "firing" },
    ...{ labels: { alertname: "slow", zonename: ZONE, severity: "page" }, annotations: {}, sinceMs: 0 },
    ...{ startsMs: 0, endsMs: null, value: 1, isPartial: false, unknownSinceMs: null, why: "", isLate: false },
    ...{ isSilenced: false },
    ...more,
  });

  test("says what has to be known beside its value; no data is said once", () => {
    assert.deepEqual(marksOf(alert({ isSilenced: true, isPartial: true, isLate: true }), 0), [
      "silenced",
      "partial",
      "found late",
    ]);
    const unknown = alert({ isPartial: true, unknownSinceMs: 60_000, value: null, why: "nobody watched" });
    assert.deepEqual(marksOf(unknown, 240_000), ["no data for 3 min", "nobody watched"]);
  });

  test("that fires comes first, that is silenced last of its kind", () => {
    const all = [
      alert({ name: "over", status: "resolved" }),
      alert({ name: "soon", status: "pending" }),
      alert({ name: "quiet", isSilenced: true, sinceMs: 9 }),
      alert({ name: "old" }),
      alert({ name: "new", sinceMs: 5 }),
    ];
    assert.deepEqual(
      inOrder(all).map(({ name }) => name),
      ["new", "old", "quiet", "soon", "over"],
    );
    assert.equal(summaryOf(all, 4, 1), "3 alerts fire (1 silenced), 1 pending; 4 rules, 1 of them not evaluated.");
    assert.equal(summaryOf([], 0, 0), "Nothing fires; there are no rules yet.");
  });

  test("is silenced by its own labels and no others", () => {
    const matchers = matchersOf(alert({}));
    assert.equal(matchersText(matchers), `alertname = slow, zonename = ${ZONE}`);
    const { json, errors } = writeSilence({ ...EMPTY_SILENCE, matchers, length: "2 h" }, "utc", 1000);
    assert.deepEqual(errors, []);
    assert.deepEqual(json, { matchers, startsMs: 1000, endsMs: 7_201_000, weekly: null, comment: "" });
  });

  test("links to its key, its values and its time, with some time around", () => {
    const rule = parseRule({
      ...{ name: "slow", instrumentation: ID, per: "zonename", where: { in: ["execname", ["a", "b"]] } },
      condition: { kind: "quantile", q: 0.99, windowSec: 60, above: 1e7 },
    });
    const link = alertLink(
      rule,
      { key: ZONE, fromTs: 10_000, toTs: 10_600 },
      SYSCALLS,
      { range: { kind: "last", seconds: 300 }, tenant: "t", theme: "dark", zone: "utc" },
      20_000,
    );
    const view = readAddress(link);
    assert.equal(view.instrumentation, ID);
    assert.deepEqual(view.selection, { from: 9940, to: 10_600, low: 1e7, high: null });
    assert.deepEqual(view.range, { kind: "fixed", from: 9640, to: 10_900 });
    assert.deepEqual(view.where, [
      { field: "execname", not: false, values: ["a", "b"] },
      { field: "zonename", not: false, values: [ZONE] },
    ]);
    assert.equal(view.tenant, "t");
  });

  test("links without what the view's terms cannot say", () => {
    assert.deepEqual(termsOf({ and: [{ ne: ["execname", "a"] }, { or: [{ eq: ["pid", 1] }] }] }), [
      { field: "execname", not: true, values: ["a"] },
    ]);
    assert.deepEqual(termsOf({ not: { in: ["execname", ["a"]] } }), [{ field: "execname", not: true, values: ["a"] }]);
    assert.deepEqual(termsOf({}), []);
  });
});

describe("a maintenance window", () => {
  test("reads as hours of a week", () => {
    const weekly = { days: [6, 0], from: "22:00", to: "04:00", timeZone: "Europe/Vienna" };
    assert.equal(weeklyText(weekly), "Sat, Sun 22:00 – 04:00 of the next day Europe/Vienna");
  });

  test("begins by the clock that is shown, and says what cannot be read", () => {
    const { json } = writeSilence({ ...EMPTY_SILENCE, starts: "2026-11-24T22:00" }, "utc", 0);
    assert.equal((json as { startsMs: number }).startsMs, Date.UTC(2026, 10, 24, 22));
    const wrong = { ...EMPTY_SILENCE, length: "long", matchers: [{ name: " ", op: "=" as const, value: "" }] };
    assert.deepEqual(
      writeSilence(wrong, "utc", 0).errors.map(({ field }) => field),
      ["endsMs", "matchers[0]"],
    );
  });
});

describe("a hook", () => {
  const hook: HookInfo = {
    ...{ id: ID, owner: "operator", name: "pager", kind: "webhook", url: "https://a.example", isSigned: true },
    ...{ groupBy: ["alertname"], groupWaitSec: 2, groupIntervalSec: 30, repeatSec: 14_400, sendResolved: true },
    ...{ fromFile: false, createdMs: 0 },
  };

  test("that is changed sends only what was changed", () => {
    const draft = draftOfHook(hook);
    assert.deepEqual(writeHook(draft, hook).json, {});
    assert.deepEqual(writeHook({ ...draft, url: "https://b.example", repeatSec: "1 h", newSecret: true }, hook).json, {
      ...{ url: "https://b.example", repeatSec: 3600, secret: null },
    });
  });

  test("of an Alertmanager says nothing of groups, which are its own affair", () => {
    const draft = { ...EMPTY_HOOK, kind: "alertmanager" as const, name: "am", url: "https://am.example" };
    assert.deepEqual(writeHook(draft, null).json, { kind: "alertmanager", name: "am", url: "https://am.example" });
  });
});

describe("a strip over time", () => {
  const column = (fromTs: number, worst: number | null, isUnknown = false): TriedColumn => ({
    ...{ fromTs, worst, isUnknown, isPartial: false },
  });

  test("has a gap where nobody watched, and none where there was nothing to take a value of", () => {
    const columns = [column(0, 1), column(10, null), column(20, 3), column(30, null, true), column(40, null, true)];
    assert.deepEqual(gapsOf(columns, 10, { fromTs: 0, toTs: 50 }), [{ fromTs: 30, toTs: 50 }]);
    const path = linePath(
      columns,
      10,
      (ts) => ts,
      (value) => value,
    );
    assert.equal(path, "M0.0 1.0H10.0M20.0 3.0H30.0");
  });

  test("is by decades where values differ by more than one, and begins at zero otherwise", () => {
    assert.deepEqual(spanOf([2e6, 4e8], 1e7), { kind: "log", min: 1e6, max: 1e9 });
    const even = spanOf([2, 4], 5);
    assert.ok(even.kind === "linear" && even.min === 0 && even.max > 5);
    assert.equal(spanOf([0, 100], null).kind, "linear");
    assert.deepEqual(spanOf([], null), { kind: "linear", min: 0, max: 1.08 });
  });

  test("has dates for days, and times of day within one", () => {
    const monday = Date.UTC(2026, 10, 23) / 1000;
    const week = ticksOf({ fromTs: monday - 7 * 86_400, toTs: monday }, 600, "utc");
    assert.equal(week.at(-1)?.label, "11-23");
    const hour = ticksOf({ fromTs: monday, toTs: monday + 3600 }, 600, "utc");
    assert.equal(hour[1]?.label, "00:10");
  });
});
