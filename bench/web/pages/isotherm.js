/**
 * isotherm.js: the product's own chart, as the page uses it: ranked colours, a percentile line, axes, crosshair.
 */
import { bucketsOf } from "../../../core/histogram/buckets.ts";
import { fromTally, quantile } from "../../../core/histogram/distribution.ts";
import { parseScheme } from "../../../core/histogram/scheme.ts";
import { HeatmapChart } from "../../../web/heatmap/chart.ts";
import { Crosshair } from "../../../web/heatmap/crosshair.ts";
import { applyTheme } from "../../../web/theme.ts";
import "../../../web/style/base.css";
import "../../../web/style/heatmap.css";
import { bench } from "./driver.js";

const FROM = 1_700_000_000;
const STEP = 1000;

const colours = applyTheme("dark");
const events = { hover() {}, zoom() {}, band() {}, pan() {}, select() {}, painted() {} };
let next = FROM;
let columns = [];

/** As the server sends them: sparse, with their percentiles. Those that are known stay. */
function sceneOf(grid) {
  const rows = grid[0].length;
  const scheme = `lquantize(0,${rows * STEP},${STEP})`;
  const buckets = bucketsOf(parseScheme(scheme));
  const fresh = grid.slice(columns.length === 0 ? 0 : -1).map((counts) => columnOf(counts, buckets));
  columns = [...columns, ...fresh].slice(-grid.length);
  const fromTs = columns[0].ts;
  const toTs = fromTs + columns.length;
  const head = {
    instrumentation: "i",
    metric: "m",
    scheme,
    unit: "ns",
    fromTs,
    toTs,
    stepSec: 1,
    tier: "1s",
    total: 0,
  };
  const span = { kind: "linear", min: 0, max: rows * STEP };
  const how = { colouring: "rank", per: "bucket", percentiles: ["p99"], colours, zone: "utc" };
  return {
    heatmap: { ...head, columns },
    ...{ fromTs, toTs, span, ...how, selection: null, other: null, hues: null, lit: null },
  };
}

function columnOf(counts, buckets) {
  const sparse = fromTally(new Map(Array.from(counts, (count, row) => [row + 1, count])));
  const q = (fraction) => quantile(buckets, sparse, fraction);
  const total = sparse.count.reduce((all, count) => all + count, 0);
  const known = { ts: next++, reporting: 3, expected: 3, dropped: 0, reason: "", total };
  return { ...known, p50: q(0.5), p90: q(0.9), p99: q(0.99), p999: q(0.999), ...sparse };
}

bench(
  (grid, host) => {
    host.className = "heatmap";
    return sceneOf(grid);
  },
  (host, scene) => {
    const chart = new HeatmapChart(host, scene, events, new Crosshair());
    return (next) => chart.show(next);
  },
);
