/** column-window.test.ts: history and live columns make one heatmap. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { TRUE } from "../../core/predicate.ts";
import { encodeHeatmap } from "../../wire/answers.ts";
import { decodeHeatmap } from "../../web/arrow.ts";
import {
  atLiveEdge,
  isMissing,
  isPartial,
  StepMerger,
  sumColumns,
  withColumn,
} from "../../web/heatmap/column-window.ts";
import { BUCKETS, fakeGroups, fakeHeatmap, gapColumn, SCHEME, secondColumn } from "./fake-model.ts";

const T0 = 1_699_999_800;
const second = (ts: number): HeatmapColumn => secondColumn(ts, TRUE, null);
const history = (seconds: number, stepSec = 1): Heatmap => fakeHeatmap(T0, T0 + seconds, stepSec, TRUE, null, T0 + 1e6);

describe("a live column", () => {
  test("slides the window by one and changes nothing else", () => {
    const before = history(60);
    const after = withColumn(before, second(T0 + 60), 60);
    assert.deepEqual(after.columns.slice(0, 59), before.columns.slice(1));
    assert.deepEqual([after.fromTs, after.toTs], [T0 + 1, T0 + 61]);
    assert.equal(after.total, fakeHeatmap(T0 + 1, T0 + 61, 1, TRUE, null, T0 + 1e6).total);
  });
  test("that comes twice counts once", () => {
    const once = withColumn(history(60), second(T0 + 60), 60);
    assert.deepEqual(withColumn(once, second(T0 + 60), 60), once);
  });
  test("older than the window is left out", () => {
    const before = history(60);
    assert.equal(withColumn(before, second(T0 - 1), 60), before);
  });
  test("after a hole leaves unknown columns, not zeros, between", () => {
    const after = withColumn(history(60), second(T0 + 63), 60);
    assert.deepEqual(after.columns.slice(-4, -1).map(isMissing), [true, true, true]);
    assert.equal(after.columns.at(-2)?.total, null);
  });
});

test("seconds of a coarse column add up to what the server would have answered", () => {
  const merger = new StepMerger(10, SCHEME);
  const coarse = history(60, 10);
  let built = coarse.columns[0];
  for (let ts = T0; ts < T0 + 10; ts++) built = merger.add(second(ts));
  assert.deepEqual(built, coarse.columns[0]);
  assert.deepEqual(merger.add(second(T0 + 9)), coarse.columns[0]);
});

describe("at the live edge", () => {
  const unknown = (from: number, count: number): HeatmapColumn[] =>
    Array.from({ length: count }, (_, i) => gapColumn(from + i, ""));
  test("what nobody has reported yet is left out", () => {
    const before = history(60);
    const late = { ...before, columns: [...before.columns, ...unknown(T0 + 60, 3)], toTs: T0 + 63 };
    assert.deepEqual(atLiveEdge(late, 60), before);
  });
  test("a gap with a reason stays", () => {
    const before = history(60);
    const gap = { ...before, columns: [...before.columns.slice(0, 59), gapColumn(T0 + 59, "ssh_down")] };
    assert.equal(atLiveEdge(gap, 60).columns.length, 60);
  });
  test("a long silence stays: it is an outage", () => {
    const before = history(60);
    const silent = { ...before, columns: [...before.columns, ...unknown(T0 + 60, 40)], toTs: T0 + 100 };
    assert.equal(atLiveEdge(silent, 100).columns.length, 100);
  });
});

test("a column with some hosts missing or events lost is partial; one without any is missing", () => {
  assert.ok(isPartial({ ...second(T0), reporting: 2 }));
  assert.ok(isPartial({ ...second(T0), dropped: 1 }));
  assert.ok(!isPartial(second(T0)));
  assert.ok(isMissing(gapColumn(T0, "ssh_down")) && !isPartial(gapColumn(T0, "ssh_down")));
});

test("nothing known stays nothing known when it is summed", () => {
  const sum = sumColumns(T0, [gapColumn(T0, "ssh_down"), gapColumn(T0 + 1, "")], BUCKETS);
  assert.deepEqual([sum.total, sum.p99, sum.reason], [null, null, "ssh_down"]);
});

test("a heatmap without any event arrives whole, whatever its length", () => {
  const lengths = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const length of lengths) {
    const columns = Array.from({ length }, (_, i) => gapColumn(T0 + i, ""));
    assert.equal(decodeHeatmap(encodeHeatmap({ ...history(1), columns })).columns.length, length);
  }
});

test("a heatmap that the API encodes as Arrow is decoded to itself", () => {
  const heatmap = history(300);
  const decoded = decodeHeatmap(encodeHeatmap(heatmap));
  const plain = (column: HeatmapColumn): unknown => ({
    ...column,
    bucket: Array.from(column.bucket),
    count: Array.from(column.count),
  });
  assert.deepEqual(
    { ...decoded, columns: decoded.columns.map(plain) },
    { ...heatmap, columns: heatmap.columns.map(plain) },
  );
});

test("its groups by key come with it, column by column", () => {
  const nowSec = T0 + 1e6;
  const heatmap = fakeGroups(history(60), "execname", ["node", "cron"], TRUE, null, nowSec);
  const { by, groups = [] } = decodeHeatmap(encodeHeatmap(heatmap));
  assert.deepEqual(
    [by, groups.map(({ key, isOther }) => [key, isOther])],
    [
      "execname",
      [
        ["node", false],
        ["cron", false],
        ["", true],
      ],
    ],
  );
  heatmap.groups?.forEach((group, g) =>
    group.columns.forEach((column, c) =>
      assert.deepEqual(Array.from(groups[g]?.columns[c]?.count ?? []), column.count),
    ),
  );
});
