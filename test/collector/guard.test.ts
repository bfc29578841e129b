/**
 * When an enabling is switched off, and when it may try again.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CostGuard, GUARD_LIMITS, type GuardTick } from "../../collectors/cost-guard.ts";
import { DROP_LINES } from "../../collectors/simulator/faults.ts";
import { assignment, startBed, until, when, type Bed } from "./bed.ts";

const START_MS = 1_800_000_000_000;

/** Ticks of a second each, that are fine but for what is given. */
function ticks(guard: CostGuard, count: number, rest: (n: number) => Partial<GuardTick>): string[] {
  const falls: string[] = [];
  for (let n = 0; n < count; n++) {
    const nowMs = START_MS + n * 1000;
    const fine = { nowMs, drops: false, lagMs: 20, clockAskedMs: START_MS - 1, eventsPerSec: 100 };
    const fall = guard.tick({ ...fine, ...rest(n) });
    if (fall !== undefined) falls.push(`${n} ${fall.cause}`);
  }
  return falls;
}

describe("the guard", () => {
  test("bears drops in two of five ticks, and not in three", () => {
    assert.deepEqual(
      ticks(new CostGuard(), 50, (n) => ({ drops: n % 5 < 2 })),
      [],
    );
    assert.equal(ticks(new CostGuard(), 5, (n) => ({ drops: n !== 1 }))[0], "3 drops");
  });

  test("acts on five ticks above the budget", () => {
    assert.deepEqual(
      ticks(new CostGuard(), 5, () => ({ eventsPerSec: GUARD_LIMITS.maxEventsPerSec + 1 })),
      ["4 overhead"],
    );
    assert.deepEqual(
      ticks(new CostGuard(), 40, (n) => ({ eventsPerSec: n % 5 === 0 ? 1 : 1e7 })),
      [],
    );
  });

  test("acts on lag that does not shrink, once the clock has been asked", () => {
    const fresh = { clockAskedMs: START_MS + 5_000 };
    assert.deepEqual(ticks(new CostGuard(), 17, () => ({ lagMs: 40_000, ...fresh })).at(0), "15 lag");
    assert.deepEqual(ticks(new CostGuard(), 17, (n) => ({ lagMs: 40_000 + n * 100, ...fresh })).at(0), "15 lag");
    assert.deepEqual(
      ticks(new CostGuard(), 60, () => ({ lagMs: 40_000 })),
      [],
      "nobody has asked the clock",
    );
    assert.deepEqual(
      ticks(new CostGuard(), 60, () => ({ lagMs: 29_000, ...fresh })),
      [],
    );
  });

  test("lets history catch up, though it stalls now and then", () => {
    const catchingUp = (n: number) => ({ lagMs: 300_000 - n * 900 + (n > 50 ? 6_000 : 0), clockAskedMs: START_MS + 1 });
    assert.deepEqual(ticks(new CostGuard(), 300, catchingUp), []);
  });

  test("allows tries after 1, 5 and 30 minutes, then none", () => {
    const guard = new CostGuard();
    let nowMs = START_MS;
    const waits = Array.from({ length: 5 }, () => {
      const wait = guard.fall(nowMs);
      nowMs += (wait ?? 0) + 10_000;
      return wait;
    });
    assert.deepEqual(waits, [60_000, 300_000, 1_800_000, null, null]);
  });

  test("forgives after an hour without a fall", () => {
    const guard = new CostGuard();
    guard.fall(START_MS);
    assert.equal(guard.fall(START_MS + 60_000 + 3_600_001), 60_000);
  });
});

describe("an enabling that drops", () => {
  const SPEC = assignment(1);
  const OTHER = assignment(2, { metric: "proc.execs", decomposition: [] });
  let bed: Bed;
  before(async () => {
    bed = await startBed({ hosts: 1, zonesPerHost: 1 }, { limits: { maxEventsPerSec: 1e9, retryMs: [1_000] } });
  });
  after(() => bed.close());

  test("has every kind of drop on the window that it spoils, and on no other", async () => {
    bed.fleet.hosts[0]?.fail({ kind: "drops", tick: 3, lines: DROP_LINES, lostRows: 1 }, { spec: SPEC.id });
    bed.assign(SPEC, OTHER);
    const rows = await until("six windows", () => {
      const seen = bed.coverage.filter((row) => row.spec === SPEC.id && row.tick > 0);
      return seen.length >= 6 ? seen : undefined;
    });
    const spoilt = rows.filter((row) => row.status === "partial");
    assert.deepEqual(
      spoilt.map((row) => row.tick),
      [3],
    );
    const { uncounted_events: uncounted, ...kinds } = JSON.parse(spoilt[0]?.detail ?? "") as Record<string, number>;
    assert.deepEqual(kinds, {
      principal_drops: 14 + 1 + 19,
      aggregation_drops: 5_027_700,
      dynamic_drops: 3 * 42,
      speculation_failed: 24,
      speculative_drops: 3,
    });
    assert.ok((uncounted ?? 0) > 0);
    assert.equal(spoilt[0]?.dropped, Math.max(5_027_700, uncounted ?? 0) + 3 * 42);
    const status = await until("the totals are reported", () => {
      const now = bed.status("cn-01", SPEC.id);
      return now?.losses["principal_drops"] === 34 ? now : undefined;
    });
    assert.ok((status.eventsPerSec ?? 0) > 0 && (status.dropsPerSec ?? 0) > 0);
  });

  test("is switched off when the kernel aborts it, tried again, and then left alone; a reconnect changes nothing", async () => {
    const [host] = bed.fleet.hosts;
    bed.assign(OTHER);
    await until("it has ended", () => when(bed.status("cn-01", SPEC.id) === undefined));
    host?.fail({ kind: "unresponsive", tick: 1 }, { spec: SPEC.id, times: 100 });
    bed.assign(SPEC, OTHER);
    const first = await until("disabled", () => {
      const now = bed.status("cn-01", SPEC.id);
      return now?.state === "disabled" && now.retryAtMs !== null ? now : undefined;
    });
    assert.match(first.reason, /systemic unresponsiveness/);
    const last = await until("disabled for good", () => {
      const now = bed.status("cn-01", SPEC.id);
      return now?.state === "disabled" && now.retryAtMs === null ? now : undefined;
    });
    host?.dropConnections();
    await until("it is back", () => {
      const reports = bed.coverage.filter((row) => row.spec === OTHER.id && row.status === "ok");
      return when((reports.at(-1)?.ts ?? 0) * 1000 > Date.now() - 2_000 && host?.connections === 1);
    });
    const again = await until("still disabled", () => {
      const now = bed.status("cn-01", SPEC.id);
      return now?.state === "disabled" ? now : undefined;
    });
    assert.equal(again.sinceMs, last.sinceMs);
    await until("its columns are gaps because of that", () =>
      when(
        bed.coverage.some((row) => row.spec === SPEC.id && row.reason === "disabled" && row.ts * 1000 > again.sinceMs),
      ),
    );
  });

  test("starts afresh when it is deleted and made again", async () => {
    const [host] = bed.fleet.hosts;
    bed.assign(OTHER);
    await until("it is forgotten", () => when(bed.status("cn-01", SPEC.id) === undefined));
    bed.assign(assignment(3), OTHER);
    await until("running", () => when(bed.status("cn-01", assignment(3).id)?.state === "running"));
    assert.equal(host?.connections, 1);
  });
});
