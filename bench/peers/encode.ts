/**
 * encode.ts: the workload in each peer's own form: counters that only grow, as Prometheus' world has them.
 */
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { encodeHistograms, encodeSamples, type Label, type NativeHistogram, type Sample } from "./remote-write.ts";
import type { Series, Workload } from "./workload.ts";

/** 27 buckets a decade: the nearest to the scheme's 18 that is not coarser. */
const NATIVE_SCHEMA = 3;

/** When a second of the workload was, epoch ms. */
export type TimeOf = (second: number) => number;

/** One request a second of the workload; native histograms. @param time of the first second, or of each */
export function nativeRequests(workload: Workload, time: number | TimeOf): Uint8Array<ArrayBuffer>[] {
  const timeOf = secondly(time);
  const native = nativeIndexes();
  const buckets = bucketsOf(LATENCY_SCHEME);
  const totals = workload.series.map(() => new Map<number, number>());
  const sums = workload.series.map(() => 0);
  return workload.windows.map((second, at) => {
    const histograms: NativeHistogram[] = second.map((window, i) => {
      const total = totals[i] ?? new Map<number, number>();
      window.bucket.forEach((bucket, k) => {
        const index = native[bucket] ?? 0;
        total.set(index, (total.get(index) ?? 0) + (window.count[k] ?? 0));
        sums[i] = (sums[i] ?? 0) + (window.count[k] ?? 0) * middle(buckets, bucket);
      });
      const index = [...total.keys()].sort((a, b) => a - b);
      return {
        labels: labelsOf(workload.series[i], "latency_ns"),
        timestampMs: timeOf(at),
        schema: NATIVE_SCHEMA,
        sum: sums[i] ?? 0,
        index,
        count: index.map((each) => total.get(each) ?? 0),
      };
    });
    return encodeHistograms(histograms);
  });
}

/** One request a second; a series for each bucket, named by its range as VictoriaMetrics' own histograms are. */
export function vmrangeRequests(workload: Workload, time: number | TimeOf): Uint8Array<ArrayBuffer>[] {
  const timeOf = secondly(time);
  const buckets = bucketsOf(LATENCY_SCHEME);
  const ranges = Array.from({ length: buckets.last + 1 }, (_, index) => rangeOf(buckets, index));
  const totals = workload.series.map(() => new Map<number, number>());
  return workload.windows.map((second, at) => {
    const samples: Sample[] = [];
    second.forEach((window, i) => {
      const total = totals[i] ?? new Map<number, number>();
      window.bucket.forEach((bucket, k) => {
        const value = (total.get(bucket) ?? 0) + (window.count[k] ?? 0);
        total.set(bucket, value);
        const labels = [
          ...labelsOf(workload.series[i], "latency_ns_bucket"),
          { name: "vmrange", value: ranges[bucket] ?? "" },
        ];
        samples.push({ labels, timestampMs: timeOf(at), value });
      });
    });
    return encodeSamples(samples);
  });
}

function secondly(time: number | TimeOf): TimeOf {
  return typeof time === "number" ? (second) => time + second * 1000 : time;
}

export function labelsOf(series: Series | undefined, name: string): Label[] {
  return [
    { name: "__name__", value: name },
    { name: "host", value: series?.host ?? "" },
    { name: "metric", value: `m${series?.metric ?? 0}` },
    { name: "zone", value: series?.zone ?? "" },
  ];
}

/** The native bucket that holds the middle of each of ours. Upper edge of index i: 2^(i / 2^schema). */
function nativeIndexes(): number[] {
  const buckets = bucketsOf(LATENCY_SCHEME);
  return Array.from({ length: buckets.last + 1 }, (_, index) =>
    Math.ceil(Math.log2(Math.max(1, middle(buckets, index))) * 2 ** NATIVE_SCHEMA),
  );
}

function middle(buckets: Buckets, index: number): number {
  const low = buckets.lowOf(index) ?? 0;
  return (low + (buckets.highOf(index) ?? low)) / 2;
}

function rangeOf(buckets: Buckets, index: number): string {
  const edge = (value: number | null): string => (value === null ? "+Inf" : value.toExponential(3));
  return `${edge(buckets.lowOf(index) ?? 0)}...${edge(buckets.highOf(index))}`;
}
