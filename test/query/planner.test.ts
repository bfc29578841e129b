/**
 * Which table answers for which second: each second of a range exactly once, from something that has all of it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { segmentsOf } from "../../query-api/planner.ts";
import { widen } from "../../query-api/resolution.ts";
import type { Segment } from "../../query-api/sql.ts";
import { COMMITTED, DROPPED, SEALED, sourcesOf, type Generation, type Unit } from "../../store/rollup-units.ts";
import { seeded } from "../../collectors/simulator/random.ts";

const HOUR = 3600;
const generation = (rows: number, state = COMMITTED, id = 1): Generation => ({ generation: id, state, rows, atMs: 0 });
const unit = (hour: number, rawRows: number, minutes: Generation | null, hours: Generation | null): Unit => ({
  spec: "s",
  hour,
  rawRows,
  minutes,
  hours,
});

describe("what an hour may be read from", () => {
  const CASES: readonly [string, Unit, { raw: boolean; late: boolean; minutes: boolean; hours: boolean }][] = [
    ["not rolled up", unit(0, 9, null, null), { raw: true, late: false, minutes: false, hours: false }],
    ["rolled up", unit(0, 9, generation(9), generation(9)), { raw: true, late: false, minutes: true, hours: true }],
    ["late rows", unit(0, 10, generation(9), generation(9)), { raw: true, late: false, minutes: false, hours: false }],
    [
      "minutes made again, hours not yet",
      unit(0, 10, generation(10), generation(9)),
      { raw: true, late: false, minutes: true, hours: false },
    ],
    [
      "sealed",
      unit(0, 9, generation(9, SEALED), generation(9)),
      { raw: false, late: false, minutes: true, hours: true },
    ],
    [
      "sealed, then late rows",
      unit(0, 10, generation(9, SEALED), generation(9)),
      { raw: true, late: false, minutes: false, hours: false },
    ],
    [
      "raw rows being dropped",
      unit(0, 0, generation(9, SEALED), generation(9)),
      { raw: false, late: false, minutes: true, hours: true },
    ],
    [
      "raw rows gone of themselves",
      unit(0, 3, generation(9), generation(9)),
      { raw: false, late: false, minutes: true, hours: true },
    ],
    [
      "raw rows dropped",
      unit(0, 0, generation(9, DROPPED), generation(9)),
      { raw: false, late: false, minutes: true, hours: true },
    ],
    [
      "raw rows dropped, then late ones",
      unit(0, 2, generation(9, DROPPED), generation(9)),
      { raw: false, late: true, minutes: true, hours: true },
    ],
    [
      "minutes about to go",
      unit(0, 0, generation(9, DROPPED), generation(9, SEALED)),
      { raw: false, late: false, minutes: false, hours: true },
    ],
    [
      "minutes gone",
      unit(0, 0, generation(9, DROPPED), generation(9, DROPPED)),
      { raw: false, late: false, minutes: false, hours: true },
    ],
  ];
  for (const [name, of, expected] of CASES) {
    test(name, () => {
      const { raw, late, minutes, hours } = sourcesOf(of);
      assert.deepEqual({ raw, late, minutes: minutes !== null, hours: hours !== null }, expected);
    });
  }
});

describe("a plan", () => {
  test("reads each second once, of raw rows or of the generation that holds, whatever the hours' states", () => {
    const random = seeded(42);
    for (let round = 0; round < 300; round++) {
      const units = new Map<number, Unit>();
      for (let hour = 0; hour < 6 * HOUR; hour += HOUR) units.set(hour, randomUnit(random, hour));
      const stepSec = [1, 10, 60, 300, HOUR, null][Math.floor(random() * 6)] ?? null;
      const asked = { fromTs: Math.floor(random() * 3 * HOUR), toTs: Math.floor((3 + random() * 3) * HOUR) };
      // What planColumns and planTotal do first: as wide as what is left asks for.
      const needs = [...units.values()].map((each) => widthOf(each));
      const range = widen(asked, Math.max(stepSec ?? 1, ...needs));
      const step = stepSec === null ? null : Math.max(stepSec, ...needs);
      const { segments } = segmentsOf([range], step, units);
      for (let ts = range.fromTs; ts < range.toTs; ts += 59)
        checkSecond(ts, segments, units.get(Math.floor(ts / HOUR) * HOUR), step);
    }
  });

  test("of whole hours reads hours, the whole minutes at its ends from minutes, and the seconds there from raw", () => {
    const units = new Map(
      [0, HOUR, 2 * HOUR].map((hour, i) => [
        hour,
        unit(hour, 9, generation(9, COMMITTED, 10 + i), generation(9, COMMITTED, 20 + i)),
      ]),
    );
    const { segments, tier } = segmentsOf([{ fromTs: 50, toTs: 3 * HOUR - 70 }], null, units);
    assert.equal(tier, "1h");
    assert.deepEqual(segments, [
      {
        table: "windows",
        ranges: [
          { fromTs: 50, toTs: 60 },
          { fromTs: 3 * HOUR - 120, toTs: 3 * HOUR - 70 },
        ],
        generations: [],
      },
      {
        table: "windows_1m",
        ranges: [
          { fromTs: 60, toTs: HOUR },
          { fromTs: 2 * HOUR, toTs: 3 * HOUR - 120 },
        ],
        generations: [10, 12],
      },
      { table: "windows_1h", ranges: [{ fromTs: HOUR, toTs: 2 * HOUR }], generations: [21] },
    ]);
  });
});

function randomUnit(random: () => number, hour: number): Unit {
  const rows = Math.floor(random() * 3) + 7;
  const state = [COMMITTED, SEALED, DROPPED][Math.floor(random() * 3)] ?? COMMITTED;
  const minutes = random() < 0.2 ? null : generation(8, state, hour + 1);
  const hours =
    minutes === null || random() < 0.3 ? null : generation(8, random() < 0.3 ? SEALED : COMMITTED, hour + 2);
  return unit(hour, random() < 0.3 ? 0 : rows, minutes, hours);
}

function widthOf(each: Unit): number {
  const { raw, minutes } = sourcesOf(each);
  if (raw) return 1;
  return minutes === null ? HOUR : 60;
}

function checkSecond(ts: number, segments: readonly Segment[], of: Unit | undefined, step: number | null): void {
  const here = segments.filter(({ ranges }) => ranges.some((range) => range.fromTs <= ts && ts < range.toTs));
  const { raw, late, minutes, hours } = sourcesOf(of);
  const tables = here.map(({ table }) => table).sort();
  const message = `second ${ts} from ${tables.join(", ")} in columns of ${step}: ${JSON.stringify(of)}`;
  const rolled = here.filter(({ table }) => table !== "windows");
  assert.equal(tables.includes("windows"), late || rolled.length === 0, message);
  if (rolled.length === 0) assert.ok(raw, message);
  for (const segment of rolled) {
    const holding = segment.table === "windows_1m" ? minutes : hours;
    assert.ok(holding !== null && segment.generations.includes(holding), message);
    assert.ok(step === null || step % (segment.table === "windows_1m" ? 60 : HOUR) === 0, message);
  }
  assert.ok(rolled.length <= 1, message);
}
