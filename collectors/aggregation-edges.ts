/**
 * aggregation-edges.ts: what each printed label covers, told from the labels alone.
 *
 * dtrace prints where a bucket starts and nothing else, so a bucket ends where the next one starts; what the last one ends at
 * is worked out from the spacing (docs/parse.md says how, and where that is a choice). Labels come in three families:
 *
 *   quantize              0 and powers of two in order; -L covers (-2L, -L]
 *   lquantize             equal spacing; `< base` and `>= top` at the ends
 *   llquantize            spacing that grows by a factor; on Linux negatives mirrored, `abs() < N` between, `<= -N` first
 *
 * DTrace for Linux cuts llquantize's labels to 15 characters. What is cut is put right by counting on from a label that is not;
 * where there is none, the edges are null and `cut` says so: ten times too small would be worse than unknown.
 */
import { schemeProblem, type Scheme } from "../core/histogram/scheme.ts";
import { exponentOf, findLogLinear, nextEdge, type LogLinear } from "./aggregation-loglinear.ts";
import type { LabelForm } from "./aggregation-row.ts";

export interface Label {
  readonly form: LabelForm;
  readonly value: bigint;
  /** Characters of the whole label. */
  readonly width: number;
}

/** From the smallest integer in the bucket to the smallest above it; null where open or unknown. */
export type Edges = readonly [low: bigint | null, high: bigint | null];

export interface Interpretation {
  readonly edges: readonly Edges[];
  /** Only where the labels leave no doubt. */
  readonly scheme: Scheme | null;
  /** Labels were cut, and the edges could not be told. */
  readonly cut: boolean;
}

export function interpret(labels: readonly Label[]): Interpretation {
  if (isQuantize(labels)) return quantize(labels);
  const repaired = repair(labels);
  if (repaired === undefined) return { edges: labels.map(() => [null, null] as const), scheme: null, cut: true };
  return spaced(repaired);
}

/** Bucket number of a quantize label: 0, or the place of its one bit, with its sign. */
function quantizeIndex({ form, value }: Label): number | undefined {
  const size = value < 0n ? -value : value;
  if (form !== "plain" || (size & (size - 1n)) !== 0n) return undefined;
  const place = size === 0n ? 0 : size.toString(2).length;
  return value < 0n ? -place : place;
}

function isQuantize(labels: readonly Label[]): boolean {
  const indexes = labels.map(quantizeIndex);
  const first = indexes[0];
  return first !== undefined && labels.length > 1 && indexes.every((index, i) => index === first + i);
}

function quantize(labels: readonly Label[]): Interpretation {
  const edges = labels.map(({ value }): Edges => {
    if (value === 0n) return [0n, 1n];
    return value > 0n ? [value, value * 2n] : [value * 2n + 1n, value + 1n];
  });
  // -2..2 in single steps might as well be an lquantize.
  const certain = labels.some(({ value }) => value > 2n || value < -2n);
  return { edges, scheme: certain ? { kind: "quantize" } : null, cut: false };
}

/** A cut label has exactly this many characters. */
const CUT_WIDTH = 15;

/**
 * The labels as they were before DTrace for Linux cut them; the same ones where none was cut.
 *
 * @returns undefined where some were cut and none tells by how much
 */
function repair(labels: readonly Label[]): readonly Label[] | undefined {
  const edged = labels.map((label, i) => withNeighbour(label, labels[i + 1]));
  const upward = repairUpward(edged.filter(({ form, value }) => form === "above" || (form === "plain" && value > 0n)));
  const negative = edged.filter(({ form, value }) => form === "under" || (form === "plain" && value < 0n));
  const mirrored = edged.some(({ form }) => form === "abs" || form === "under");
  if (upward === undefined || !(mirrored || isCut(negative.map(mirror).reverse())))
    return upward && replace(edged, upward);
  const downward = repairUpward(negative.map(mirror).reverse());
  return downward && replace(edged, [...downward.map(mirror).reverse(), ...upward]);
}

/** `< N` and `abs() < N` end where the next row starts, whatever is left of N. */
function withNeighbour(label: Label, next: Label | undefined): Label {
  const inner = label.form === "abs" || label.form === "below";
  return inner && next?.form === "plain" ? { ...label, value: next.value } : label;
}

function mirror({ form, value, width }: Label): Label {
  return { form: form === "above" ? "under" : form === "under" ? "above" : form, value: -value, width };
}

/** Puts the repaired ones back between those that needed no repair. */
function replace(labels: readonly Label[], repaired: readonly Label[]): Label[] {
  const rest = [...repaired];
  return labels.map((label) =>
    label.form === "above" ||
    label.form === "under" ||
    (label.form === "plain" && rest[0] !== undefined && matches(label, rest[0]))
      ? (rest.shift() ?? label)
      : label,
  );
}

function matches(label: Label, repaired: Label): boolean {
  return label.form === repaired.form && label.value > 0n === repaired.value > 0n && label.value !== 0n;
}

