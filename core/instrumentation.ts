/**
 * instrumentation.ts: what somebody asked to be measured.
 *
 * The *spec* is the part that decides what is counted: metric, predicate, decomposition, granularity and bucket scheme. Rows
 * in the store belong to a spec, so equal instrumentations share one enabling on a host and one set of rows; who may read
 * which of them is decided by the tenant of each row, not by the instrumentation.
 */
import { InputError, type FieldError } from "./errors.ts";
import { bucketsOf } from "./histogram/buckets.ts";
import { formatScheme, parseScheme, type Scheme } from "./histogram/scheme.ts";
import { fieldOf, metricName, type Field, type Metric } from "./metric.ts";
import { parsePredicate, predicateJson, TRUE, type Predicate } from "./predicate.ts";
import { MAX_KEYS } from "./window.ts";

export interface Spec {
  /** `module.stat` */
  readonly metric: string;
  readonly predicate: Predicate;
  /** Discrete fields to break down by, besides the zone, which every metric that has zones is always broken down by. */
  readonly keys: readonly string[];
  /** Whether the metric has zones, and so rows belong to tenants. */
  readonly zoned: boolean;
  /** The numeric field whose distribution is kept; null: scalars. */
  readonly numeric: string | null;
  readonly scheme: Scheme | null;
  readonly granularitySec: number;
}

/** A collector's orders: run this spec, for these tenants' zones. */
export interface Assignment {
  /** Digest of the spec. */
  readonly id: string;
  readonly metric: string;
  readonly predicate: unknown;
  readonly decomposition: readonly string[];
  readonly scheme: string | null;
  readonly granularitySec: number;
  /** "all" zones, or those of these tenants (owner uuids). */
  readonly scope: "all" | readonly string[];
  /** Who asked, for the comment at the head of the D program. */
  readonly requestedBy: string;
}

/** A request as it comes from outside. */
export interface SpecInput {
  readonly metric: string;
  readonly predicate?: unknown;
  /** Fields to break down by: any discrete ones, and at most one numeric. */
  readonly decomposition?: readonly string[] | undefined;
  /** Text of a bucket scheme; default: the numeric field's own. */
  readonly scheme?: string | null | undefined;
  readonly granularitySec?: number | undefined;
}

export const GRANULARITIES_SEC: readonly number[] = [1, 5, 10, 30, 60];

/**
 * Reads a request against the metric that it names.
 *
 * @throws InputError naming each wrong field
 */
export function parseSpec(input: SpecInput, metric: Metric): Spec {
  const errors: FieldError[] = [];
  const fields = readDecomposition(input.decomposition ?? [], metric, errors);
  const numeric = fields.find((field) => field.arity === "numeric");
  const granularitySec = input.granularitySec ?? 1;
  if (!GRANULARITIES_SEC.includes(granularitySec)) {
    errors.push({
      field: "granularitySec",
      code: "BAD_GRANULARITY",
      message: `expected one of ${GRANULARITIES_SEC.join(", ")} seconds`,
    });
  }
  const predicate = collect(errors, TRUE, () => parsePredicate(input.predicate ?? {}, metric));
  const scheme = collect(errors, null, () => readScheme(input.scheme ?? null, numeric));
  if (errors.length > 0) throw new InputError(`read an instrumentation of ${metricName(metric)}`, errors);
  return {
    metric: metricName(metric),
    predicate,
    keys: fields.filter((field) => field.arity === "discrete" && field.name !== "zonename").map((field) => field.name),
    zoned: fieldOf(metric, "zonename") !== undefined,
    numeric: numeric?.name ?? null,
    scheme,
    granularitySec,
  };
}

/**
 * The spec as text, the same for equal specs: what its digest is taken of.
 *
 * Keys are sorted, since their order changes no count.
 */
export function canonicalSpec(spec: Spec): string {
  return JSON.stringify([
    spec.metric,
    predicateJson(spec.predicate),
    spec.keys,
    spec.numeric,
    spec.scheme === null ? null : formatScheme(spec.scheme),
    spec.granularitySec,
  ]);
}

function readDecomposition(names: readonly string[], metric: Metric, errors: FieldError[]): Field[] {
  const fields: Field[] = [];
  names.forEach((name, i) => {
    const field = fieldOf(metric, name);
    const wrong = (code: string, message: string): void => {
      errors.push({ field: `decomposition[${i}]`, code, message });
    };
    if (field === undefined) {
      wrong("UNKNOWN_FIELD", `expected one of ${metric.fields.map((each) => each.name).join(", ")}`);
    } else if (fields.includes(field)) wrong("REPEATED_FIELD", `${name} is named twice`);
    else if (field.arity === "numeric" && fields.some((each) => each.arity === "numeric")) {
      wrong("MANY_NUMERIC", "expected at most one numeric field");
    } else fields.push(field);
  });
  if (fields.filter((field) => field.arity === "discrete" && field.name !== "zonename").length > MAX_KEYS) {
    errors.push({ field: "decomposition", code: "TOO_MANY", message: `expected at most ${MAX_KEYS} discrete fields` });
  }
  // One order for equal sets: specs that differ only in it are the same spec.
  return fields.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readScheme(text: string | null, numeric: Field | undefined): Scheme | null {
  if (numeric === undefined) {
    if (text === null) return null;
    throw new InputError("read scheme", [
      { field: "scheme", code: "NOT_NUMERIC", message: "expected no scheme without a numeric field to decompose by" },
    ]);
  }
  const scheme = parseScheme(text ?? numeric.scheme ?? "quantize");
  bucketsOf(scheme);
  return scheme;
}

function collect<T>(errors: FieldError[], otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    errors.push(...error.errors);
    return otherwise;
  }
}
