/**
 * What `isotherm alerts` prints: zones as people call them and log in to them, values with their units, and what was looked at.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alertsText, testText, type RuleGround } from "../../cli/alert-texts.ts";
import type { AlertInfo, AlertTest } from "../../core/alerts/api.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";

const FROM = Date.UTC(2026, 0, 31, 12) / 1000;
const WEB = "df57ad29-b88b-40d3-957c-ce425ccba64a";
const DB = "ec4941c6-8ef7-44ca-8bdd-abc58792442d";
const ZONES = new Map([
  [WEB, { alias: "web-0", host: "cn-01" }],
  [DB, { alias: "", host: "cn-02" }],
]);

const groundOf = (condition: Record<string, unknown>, per: string | null = "zonename"): RuleGround => {
  const metric = findMetric("syscall.ops")?.metric;
  assert.ok(metric);
  const rule = parseRule({ name: "slow", instrumentation: "0123456789abcdef", condition });
  return { condition: rule.condition, per, measured: { metric, numeric: "latency", isLinear: false } };
};
const SLOW = groundOf({ kind: "quantile", q: 0.99, windowSec: 60, above: 1e7 });
const TRIED: AlertTest = {
  ...{ fromTs: FROM, toTs: FROM + 86_400, stepSec: 10, evaluations: 8640, unknown: 500, keys: 5, columnSec: 144 },
  ...{ alerts: [], columns: [], notes: [] },
};

describe("isotherm alerts test", () => {
  test("says when, for how long, how bad, and which zone on which host", () => {
    const alerts = [
      { key: WEB, fromTs: FROM, toTs: FROM + 310, worst: 19_870_000 },
      { key: DB, fromTs: FROM + 60, toTs: null, worst: 24_700_000 },
      { key: "global", fromTs: FROM + 60, toTs: FROM + 150, worst: null },
    ];
    const unknown = { fromTs: FROM, worst: null, isUnknown: true, isPartial: false };
    const answer = { ...TRIED, alerts, columns: [unknown, unknown, { ...unknown, isUnknown: false }] };
    assert.equal(
      testText("slow", { ...answer, notes: ["hosts are expected as today"] }, SLOW, ZONES, 7),
      `slow: would have fired 3 times in the last 7 days, for 3 of 5 keys
  2026-01-31T12:00:00Z  for 5 min  worst 19.9 ms  web-0 (${WEB} on cn-01)
  2026-01-31T12:01:00Z  until now  worst 24.7 ms  ${DB} on cn-02
  2026-01-31T12:01:00Z  for 90 s   worst -        global
  (tried 8640 times, every 10 s; nobody had watched for 4 min of it)
  (hosts are expected as today)
`,
    );
  });

  test("says that it would not have fired, and on what that rests", () => {
    assert.equal(
      testText("slow", TRIED, SLOW, ZONES, 1),
      "slow: would not have fired in the last day\n  (tried 8640 times, every 10 s)\n",
    );
  });

  test("shares are percent, burn rates factors, and of silence there is no worst", () => {
    const worstOf = (condition: Record<string, unknown>, worst: number): string =>
      testText(
        "r",
        { ...TRIED, alerts: [{ key: null, fromTs: FROM, toTs: null, worst }] },
        groundOf(condition, null),
        ZONES,
        1,
      ).split("\n")[1] ?? "";
    assert.match(worstOf({ kind: "share", over: 1e8, windowSec: 60, above: 0.01 }, 0.125), / {2}worst 13 % {2}-$/);
    assert.match(worstOf({ kind: "burn", over: 1e8, objective: 0.999 }, 20.25), / {2}worst 20\.3 × {2}-$/);
    assert.match(worstOf({ kind: "rate", windowSec: 60, above: 5 }, 1234), / {2}worst 1\.23k operations\/s {2}-$/);
    assert.match(worstOf({ kind: "absent", windowSec: 60 }, 1), /Z {2}until now {2}-$/);
  });

  test("what others named cannot speak to the terminal", () => {
    const text = testText("a\u001b]0;b\u0007", { ...TRIED, notes: ["\u001b[2J"] }, SLOW, ZONES, 1);
    assert.ok(!text.includes("\u001b"), JSON.stringify(text));
  });
});

describe("isotherm alerts list", () => {
  const ONE: AlertInfo = {
    ...{ fingerprint: "f", rule: "r1", owner: "operator", name: "slow", key: WEB, status: "firing", why: "" },
    ...{ labels: { zonename: WEB }, annotations: { summary: "reads are slow" }, sinceMs: FROM * 1000, startsMs: null },
    ...{ endsMs: null, value: 19_870_000, isPartial: false, unknownSinceMs: null, isLate: false, isSilenced: false },
  };
  const RULES = new Map([["r1", SLOW]]);

  test("has a line each: since when, what, who, how much, and what to keep in mind", () => {
    const doubtful = { ...ONE, key: "nginx", labels: { execname: "nginx" }, annotations: {}, rule: "r9", value: 2 };
    const lines = alertsText([ONE, { ...doubtful, isPartial: true, isSilenced: true }], RULES, ZONES).split("\n");
    assert.match(lines[0] ?? "", /^SINCE +STATE +ALERT +WHO +VALUE +NOTES +SUMMARY$/);
    assert.match(
      lines[1] ?? "",
      /^2026-01-31T12:00:00Z {2}firing {2}slow {3}web-0 \(df57ad29-\S+ on cn-01\) {2}19\.9 ms {2}- +reads are slow$/,
    );
    assert.match(lines[2] ?? "", / {2}nginx +2 +partial, silenced$/, "a rule that is gone has a number without a unit");
  });

  test("says that nothing fires", () => assert.equal(alertsText([], RULES, ZONES), "nothing fires\n"));
});
