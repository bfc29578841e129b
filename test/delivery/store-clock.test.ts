/**
 * Clocks that are wrong, drift, or are set: windows keep their identity, none is lost, and what was done to their times is said.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Coverage } from "../../collectors/coverage.ts";
import { HostClock } from "../../collectors/host-clock.ts";
import type { CoverageRow, WindowRow } from "../../core/window.ts";

const START = 1_700_000_000_000;
const TRAVEL_MS = 30;

interface Course {
  readonly name: string;
  /** How far the host's clock is ahead of true time at a tick; the collector's, `collector`. */
  readonly host: (tick: number) => number;
  readonly collector?: (tick: number) => number;
  /** Flags that must come, in the order of their first coming. */
  readonly flags: readonly string[];
  /** How far a column may be from the collector's clock, seconds. */
  readonly offSec?: number;
}

const COURSES: readonly Course[] = [
  { name: "right", host: () => 0, flags: [""] },
  { name: "200 ms ahead", host: () => 200, flags: [""] },
  { name: "400 ms ahead", host: () => 400, flags: ["corrected"] },
  { name: "400 ms behind", host: () => -400, flags: ["corrected"] },
  { name: "just under an hour ahead", host: () => 3_599_000, flags: ["corrected"] },
  { name: "more than an hour ahead", host: () => 3_601_000, flags: ["received"] },
  { name: "more than an hour behind", host: () => -3_601_000, flags: ["received"] },
  {
    name: "slewed by 500 ppm to 400 ms",
    host: (tick) => Math.min(400, tick * 0.5),
    flags: ["", "corrected"],
    offSec: 2,
  },
  { name: "set on by an hour", host: (tick) => (tick < 100 ? 0 : 3_590_000), flags: ["", "received", "corrected"] },
  { name: "set back by an hour", host: (tick) => (tick < 100 ? 0 : -3_590_000), flags: ["", "received", "corrected"] },
  { name: "set on by two hours", host: (tick) => (tick < 100 ? 0 : 7_200_000), flags: ["", "received"] },
  { name: "set right", host: (tick) => (tick < 100 ? -900_000 : 0), flags: ["corrected", "received", ""] },
  {
    name: "right, and the collector's is set on by ten minutes",
    host: () => 0,
    collector: (tick) => (tick < 100 ? 0 : 600_000),
    // It looks like a host that is behind, until it is asked.
    flags: ["", "corrected"],
    offSec: 601,
  },
  {
    name: "right, and the collector's is set back by ten minutes",
    host: () => 0,
    collector: (tick) => (tick < 100 ? 0 : -600_000),
    flags: ["", "received", "corrected"],
  },
];

describe("a host's clock", () => {
  for (const course of COURSES) {
    test(`${course.name}: every window is there once, at its time, and flagged`, () => {
      const { coverage, windows, collectorMs } = run(course, 1000);
      const delivered = coverage.filter((row) => row.status !== "gap");
      assert.deepEqual(
        delivered.map((row) => row.tick),
        Array.from({ length: 1000 }, (_, i) => i + 1),
        "a window was lost, merged or doubled",
      );
      assert.equal(
        windows.reduce((sum, row) => sum + (row.count[0] ?? 0), 0),
        1000,
      );
      assert.ok(
        delivered.every((row) => row.elapsedNs === 1e9),
        "a rate would be wrong",
      );
      const flags = delivered.map((row) =>
        row.detail === "" ? "" : (JSON.parse(row.detail) as { clock: string }).clock,
      );
      assert.deepEqual([...new Set(flags)], course.flags);
      for (const row of delivered) {
        const offSec = Math.abs(row.ts + 1 - collectorMs(row.tick) / 1000);
        assert.ok(offSec <= (course.offSec ?? 1.6), `tick ${row.tick}: ${offSec} s off`);
      }
    });
  }

  test("a slow host is not taken for one whose clock was set", () => {
    const clock = new HostClock();
    clock.measured(0, START);
    for (let tick = 0; tick < 60; tick++) {
      // 20 s without a line, and then all of them.
      const receivedMs = START + Math.max(tick, tick > 10 ? 30 : 0) * 1000;
      assert.deepEqual(clock.windowEnd("s", START + tick * 1000, receivedMs), {
        endedMs: START + tick * 1000,
        flag: "",
      });
    }
  });

  test("an offset within the error of its measurement is none", () => {
    const clock = new HostClock();
    clock.measured(600, START, 400);
    assert.equal(clock.windowEnd("s", START + 100, START).flag, "");
  });
});

/** Ticks of a second on a host, as its collector receives them; the clock is asked every minute, and two ticks after a doubt. */
function run(course: Course, ticks: number) {
  const windows: WindowRow[] = [];
  const coverage: CoverageRow[] = [];
  const sink = {
    add: (rows: readonly WindowRow[], row: CoverageRow): void => {
      windows.push(...rows);
      coverage.push(row);
    },
  };
  const clock = new HostClock();
  const columns = new Coverage({ spec: "s", host: "cn-01", granularitySec: 1, sink });
  const collectorMs = (tick: number): number => START + tick * 1000 + TRAVEL_MS + (course.collector?.(tick) ?? 0);
  const ask = (tick: number): void =>
    clock.measured(START + tick * 1000 + TRAVEL_MS + course.host(tick) - collectorMs(tick), collectorMs(tick));
  ask(0);
  let askAt = 60;
  for (let tick = 1; tick <= ticks; tick++) {
    if (tick >= askAt) {
      ask(tick);
      askAt = tick + 60;
    }
    const receivedMs = collectorMs(tick);
    const { endedMs, flag } = clock.windowEnd("s", START + tick * 1000 + course.host(tick), receivedMs);
    if (clock.isInDoubt) askAt = Math.min(askAt, tick + 2);
    const rows = [{ zone: "z", keys: [], bucket: [1], count: [1], value: 0 }];
    const loss = { events: 1, dropped: 0, losses: {} };
    columns.deliver(
      { enabling: "e", tick, endedMs, clock: flag, receivedMs, elapsedNs: 1e9, rows, ...loss },
      "late_tick",
    );
  }
  return { windows, coverage, collectorMs };
}
