/**
 * metric.ts: what can be measured, as data that a client can draw a form from.
 *
 * The vocabulary is Cloud Analytics': a metric is `module.stat` with fields; a field is discrete (a key) or numeric (a
 * distribution). How a metric is gathered is not said here: the catalogue (d-scripts) knows.
 */

export type Arity = "discrete" | "numeric";

/**
 * The type of a field or of a metric's value, which decides unit and drawing.
 * time: ns; size: bytes; percent: 0-100; subsecond: ms within the second; number: a plain count.
 */
export type ValueType = "number" | "percent" | "size" | "time" | "subsecond" | "string";

/** Who may use it: tenants (and operators), or operators only. */
export type Audience = "tenant" | "operator";

/** interval: deltas that may be summed over time; point: a gauge that must not be. */
export type Scope = "interval" | "point";

/** What an enabling costs the host. free: kstat, always on; then DTrace by the rate at which its probes fire. */
export type CostClass = "free" | "low" | "medium" | "high";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly arity: Arity;
  readonly type: ValueType;
  readonly audience: Audience;
  /** For a numeric field: the text of its default bucket scheme. */
  readonly scheme?: string;
}

export interface Metric {
  readonly module: string;
  readonly stat: string;
  readonly label: string;
  /** What one counts: "operations", "CPU time". */
  readonly unit: string;
  readonly type: ValueType;
  readonly scope: Scope;
  readonly source: "dtrace" | "kstat";
  readonly audience: Audience;
  readonly cost: CostClass;
  readonly fields: readonly Field[];
}

/** `module.stat` */
export function metricName(metric: Pick<Metric, "module" | "stat">): string {
  return `${metric.module}.${metric.stat}`;
}

export function fieldOf(metric: Metric, name: string): Field | undefined {
  return metric.fields.find((field) => field.name === name);
}
