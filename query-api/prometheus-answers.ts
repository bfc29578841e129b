/**
 * prometheus-answers.ts: answers and errors in the shapes of Prometheus' HTTP API and of its text exposition. Pure.
 *
 * https://prometheus.io/docs/prometheus/latest/querying/api/, https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { OperationalError } from "../core/errors.ts";
import { statusOf } from "../server/statuses.ts";
import type { Steps } from "./prometheus-windows.ts";
import type { Value, Vector } from "./promql-vectors.ts";

export interface PrometheusError {
  readonly status: "error";
  readonly errorType: string;
  readonly error: string;
}

/** Prometheus' words for a status. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "bad_data",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  422: "execution",
  429: "too_many_requests",
  499: "canceled",
  503: "unavailable",
};

export function errorAnswer(error: Error): PrometheusError {
  const status = statusOf(error);
  const errorType = ERROR_TYPES[status] ?? (status < 500 ? "bad_data" : "internal");
  if (!(error instanceof OperationalError)) {
    const text = status < 500 ? error.message : "an unexpected error; the log has its details";
    return { status: "error", errorType, error: text };
  }
  const fields = error.errors.map(({ field, message }) => `${field}: ${message}`);
  return { status: "error", errorType, error: [error.message, ...fields].join("; ") };
}

export function success(data: unknown): { status: "success"; data: unknown } {
  return { status: "success", data };
}

/** Of /query: the value at the one instant. */
export function instantAnswer(value: Value, { ms: [at = 0] }: Steps): unknown {
  if (typeof value === "number") return { resultType: "scalar", result: [at / 1000, numberText(value)] };
  const result = value.flatMap(({ labels, values: [sample] }) =>
    sample === null || sample === undefined ? [] : [{ metric: labels, value: [at / 1000, numberText(sample)] }],
  );
  return { resultType: "vector", result };
}

/** Of /query_range: steps without a sample are left out. */
export function rangeAnswer(value: Value, { ms }: Steps): unknown {
  const vector: Vector = typeof value === "number" ? [{ labels: {}, values: ms.map(() => value) }] : value;
  const result = vector
    .map(({ labels, values }) => ({
      metric: labels,
      values: values.flatMap((sample, i) => (sample === null ? [] : [[(ms[i] ?? 0) / 1000, numberText(sample)]])),
    }))
    .filter(({ values }) => values.length > 0);
  return { resultType: "matrix", result };
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

export const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

/** What /federate answers: the newest sample of each series, with its time. */
export function exposition(vector: Vector, atMs: number): string {
  const byName = new Map<string, string[]>();
  for (const { labels, values } of vector) {
    const { __name__: name = "", ...rest } = labels;
    const sample = values[0] ?? null;
    if (sample === null) continue;
    const pairs = Object.entries(rest).map(([label, text]) => `${label}="${escaped(text)}"`);
    const line = `${name}{${pairs.join(",")}} ${numberText(sample)} ${atMs}`;
    const lines = byName.get(name);
    if (lines === undefined) byName.set(name, [`# TYPE ${name} untyped`, line]);
    else lines.push(line);
  }
  return [...byName.values()].flat().join("\n") + (byName.size === 0 ? "" : "\n");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
