/**
 * print-distribution.ts: distributions and keys as dtrace(1) prints them, byte for byte.
 *
 * Simulated hosts speak through this, and the parsers are held against it, so it follows libdtrace and nothing else:
 * dt_print_quantize, dt_print_lquantize, dt_print_llquantize, dt_print_quantline (dt_consume.c of illumos and of DTrace for
 * Linux, which differ for llquantize only) and strchr2esc (dt_string.c). A test compares it with captures of the real thing.
 *
 * A distribution starts with the newline that ends the line before it and ends with a newline, as printa emits it: so a row
 * of a frame is `@row "ZONE" 42` + printDistribution(...) + `@end\n`.
 */
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { formatScheme, type Scheme } from "../../core/histogram/scheme.ts";

/** linux mirrors llquantize's negatives, cuts its labels to 15 characters, and ends each "%S" with a literal `\0`. */
export type Platform = "illumos" | "linux";

/**
 * The text of one distribution, from the newline before its header to the newline after its last row.
 *
 * @param bucket indexes as core/histogram/buckets.ts numbers them, in any order; repeats are summed
 * @param count one for each bucket: whole numbers, possibly negative or bigint
 * @throws RangeError for a scheme that DTrace does not have (`edges`) and for an index outside the scheme
 */
export function printDistribution(
  scheme: Scheme,
  bucket: ArrayLike<number>,
  count: ArrayLike<number | bigint>,
  platform: Platform = "illumos",
): string {
  const layout = layoutOf(scheme, platform);
  const tally = toDense(layout, bucket, count);
  const { from, to } = shownRange(layout, tally);
  const scale = scaleOf(tally.counts);
  const zeros = scale.negative ? undefined : layout.zeroRows;
  const mirrored = from < 0;
  let text = HEADER;
  for (let index = from; index <= to; index++) {
    const n = tally.counts[index - tally.first] ?? 0;
    const label = layout.label(index, mirrored);
    if (!n && zeros !== undefined) text += zeros.get(label) ?? remember(zeros, label);
    else text += label + bar(n, scale) + String(n).padEnd(9) + "\n";
  }
  return text;
}

/**
 * A string as printf's "%S" prints it: C escapes for every byte outside printable ASCII. The quotes around it are the
 * program's own.
 */
export function printKey(key: string, platform: Platform = "illumos"): string {
  const end = platform === "linux" ? "\\0" : "";
  if (isPlain(key)) return key + end;
  let text = "";
  for (const byte of Buffer.from(key, "utf8")) text += ESCAPES[byte] ?? "";
  return text + end;
}

const HEADER =
  "\n" +
  "value".padStart(16) +
  " " +
  "------------- Distribution -------------".padStart(41) +
  " " +
  "count    " +
  "\n";

const BAR_WIDTH = 40;
const ATS = Array.from({ length: BAR_WIDTH + 1 }, (_, n) => "@".repeat(n));
const SPACES = Array.from({ length: BAR_WIDTH + 1 }, (_, n) => " ".repeat(n));

/** What one scheme prints on one platform; made once, then shared. */
interface Layout {
  /** The outermost rows that can be printed. */
  readonly first: number;
  readonly last: number;
  /** The rows printed where nothing was counted (a cleared aggregation). */
  readonly empty: { readonly from: number; readonly to: number };
  /** Whether negative indexes are counted in bucket 0 (llquantize on illumos). */
  readonly folded: boolean;
  /** The label in its 16 columns and the space after it. `mirrored`: whether a negative row is shown too. */
  label(index: number, mirrored: boolean): string;
  /** Whole rows with a count of zero, by label. */
  readonly zeroRows: Map<string, string>;
}

const layouts = new Map<string, Layout>();
const MAX_LAYOUTS = 64;

function layoutOf(scheme: Scheme, platform: Platform): Layout {
  const name = `${platform} ${formatScheme(scheme)}`;
  let layout = layouts.get(name);
  if (layout === undefined) {
    layout = makeLayout(scheme, platform);
    if (layouts.size >= MAX_LAYOUTS) layouts.clear();
    layouts.set(name, layout);
  }
  return layout;
}

function makeLayout(scheme: Scheme, platform: Platform): Layout {
  if (scheme.kind === "quantize") {
    // DTRACE_QUANTIZE_NBUCKETS is 127: the labels end at 2^62 on either side.
    return withLabels({ first: -63, last: 63, empty: { from: -1, to: 1 }, folded: false }, (index) =>
      integer(Math.sign(index) * 2 ** (Math.abs(index) - 1)),
    );
  }
  if (scheme.kind === "edges") throw new RangeError("DTrace has no aggregating function with free edges");
  const buckets = bucketsOf(scheme);
  const last = buckets.last;
  const low = (index: number): number => buckets.lowOf(index) ?? 0;
  if (scheme.kind === "lquantize") {
    return withLabels({ first: 0, last, empty: { from: 0, to: 2 }, folded: false }, (index) =>
      index === 0 ? `< ${scheme.base}` : index === last ? `>= ${low(last)}` : integer(low(index)),
    );
  }
  if (platform === "illumos") {
    return withLabels({ first: 0, last, empty: { from: 0, to: 1 }, folded: true }, (index) =>
      index === 0 ? `< ${integer(low(1))}` : (index === last ? ">= " : "") + integer(low(index)),
    );
  }
  return withLabels({ first: -last, last, empty: { from: 0, to: 2 }, folded: false }, (index, mirrored) => {
    if (index === 0) return low(1) === 1 ? "0" : `${mirrored ? "abs() " : ""}< ${integer(low(1))}`.slice(0, 15);
    const sign = index < 0 ? "-" : "";
    const open = Math.abs(index) === last ? (index < 0 ? "<= " : ">= ") : "";
    return (open + sign + integer(low(Math.abs(index)))).slice(0, 15);
  });
}

