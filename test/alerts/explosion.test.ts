/**
 * What a rule, a key or a hook could make too much of: keys without an end, annotations of any length, windows that reach behind what is kept, and a
 * try of ten thousand evaluations beside which everybody else goes on.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertTest } from "../../core/alerts/api.ts";
import { INACTIVE } from "../../core/alerts/machine.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import { MAX_KEYS_PER_RULE } from "../../core/alerts/rule.ts";
import type { ErrorBody } from "../../core/api.ts";
import type { KeyState } from "../../query-api/alerts/active-rule.ts";
import type { Hook } from "../../query-api/alerts/hooks.ts";
import { webhookBody } from "../../query-api/alerts/payload.ts";
import { viewOfRule } from "../../query-api/alerts/reader.ts";
import { readingsOf, type Windows } from "../../query-api/alerts/reading.ts";
import { MAX_BYTES } from "../../query-api/alerts/send.ts";
import { CountWindow, CoverageWindow } from "../../query-api/alerts/sliding.ts";
import { Counts, Coverage, type Cell } from "../../query-api/alerts/ticks.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { OPERATOR } from "../../core/window.ts";
import { HOSTS, startBed, ZONES, type Bed } from "./bed.ts";

describe("too many", () => {
  let bed: Bed;
  before(async () => {
    bed = await startBed();
  });
  after(() => bed.close());

  const rule = (differs: object = {}) => ({
    ...{ name: "many", instrumentation: bed.instrumentation, per: "execname", everySec: 1 },
    ...{ condition: { kind: "quantile", q: 0.99, windowSec: 600, above: 1e9 }, ...differs },
  });
  const viewOf = (json: object) => viewOfRule(bed.api.services.query.instrumentations, parseRule(json), OPERATOR);

  test("keys, another each second, fill neither windows nor memory, and leave nothing behind when they have gone", () => {
    const view = viewOf(rule());
    const counts = new Counts({ view, per: "execname" }, MAX_KEYS_PER_RULE);
    const window = new CountWindow(counts, 600, bucketsOf(view.spec.scheme ?? assert.fail()));
    for (let ts = 0; ts < 100; ts++) {
      const cells = Array.from({ length: 1000 }, (_, i): [string, Cell] => [
        ...([`pid ${ts * 1000 + i}`, { counts: new Map([[0, 1]]), sum: 0 }] as const),
      ]);
      counts.put(ts, new Map(cells));
      window.moveTo(ts + 1);
    }
    assert.equal([...window.keys()].length, MAX_KEYS_PER_RULE, "of a hundred thousand");
    assert.equal(counts.skipped, 98_000, "and it is said how many were left out");
    window.moveTo(1000);
    assert.deepEqual([...window.keys()], [], "nothing is taken away that was never added");
    counts.forget(50);
    counts.put(2000, new Map([["late", { counts: new Map([[0, 1]]), sum: 0 }]]));
    assert.ok(counts.at(2000)?.has("late"), "who has gone has made room");
  });

  test("keys that were bad once do not keep out those that are there, nor those that fire", () => {
    const view = viewOf(rule());
    const counts = new Counts({ view, per: "execname" }, MAX_KEYS_PER_RULE);
    const buckets = bucketsOf(view.spec.scheme ?? assert.fail());
    counts.put(0, new Map([["here", { counts: new Map([[0, 1]]), sum: 0 }]]));
    const coverage = new Coverage(1);
    coverage.put(0, new Map([[HOSTS[0], { watched: 1, dropped: 0 }]]));
    const windows: Windows = {
      ...{ counts: new CountWindow(counts, 1, buckets), coverage: new CoverageWindow(coverage, 1), windowSec: 1 },
    };
    windows.counts.moveTo(1);
    windows.coverage.moveTo(1);
    const gone = Array.from({ length: 5000 }, (_, i) => `gone ${i}`);
    const read = readingsOf({
      ...{ rule: parseRule(rule({ condition: { kind: "rate", windowSec: 1, above: 0 } })), buckets, granularitySec: 1 },
      ...{ factor: 1, hosts: [HOSTS[0]], zones: new Map(), over: () => windows, baselineOf: () => undefined },
      ...{ open: ["fires"], known: [...gone, "fires"] },
    });
    assert.equal(read.size, MAX_KEYS_PER_RULE);
    assert.ok(read.has("here") && read.has("fires"));
  });

  test("bytes in annotations are cut: one alert fits into a message, whatever its key is called", () => {
    const annotations = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a${i}`, "{{ key }}".repeat(100)]));
    const read = parseRule(rule({ annotations }));
    const row = { ...{ id: "r", owner: OPERATOR, origin: "api", rule: {} }, createdMs: 0, changedMs: 0, deletedMs: 0 };
    const state: KeyState = {
      ...{ row: row as KeyState["row"], rule: read, view: viewOf(rule()), key: "\u{1f525}".repeat(250), isLate: false },
      state: { ...INACTIVE, status: "firing", startsMs: 1, atMs: 1000 },
    };
    const hook = { row: { name: "pager" } } as Hook;
    const body = webhookBody(hook, "[]", [{ state, combinations: null }], { baseUrl: "", aliasOf: (zone) => zone });
    assert.ok(Buffer.byteLength(body) <= MAX_BYTES, `${Buffer.byteLength(body)} bytes`);
    const { alerts } = JSON.parse(body) as { alerts: { annotations: Record<string, string> }[] };
    assert.equal(Object.keys(alerts[0]?.annotations ?? {}).length, 20, "each is there");
  });

  test("days in a window: one that is longer than its data are kept is refused, and the field is named", async () => {
    const { id: instrumentation } = await bed.api.operator.post<{ id: string }>("/v1/instrumentations", {
      ...{ metric: "syscall.ops", decomposition: ["syscall", "latency"], retentionSec: 86_400 },
    });
    const refused = async (condition: object): Promise<string[]> => {
      const init = { method: "POST", headers: { "content-type": "application/json" } };
      const body = JSON.stringify(rule({ instrumentation, per: null, condition }));
      const answer = await bed.api.operator.fetch("/v1/alerts/rules", { ...init, body });
      return ((await answer.json()) as ErrorBody).errors.map(({ field, code }) => `${field} ${code}`);
    };
    const long = { kind: "rate", windowSec: 86_401, above: 1 };
    assert.deepEqual(await refused(long), ["condition.windowSec BAD_WINDOW"]);
    assert.deepEqual(await refused({ kind: "shape", windowSec: 300, above: 1 }), ["condition.minDays BAD_WINDOW"]);
    assert.deepEqual(await refused({ kind: "burn", over: 1e8, objective: 0.999 }), ["condition.windows BAD_WINDOW"]);
  });

  test("evaluations in one try: others have their turn meanwhile", async () => {
    const ts = Math.floor(Date.now() / 1000) - 700;
    const seconds = Array.from({ length: 500 }, (_, i) => {
      return { host: HOSTS[0], zone: ZONES[0], execname: `p${i}`, latencyNs: 2000 * (1 + (i % 50)), count: 3 };
    });
    await bed.tell(ts, seconds);
    let [longestMs, turns, isOver] = [0, 0, false];
    let before = process.cpuUsage();
    const turn = (): void => {
      const { user, system } = process.cpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1000);
      before = process.cpuUsage();
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const begun = process.cpuUsage();
    const tried = await bed.api.operator.post<AlertTest>("/v1/alerts/test", {
      rule: rule(),
      from: ts - 50,
      to: ts + 650,
    });
    isOver = true;
    const { user } = process.cpuUsage(begun);
    assert.ok(tried.evaluations > 600);
    assert.ok(user / 1000 > 300, `it is work: ${user / 1000} ms`);
    assert.ok(longestMs < 250 && turns > 10, `one turn took ${longestMs} ms of ${user / 1000}`);
  });
});
