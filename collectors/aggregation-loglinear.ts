/**
 * aggregation-loglinear.ts: the factor and steps of an llquantize, told from a few of its labels.
 *
 * llquantize cuts each magnitude [f^m, f^(m+1)) into bins of f^(m+1)/steps, or of 1 where that would be less. So one
 * difference between neighbouring labels tells `steps` for a given factor, and all other labels are a check.
 */

export interface LogLinear {
  readonly factor: bigint;
  readonly steps: bigint;
}

/** 10 is what people write; 2 next; then everything that llquantize might be given. */
const FACTORS: readonly bigint[] = [
  10n,
  2n,
  ...Array.from({ length: 98 }, (_, i) => BigInt(i + 3)).filter((f) => f !== 10n),
];

/**
 * @param edges positive neighbours, ascending
 * @param powers edges that must be a power of the factor: where the bins begin and end
 * @returns undefined where no llquantize has these edges next to each other
 */
export function findLogLinear(edges: readonly bigint[], powers: readonly bigint[]): LogLinear | undefined {
  if (edges.length < 2 || (edges[0] ?? 0n) < 1n) return undefined;
  for (const factor of FACTORS) {
    const steps = stepsOf(edges, factor);
    if (steps === undefined || !isValid(factor, steps)) continue;
    const found = { factor, steps };
    const fits = edges.every((edge, i) => i === 0 || nextEdge(found, edges[i - 1] ?? 0n) === edge);
    if (fits && powers.every((power) => floorPower(power, factor) === power)) return found;
  }
  return undefined;
}

/** The edge after `edge`, which is one of the bins' lower edges. */
export function nextEdge({ factor, steps }: LogLinear, edge: bigint): bigint {
  const next = floorPower(edge, factor) * factor;
  return edge + (next > steps ? next / steps : 1n);
}

/** The largest power of the factor that is not above a positive value. */
export function floorPower(value: bigint, factor: bigint): bigint {
  let power = 1n;
  while (power * factor <= value) power *= factor;
  return power;
}

/** What n makes f^n, for a power of the factor. */
export function exponentOf(power: bigint, factor: bigint): number {
  let exponent = 0;
  for (let rest = power; rest >= factor; rest /= factor) exponent++;
  return exponent;
}

/** From the last difference, which is least likely to be clipped to 1. */
function stepsOf(edges: readonly bigint[], factor: bigint): bigint | undefined {
  const from = edges.at(-2) ?? 1n;
  const width = (edges.at(-1) ?? 1n) - from;
  const next = floorPower(from, factor) * factor;
  return width > 0n && next % width === 0n ? next / width : undefined;
}

/** The rules of dt_cc.c: factor divides steps, and steps divides a power of the factor. */
function isValid(factor: bigint, steps: bigint): boolean {
  if (steps < factor || steps % factor !== 0n || steps > 100_000n) return false;
  let rest = steps;
  for (let common = gcd(rest, factor); common > 1n; common = gcd(rest, factor)) rest /= common;
  return rest === 1n;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
