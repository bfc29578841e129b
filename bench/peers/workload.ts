/**
 * workload.ts: one workload for all: the same latency distributions, seeded, as every store under test gets them.
 *
 * Each series (host, zone, metric) has a service of its own: a fast mode, and for half of them a slow one behind a cache. A
 * window's counts are drawn around the expectation of each bucket, so that neighbouring seconds are alike but not equal, which
 * is what compression meets in life.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";

export interface Size {
  readonly hosts: number;
  readonly zones: number;
  readonly metrics: number;
  readonly seconds: number;
}

export interface Series {
  readonly host: string;
  readonly zone: string;
  readonly metric: number;
}

/** One window of one series: indexes into the latency scheme, ascending, and counts above 0. */
export interface Window {
  readonly bucket: readonly number[];
  readonly count: readonly number[];
}

export interface Workload {
  readonly size: Size;
  readonly series: readonly Series[];
  /** windows[second][series] */
  readonly windows: readonly (readonly Window[])[];
  readonly histograms: number;
  readonly nonZeroBuckets: number;
}

export function makeWorkload(size: Size, seed = 42): Workload {
  const random = seeded(seed);
  const series: Series[] = [];
  const shapes: Float64Array[] = [];
  for (let host = 0; host < size.hosts; host++) {
    for (let zone = 0; zone < size.zones; zone++) {
      for (let metric = 0; metric < size.metrics; metric++) {
        series.push({ host: `cn-${String(host).padStart(3, "0")}`, zone: zoneName(host, zone), metric });
        shapes.push(shape(random));
      }
    }
  }
  const windows = Array.from({ length: size.seconds }, () => shapes.map((each) => draw(each, random)));
  let nonZeroBuckets = 0;
  for (const second of windows) for (const window of second) nonZeroBuckets += window.bucket.length;
  return { size, series, windows, histograms: series.length * size.seconds, nonZeroBuckets };
}

/** A zone's name as SmartOS has it: a uuid. */
export function zoneName(host: number, zone: number): string {
  const hex = (host * 4096 + zone).toString(16).padStart(12, "0");
  return `5f0e9ad4-7c1b-4d21-9a3e-${hex}`;
}

/** Expected count of each bucket of the scheme. */
function shape(random: () => number): Float64Array {
  const buckets = bucketsOf(LATENCY_SCHEME);
  const expected = new Float64Array(buckets.last + 1);
  const events = 20 * 20 ** random();
  const hit = random() < 0.5 ? 1 : 0.8;
  const fast = Math.log(5e3 * 100 ** random());
  const slow = fast + Math.log(20 + 80 * random());
  const width = 0.35 + 0.3 * random();
  for (let index = Math.max(0, buckets.first); index <= buckets.last; index++) {
    const low = buckets.lowOf(index) ?? 1;
    const high = buckets.highOf(index) ?? low * 2;
    const at = Math.log((low + high) / 2 + 1);
    const share = (Math.log(high + 1) - Math.log(low + 1)) / (width * 2.5066);
    expected[index] =
      events *
      share *
      (hit * Math.exp(-0.5 * ((at - fast) / width) ** 2) + (1 - hit) * Math.exp(-0.5 * ((at - slow) / width) ** 2));
  }
  return expected;
}

function draw(expected: Float64Array, random: () => number): Window {
  const bucket: number[] = [];
  const count: number[] = [];
  for (let index = 0; index < expected.length; index++) {
    const mean = expected[index] ?? 0;
    if (mean < 0.01) continue;
    // A sum of uniforms is near enough to Poisson's spread for what a store sees.
    const spread = (random() + random() + random() - 1.5) * 2 * Math.sqrt(mean);
    const n = Math.floor(mean + spread + random());
    if (n <= 0) continue;
    bucket.push(index);
    count.push(n);
  }
  return { bucket, count };
}
