/**
 * scheme.ts: how a distribution's values are cut into buckets, as data.
 *
 * The first three are DTrace's own aggregating functions (illumos Dynamic Tracing Guide, chapter 9; dt_aggregate.c and
 * dtrace.c for the arithmetic). `edges` is ours: it carries the thresholds of kstats such as zone_vfs `10ms_ops`. A scheme
 * is written once with its instrumentation, in the text form of `formatScheme`; rows carry bucket indexes only.
 */
import { InputError } from "../errors.ts";

export type Scheme =
  | { readonly kind: "quantize" }
  | { readonly kind: "lquantize"; readonly base: number; readonly limit: number; readonly step: number }
  | {
      readonly kind: "llquantize";
      readonly factor: number;
      readonly low: number;
      readonly high: number;
      readonly steps: number;
    }
  | { readonly kind: "edges"; readonly edges: readonly number[] };

/** 18 buckets a decade from 1 us to 100 s, each under 11 % wide in its upper half: the default for a latency in ns. */
export const LATENCY_SCHEME: Scheme = { kind: "llquantize", factor: 10, low: 3, high: 10, steps: 20 };

/** @returns for example `llquantize(10,3,10,20)`; `parseScheme` reads it back */
export function formatScheme(scheme: Scheme): string {
  switch (scheme.kind) {
    case "quantize":
      return "quantize";
    case "lquantize":
      return `lquantize(${scheme.base},${scheme.limit},${scheme.step})`;
    case "llquantize":
      return `llquantize(${scheme.factor},${scheme.low},${scheme.high},${scheme.steps})`;
    case "edges":
      return `edges(${scheme.edges.join(",")})`;
  }
}

/**
 * Reads the text form of a scheme and checks it as DTrace's compiler would.
 *
 * @param field the name an error gives to the text's place in its input
 * @throws InputError naming `field`, and what was expected
 */
export function parseScheme(text: string, field = "scheme"): Scheme {
  const open = text.indexOf("(");
  const kind = open < 0 ? text : text.slice(0, open);
  const args =
    open < 0
      ? []
      : text
          .slice(open + 1, -1)
          .split(",")
          .map(toInteger);
  if ((open >= 0 && !text.endsWith(")")) || args.some((arg) => arg === undefined)) {
    throw schemeError(field, text, "a scheme with whole-number arguments, such as llquantize(10,3,10,20)");
  }
  const scheme = build(kind, args as number[]);
  if (scheme === undefined) {
    throw schemeError(
      field,
      text,
      "quantize, lquantize(base,limit,step), llquantize(factor,low,high,steps) or edges(...)",
    );
  }
  const problem = schemeProblem(scheme);
  if (problem !== undefined) throw schemeError(field, text, problem);
  return scheme;
}

/**
 * What makes a scheme unusable, in the words of the rule that it breaks; undefined when nothing does.
 *
 * The llquantize rules are those of dt_cg/dt_cc: factor >= 2, low < high, steps >= factor, factor divides steps, and steps
 * divides a power of factor.
 */
export function schemeProblem(scheme: Scheme): string | undefined {
  switch (scheme.kind) {
    case "quantize":
      return undefined;
    case "lquantize":
      return linearProblem(scheme.base, scheme.limit, scheme.step);
    case "llquantize":
      return logLinearProblem(scheme.factor, scheme.low, scheme.high, scheme.steps);
    case "edges":
      return scheme.edges.length >= 1 &&
        scheme.edges.length <= MAX_BUCKETS &&
        scheme.edges.every((edge, i) => i === 0 || edge > (scheme.edges[i - 1] ?? edge))
        ? undefined
        : `1 to ${MAX_BUCKETS} rising edges`;
  }
}

/** Bucket indexes are stored as Int16, and a heatmap with more rows than this helps nobody. */
const MAX_BUCKETS = 16_384;
const INT32_MAX = 2_147_483_647;

function linearProblem(base: number, limit: number, step: number): string | undefined {
  if (Math.abs(base) > INT32_MAX || Math.abs(limit) > INT32_MAX) return "a base and limit that fit 32 bits";
  if (limit <= base) return "a limit above the base";
  if (step < 1 || step > 65_535) return "a step from 1 to 65535";
  const levels = Math.floor((limit - base) / step);
  if (levels < 1) return "a step no larger than limit - base";
  return levels > MAX_BUCKETS ? `at most ${MAX_BUCKETS} levels` : undefined;
}

function logLinearProblem(factor: number, low: number, high: number, steps: number): string | undefined {
  if (factor < 2) return "a factor of at least 2";
  if (low < 0 || low >= high) return "0 <= low < high";
  if (factor ** (high + 1) > Number.MAX_SAFE_INTEGER * 1024) return "an upper end below 2^63";
  if (steps < factor || steps % factor !== 0) return "steps that are a multiple of factor";
  let power = factor;
  while (power < steps) power *= factor;
  if (power % steps !== 0 && !dividesPower(steps, factor)) return "steps that divide a power of factor";
  return steps * (high - low + 1) > MAX_BUCKETS ? `at most ${MAX_BUCKETS} buckets` : undefined;
}

/** Whether some power of `factor` is a multiple of `steps`: whether steps has no prime that factor lacks. */
function dividesPower(steps: number, factor: number): boolean {
  let rest = steps;
  for (let common = gcd(rest, factor); common > 1; common = gcd(rest, factor)) rest /= common;
  return rest === 1;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function build(kind: string, args: readonly number[]): Scheme | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = args;
  if (kind === "quantize" && args.length === 0) return { kind };
  if (kind === "lquantize" && args.length === 3) return { kind, base: a, limit: b, step: c };
  if (kind === "llquantize" && args.length === 4) return { kind, factor: a, low: b, high: c, steps: d };
  if (kind === "edges" && args.length > 0) return { kind, edges: args };
  return undefined;
}

function toInteger(text: string): number | undefined {
  const value = Number(text);
  return /^-?\d{1,16}$/.test(text.trim()) && Number.isSafeInteger(value) ? value : undefined;
}

function schemeError(field: string, text: string, expected: string): InputError {
  return new InputError(`read scheme ${JSON.stringify(text)}`, [
    { field, code: "BAD_SCHEME", message: `expected ${expected}` },
  ]);
}
