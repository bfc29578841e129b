/**
 * dtrace-comparison.ts: what is read in an output, held against what its script says: keys, rows, schemes, scalars.
 *
 * Order is left to dtrace, which sorts; everything else must be equal, row for row. An edge that is `null` where the script
 * knows it is no difference but counted: labels do not say everything (docs/parse.md).
 */
import { AnyReader, type AnyDistribution, type AnyScalar } from "../../collectors/parse-any.ts";
import { formatScheme } from "../../core/histogram/scheme.ts";
import { bucketsOf, type Aggregating, type ModelRow } from "./dtrace-model.ts";
import type { Expected } from "./dtrace-scripts.ts";

export interface Comparison {
  readonly differences: readonly string[];
  readonly items: number;
  readonly rows: number;
  /** Edges that were not told. */
  readonly unknownEdges: number;
  /** Outer edges of empty rows at either end that were told otherwise: labels such as 0, 1, 2 are those of several functions. */
  readonly guessedEdges: number;
}

type Item = AnyDistribution | AnyScalar;

export function readAll(bytes: Uint8Array): { items: Item[]; problems: string[] } {
  const items: Item[] = [];
  const problems: string[] = [];
  const reader = new AnyReader({
    onDistribution: (distribution) => items.push(distribution),
    onScalar: (scalar) => items.push(scalar),
    onProblem: ({ kind, line, message }) => problems.push(`line ${line}: ${kind}: ${message}`),
  });
  reader.push(bytes);
  reader.end();
  return { items, problems };
}

export function compare(expected: readonly Expected[], output: Uint8Array): Comparison {
  const { items, problems } = readAll(output);
  const left = [...items];
  const missing: Expected[] = [];
  let unknownEdges = 0;
  let guessedEdges = 0;
  for (const each of expected) {
    const index = left.findIndex((item) => isSame(each, item));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (found === undefined) missing.push(each);
    else if ("buckets" in found) {
      unknownEdges += unknownIn(each.rows ?? [], found);
      guessedEdges += guessedIn(each.rows ?? [], found);
    }
  }
  const differences = [
    ...missing.map((each) => `missing ${show(each)}`),
    ...left.map((item) => `too much ${show(item)}`),
    ...problems.filter((problem) => !problem.includes("labels_cut")).map((problem) => `problem ${problem}`),
  ];
  return {
    differences,
    items: expected.length,
    rows: expected.reduce((n, { rows }) => n + (rows?.length ?? 1), 0),
    unknownEdges,
    guessedEdges,
  };
}

function isSame(expected: Expected, item: Item): boolean {
  if (expected.keys !== null && !sameKeys(expected.keys, item.keys)) return false;
  if (!("buckets" in item)) return expected.value !== undefined && BigInt(item.value) === expected.value;
  const { rows } = expected;
  if (rows?.length !== item.buckets.length) return false;
  return (
    sameScheme(expected.aggregating, item) &&
    rows.every((row, i) => sameRow(row, item.buckets[i] ?? [0, 0, 0], i === 0, i === rows.length - 1))
  );
}

function sameKeys(expected: readonly unknown[], keys: readonly unknown[]): boolean {
  return (
    expected.length === keys.length &&
    expected.every(
      (key, i) => String(key) === String(keys[i]) && (typeof key === "string") === (typeof keys[i] === "string"),
    )
  );
}

function sameRow(
  [low, high, count]: ModelRow,
  bucket: AnyDistribution["buckets"][number],
  isFirst: boolean,
  isLast: boolean,
): boolean {
  if (count !== BigInt(bucket[2])) return false;
  const lowest = isFirst && count === 0n && low !== null && low < 0n;
  return (same(low, bucket[0]) || lowest) && (same(high, bucket[1]) || (isLast && count === 0n && high !== null));
}

function guessedIn(rows: readonly ModelRow[], { buckets }: AnyDistribution): number {
  return rows.reduce(
    (n, [low, high], i) =>
      n + Number(!same(low, buckets[i]?.[0] ?? null)) + Number(!same(high, buckets[i]?.[1] ?? null)),
    0,
  );
}

function same(edge: bigint | null, read: number | bigint | null): boolean {
  return read === null || (edge !== null && BigInt(read) === edge);
}

function unknownIn(rows: readonly ModelRow[], { buckets }: AnyDistribution): number {
  return rows.reduce(
    (n, [low, high], i) =>
      n + Number(low !== null && buckets[i]?.[0] === null) + Number(high !== null && buckets[i]?.[1] === null),
    0,
  );
}

/** A scheme, where one was read, must have the same buckets. */
function sameScheme(aggregating: Aggregating, { scheme }: AnyDistribution): boolean {
  if (scheme === null) return true;
  if (aggregating.kind === "llquantize") {
    const { factor, low, high, steps } = aggregating;
    // From 1 on these are quantize's buckets.
    if (scheme.kind === "quantize") return factor === 2n && steps === 2n && low === 0n;
    return formatScheme(scheme) === `llquantize(${factor},${low},${high},${steps})`;
  }
  if (aggregating.kind !== "lquantize") return formatScheme(scheme) === aggregating.kind;
  const top = bucketsOf(aggregating).at(-1)?.[0] ?? 0n;
  return formatScheme(scheme) === `lquantize(${aggregating.base},${top},${aggregating.step})`;
}

function show(item: Expected | Item): string {
  return JSON.stringify(item, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)).slice(
    0,
    2500,
  );
}
