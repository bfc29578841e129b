/** tried-line.test.ts: the line that a tried rule's values make. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reading } from "../../core/alerts/measure.ts";
import { TriedLine } from "../../query-api/alerts/tried-line.ts";

const most = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));
const value = (number: number, isPartial = false): Reading => ({ kind: "value", value: number, isPartial });
const unknown: Reading = { kind: "unknown", why: "nobody watched" };
const empty: Reading = { kind: "empty", isPartial: false };

describe("the line of a tried rule", () => {
  test("has the worst of all keys in each column, and is never zero for what is not known", () => {
    const line = new TriedLine(60, 10, most);
    assert.equal(line.columnSec, 10);
    line.see(10, value(3));
    line.see(10, value(7, true));
    line.see(10, unknown);
    line.see(20, empty);
    line.see(30, unknown);
    assert.deepEqual(line.columns(), [
      { fromTs: 10, worst: 7, isUnknown: false, isPartial: true },
      { fromTs: 20, worst: null, isUnknown: false, isPartial: false },
      { fromTs: 30, worst: null, isUnknown: true, isPartial: false },
    ]);
  });

  test("has as many columns as a picture has room for, of whole steps, and keeps a spike", () => {
    const line = new TriedLine(604_800, 60, most);
    for (let ts = 0; ts < 604_800; ts += 60) line.see(ts, value(ts === 302_460 ? 99 : 1));
    const columns = line.columns();
    assert.ok(columns.length <= 601 && line.columnSec % 60 === 0);
    assert.equal(columns.filter(({ worst }) => worst === 99).length, 1);
  });
});