function withLabels(
  shape: Pick<Layout, "first" | "last" | "empty" | "folded">,
  text: (index: number, mirrored: boolean) => string,
): Layout {
  const span = shape.last - shape.first + 1;
  const plain = new Array<string | undefined>(span);
  const mirror = new Array<string | undefined>(span);
  return {
    ...shape,
    zeroRows: new Map(),
    label: (index, mirrored) => {
      const cache = mirrored ? mirror : plain;
      return (cache[index - shape.first] ??= text(index, mirrored).padStart(16) + " ");
    },
  };
}

function remember(zeros: Map<string, string>, label: string): string {
  const row = `${label}|${SPACES[BAR_WIDTH] ?? ""} 0        \n`;
  zeros.set(label, row);
  return row;
}

/** A double that holds an integer as its digits; String() would turn to exponents at 1e21 and round above 2^53. */
function integer(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

interface Tally {
  /** The index of counts[0]. */
  readonly first: number;
  readonly counts: (number | bigint)[];
}

/** Counts by index without gaps, from the first that is not zero to the last. */
function toDense(layout: Layout, bucket: ArrayLike<number>, count: ArrayLike<number | bigint>): Tally {
  const places = new Int32Array(bucket.length);
  let first = Infinity;
  let last = -Infinity;
  for (let i = 0; i < bucket.length; i++) {
    const given = bucket[i] ?? 0;
    const index = layout.folded && given < 0 ? 0 : given;
    if (!(index >= layout.first && index <= layout.last)) throw new RangeError(`no bucket ${given} in the scheme`);
    places[i] = index;
    if (!count[i]) continue;
    if (index < first) first = index;
    if (index > last) last = index;
  }
  const counts = first > last ? [] : new Array<number | bigint>(last - first + 1).fill(0);
  for (let i = 0; i < bucket.length; i++) {
    const at = (places[i] ?? 0) - first;
    if (counts[at] !== undefined) counts[at] = add(counts[at], count[i] ?? 0);
  }
  return trimmed(first, counts);
}

/** Without zeros at either end: increments may have cancelled each other. */
function trimmed(first: number, counts: (number | bigint)[]): Tally {
  let from = 0;
  let to = counts.length;
  while (from < to && !counts[from]) from++;
  while (to > from && !counts[to - 1]) to--;
  return { first: first + from, counts: from === 0 && to === counts.length ? counts : counts.slice(from, to) };
}

function add(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a + b)) return a + b;
  return BigInt(a) + BigInt(b);
}

/** One row more on either side of the data, where the scheme has one. */
function shownRange(layout: Layout, tally: Tally): { from: number; to: number } {
  if (tally.counts.length === 0) return layout.empty;
  return {
    from: Math.max(layout.first, tally.first - 1),
    to: Math.min(layout.last, tally.first + tally.counts.length),
  };
}

interface Scale {
  readonly positive: boolean;
  readonly negative: boolean;
  /** The sum of the counts' magnitudes. */
  readonly total: number | bigint;
}

function scaleOf(counts: readonly (number | bigint)[]): Scale {
  let positive = false;
  let negative = false;
  let total: number | bigint = 0;
  for (const n of counts) {
    if (n > 0) positive = true;
    if (n < 0) negative = true;
    total = add(total, n < 0 ? -n : n);
  }
  return { positive, negative, total };
}

/** The bar in its 41 columns and the space after it. */
function bar(n: number | bigint, { positive, negative, total }: Scale): string {
  const width = positive && negative ? BAR_WIDTH / 2 : BAR_WIDTH;
  const length = barLength(n, total, width);
  const ats = ATS[length] ?? "";
  const rest = SPACES[width - length] ?? "";
  if (!negative) return `|${ats}${rest} `;
  if (!positive) return `${rest}${ats}| `;
  const blank = SPACES[width] ?? "";
  return n <= 0 ? `${rest}${ats}|${blank} ` : `${blank}|${ats}${rest} `;
}

/** (uint_t)(|n| * width / total + 0.5), which C does in a long double; a double is as good for totals below 2^46. */
function barLength(n: number | bigint, total: number | bigint, width: number): number {
  if (total === 0) return 0;
  if (typeof n === "number" && typeof total === "number" && total < 2 ** 46) {
    return Math.floor((Math.abs(n) * width) / total + 0.5);
  }
  const magnitude = BigInt(n) < 0n ? -BigInt(n) : BigInt(n);
  return Number((magnitude * BigInt(2 * width) + BigInt(total)) / (2n * BigInt(total)));
}

const NAMED = new Map([
  [0, "\\0"],
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [34, '\\"'],
  [92, "\\\\"],
]);

/** What each byte prints as. */
const ESCAPES = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 32 && byte <= 126) return NAMED.get(byte) ?? String.fromCharCode(byte);
  return NAMED.get(byte) ?? `\\${byte.toString(8).padStart(3, "0")}`;
});

function isPlain(key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}
