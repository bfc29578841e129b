/**
 * prometheus-names.ts: what instrumentations are called in Prometheus' world: families, their names, types and labels.
 *
 * A distribution is a classic histogram: NAME_bucket by `le`, NAME_count. There is no NAME_sum: the sum of the values themselves is kept
 * nowhere, and one that was made of bucket middles would look exact. A scalar that adds up is a counter NAME_total; a gauge
 * is NAME. Units are base units, as everywhere here: ns, bytes.
 */
import type { Buckets } from "../core/histogram/buckets.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { Spec } from "../core/instrumentation.ts";
import { fieldOf, type Metric, type ValueType } from "../core/metric.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import { keysOf } from "./view.ts";

/** bucket, count: of a distribution, by `le` or all; total: a scalar that adds up; gauge: one that does not. */
export type FamilyKind = "bucket" | "count" | "total" | "gauge";

export interface Family {
  /** As it is selected by. */
  readonly name: string;
  /** Without _bucket, _count: what has a type and a help. */
  readonly base: string;
  readonly kind: FamilyKind;
  readonly instrumentation: InstrumentationRow;
  readonly metric: Metric;
  readonly spec: Spec;
  /** Labels that rows have, by the name of their column: operators see the host and the tenant too. */
  readonly rowLabels: readonly string[];
}

export const INSTRUMENTATION = "instrumentation";
export const LE = "le";
export const NAME = "__name__";
/** For operators only. */
const FLEET_LABELS = ["host", "tenant"];

/** The families of one instrumentation. @param fleet whether hosts and tenants are the reader's to see */
export function familiesOf(
  instrumentation: InstrumentationRow,
  metric: Metric,
  spec: Spec,
  fleet: boolean,
): readonly Family[] {
  const base = baseName(metric, spec);
  const rowLabels = [...keysOf(spec), ...(fleet ? FLEET_LABELS : [])];
  const of = (suffix: string, kind: FamilyKind): Family => {
    return { name: base + suffix, base, kind, instrumentation, metric, spec, rowLabels };
  };
  if (spec.scheme !== null) return [of("_bucket", "bucket"), of("_count", "count")];
  return metric.scope === "point" ? [of("", "gauge")] : [of("_total", "total")];
}

/** Labels of a family's series, the name's among them, sorted. */
export function labelNames(family: Family): string[] {
  const le = family.kind === "bucket" ? [LE] : [];
  return [NAME, INSTRUMENTATION, ...le, ...family.rowLabels].sort();
}

/** For example `syscall_ops_latency_ns`; the same for equal metrics and numeric fields, whatever else they are broken down by. */
function baseName(metric: Metric, spec: Spec): string {
  const name = `${metric.module}_${metric.stat}`;
  const numeric = spec.numeric === null ? undefined : fieldOf(metric, spec.numeric);
  if (numeric !== undefined) return `${name}_${numeric.name}${SUFFIXES[numeric.type]}`;
  // A share of time is kept as the time itself.
  return name + (metric.type === "percent" && metric.scope === "interval" ? "_ns" : SUFFIXES[metric.type]);
}

const SUFFIXES: Readonly<Record<ValueType, string>> = {
  number: "",
  string: "",
  percent: "_percent",
  size: "_bytes",
  time: "_ns",
  subsecond: "_ms",
};

export function typeOf(family: Family): "histogram" | "counter" | "gauge" {
  if (family.kind === "gauge") return "gauge";
  return family.kind === "total" ? "counter" : "histogram";
}

export function helpOf({ metric, spec }: Family): string {
  const numeric = spec.numeric === null ? undefined : fieldOf(metric, spec.numeric);
  return numeric === undefined ? `${metric.label}: ${metric.unit}` : `${metric.label}: ${numeric.label}`;
}

/** The largest integer in a bucket, as `le` has it: exact, since every value is an integer. "+Inf" for an open end. */
export function leOf(buckets: Buckets, index: number): string {
  const high = buckets.highOf(index);
  return high === null ? "+Inf" : String(high - 1);
}

/** Every `le` that a family may have; of mirrored schemes those from zero on, and below it what has been seen. */
export function allEdges(spec: Spec, seen: ReadonlySet<number> = new Set()): number[] {
  if (spec.scheme === null) return [];
  const buckets = bucketsOf(spec.scheme);
  const edges: number[] = [...seen].filter((index) => index < 0).flatMap((index) => [index - 1, index]);
  for (let index = Math.max(0, buckets.first); index < buckets.last; index++) edges.push(index);
  return closed(buckets, edges);
}

/** The upper edges of buckets that hold something and, so that each keeps its width, of those below them. */
export function usedEdges(spec: Spec, seen: ReadonlySet<number>): number[] {
  if (spec.scheme === null) return [];
  return closed(
    bucketsOf(spec.scheme),
    [...seen].flatMap((index) => [index - 1, index]),
  );
}

/** Bucket indexes, ascending, the last being the open end. */
function closed(buckets: Buckets, indexes: readonly number[]): number[] {
  const within = indexes.filter(
    (index) => index >= buckets.first && index < buckets.last && buckets.highOf(index) !== null,
  );
  return [...new Set([...within, buckets.last])].sort((a, b) => a - b);
}