/** Positive labels, ascending as they should be. */
function repairUpward(labels: readonly Label[]): readonly Label[] | undefined {
  if (!isCut(labels)) return labels;
  const exact = labels.findIndex((label, i) => i > 0 && !isAbove(label, labels[i - 1]));
  const known = labels.slice(0, exact < 0 ? labels.length : exact).filter(({ form }) => form === "plain");
  const family = findLogLinear(
    known.map(({ value }) => value),
    [],
  );
  if ((known[0]?.width ?? CUT_WIDTH) >= CUT_WIDTH || family === undefined) return undefined;
  const repaired: Label[] = [];
  for (const label of labels) {
    const before = repaired.at(-1);
    const value = before === undefined ? label.value : nextEdge(family, before.value);
    if (!String(value).startsWith(String(label.value))) return undefined;
    repaired.push({ ...label, value });
  }
  return repaired;
}

/** Whether labels fall where they should rise, or are all just so long that a digit may be missing from each. */
function isCut(labels: readonly Label[]): boolean {
  const plain = labels.filter(({ form }) => form === "plain");
  if (labels.some((label, i) => i > 0 && !isAbove(label, labels[i - 1]))) return true;
  return plain.length > 0 && plain.every(({ width }) => width === CUT_WIDTH);
}

function isAbove(label: Label, before: Label | undefined): boolean {
  return before === undefined || label.value > before.value;
}

/** What equal or growing spacing says of labels. */
interface Spacing {
  readonly step: bigint | undefined;
  readonly logLinear: LogLinear | undefined;
  readonly mirrored: boolean;
}

function spaced(labels: readonly Label[]): Interpretation {
  const spacing = spacingOf(labels);
  const edges = labels.map((label, i) => edgesOf(label, labels[i - 1], labels[i + 1], spacing));
  return { edges, scheme: schemeOf(labels, spacing), cut: false };
}

const INT32_MAX = 2_147_483_647n;
const MAX_STEP = 65_535n;

function spacingOf(labels: readonly Label[]): Spacing {
  const lows = labels.filter(({ form }) => form === "plain" || form === "above").map(({ value }) => value);
  const linked = labels.some(({ form }) => form === "abs" || form === "under");
  const step = linked ? undefined : equalStep(lows);
  const linear = step !== undefined || lows.length < 2 || labels.some(({ form }) => form === "below");
  const mirrored = linked || (!linear && lows.some((low) => low < 0n));
  const positive = lows.filter((low) => low > 0n);
  const negative = labels.filter(({ value }) => value < 0n).map(({ value }) => -value);
  const powers = labels
    .filter(({ form }) => form !== "plain")
    .map(({ form, value }) => (form === "under" ? -value : value));
  const upward = positive.length >= negative.length ? positive : negative.reverse();
  // A base of lquantize that is 0 or negative is no power, and so speaks against llquantize.
  return { step, logLinear: findLogLinear(upward, powers), mirrored };
}

/** The one distance between neighbours, where lquantize could have it: it keeps 16 bits of a step, 32 of a bound. */
function equalStep(lows: readonly bigint[]): bigint | undefined {
  const step = (lows[1] ?? 0n) - (lows[0] ?? 0n);
  const fits = lows.every((low, i) => (i === 0 || low - (lows[i - 1] ?? 0n) === step) && low <= INT32_MAX);
  return fits && lows.length > 1 && step >= 1n && step <= MAX_STEP ? step : undefined;
}

function edgesOf(label: Label, before: Label | undefined, after: Label | undefined, spacing: Spacing): Edges {
  const { form, value } = label;
  if (form === "below") return [null, value];
  if (form === "above") return [value, null];
  if (form === "under") return [null, value + 1n];
  if (form === "abs") return [1n - value, value];
  if (spacing.mirrored && value < 0n) {
    const outer = before === undefined ? following(-value, spacing) : -before.value;
    return [outer === null ? null : 1n - outer, value + 1n];
  }
  return [value, after?.value ?? following(value, spacing)];
}

/**
 * Where the bucket after `edge` starts, when its label is not shown.
 *
 * Equal spacing up to a power of ten can be either family's; from 1000 on it is taken for llquantize's, whose every decade
 * ends so, and below for lquantize's.
 */
function following(edge: bigint, { step, logLinear }: Spacing): bigint | null {
  const grown = logLinear === undefined || edge < 1n ? undefined : nextEdge(logLinear, edge);
  if (step === undefined) return grown ?? null;
  return grown !== undefined && logLinear?.factor === 10n && edge >= 1000n ? grown : edge + step;
}

/** Known where both ends are shown. */
function schemeOf(labels: readonly Label[], { step, logLinear }: Spacing): Scheme | null {
  const first = labels.find(({ form }) => form === "below" || form === "abs");
  const last = labels.find(({ form }) => form === "above");
  if (first === undefined || last === undefined) return null;
  const scheme = step === undefined ? logLinearScheme(first, last, logLinear) : linearScheme(first, last, step);
  return scheme !== undefined && schemeProblem(scheme) === undefined ? scheme : null;
}

function linearScheme(first: Label, last: Label, step: bigint): Scheme {
  return { kind: "lquantize", base: Number(first.value), limit: Number(last.value), step: Number(step) };
}

function logLinearScheme(first: Label, last: Label, found: LogLinear | undefined): Scheme | undefined {
  if (found === undefined) return undefined;
  const low = exponentOf(first.value, found.factor);
  const high = exponentOf(last.value, found.factor) - 1;
  return { kind: "llquantize", factor: Number(found.factor), low, high, steps: Number(found.steps) };
}
