/**
 * dtrace-scripts.ts: D scripts made at random, each with what `isotherm parse` must read in its output.
 *
 * Aggregations of every function, with every kind of key, printed by printa or at exit, once or tick by tick, with and without
 * -q, between text that looks like distributions and is none. Whatever is expected comes from dtrace-model.ts.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import { rowsOf, scalarOf, type Addition, type Aggregating, type ModelRow } from "./dtrace-model.ts";

export type ModelKey = string | bigint;

export interface Expected {
  /** null: a format of one's own, whose keys are not compared. */
  readonly keys: readonly ModelKey[] | null;
  /** The aggregating function, as D's arguments; for what is read as the scheme. */
  readonly aggregating: Aggregating;
  readonly rows?: readonly ModelRow[];
  readonly value?: bigint;
}

export interface DScript {
  readonly name: string;
  readonly text: string;
  readonly options: readonly string[];
  readonly expected: readonly Expected[];
}

/** A repeatable source of numbers. */
export class Dice {
  /** From 0 up to 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  /** From 0 up to `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  one<T>(of: readonly T[]): T {
    const picked = of[this.below(of.length)];
    if (picked === undefined) throw new RangeError("nothing to pick from");
    return picked;
  }

  many<T>(from: number, to: number, make: (i: number) => T): T[] {
    return Array.from({ length: from + this.below(to - from + 1) }, (_, i) => make(i));
  }
}

const INT64_MIN = -(2n ** 63n);

/** A whole number as D writes it: the smallest of 64 bits has no literal. */
export function literal(value: bigint): string {
  if (value === INT64_MIN) return "(-9223372036854775807LL - 1)";
  return `${value}${value > 2n ** 31n - 1n || value < -(2n ** 31n) ? "LL" : ""}`;
}

/** Text as a string in D: every byte that is not printable ASCII or UTF-8 as an octal escape. */
export function quoted(text: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === "\\") out += `\\${char}`;
    else if (code < 0x20 || code === 0x7f) out += `\\${code.toString(8).padStart(3, "0")}`;
    else out += char;
  }
  return `"${out}"`;
}

/** One aggregation of a script: its entries by keys. */
interface Aggregation {
  readonly name: string;
  readonly aggregating: Aggregating;
  readonly entries: readonly { readonly keys: readonly Key[]; readonly additions: readonly Addition[] }[];
  readonly after: "" | "clear" | "normalize" | "trunc";
  readonly normal: bigint;
}

/** A key as D writes it, and as it is printed. */
interface Key {
  readonly d: string;
  readonly value: ModelKey;
}

const FACTORS: readonly (readonly [factor: bigint, steps: readonly bigint[]])[] = [
  [10n, [10n, 20n, 50n, 100n]],
  [2n, [2n, 4n, 8n]],
  [3n, [3n, 9n]],
  [4n, [4n, 8n, 16n]],
  [5n, [5n, 25n]],
  [6n, [6n, 12n, 18n, 36n]],
  [8n, [8n, 16n, 32n, 64n]],
  [16n, [16n, 32n]],
  [60n, [60n, 120n]],
];

export function someAggregating(dice: Dice): Aggregating {
  const kind = dice.one(["quantize", "lquantize", "llquantize", "scalar"] as const);
  if (kind === "quantize") return { kind };
  if (kind === "scalar") return { kind: dice.one(["count", "sum", "avg", "min", "max", "stddev"] as const) };
  if (kind === "lquantize") {
    const base = BigInt(dice.one([0, 0, 0, -100, -1000, 1, 10, 5, 1000, 2_000_000_000, -2_147_483_000, -37]));
    const step = BigInt(dice.one([1, 1, 2, 3, 5, 10, 10, 25, 100, 1000, 7, 50_000]));
    const levels = BigInt(1 + dice.below(30));
    const limit = base + step * levels + (dice.chance(0.3) ? BigInt(dice.below(Number(step))) : 0n);
    return limit > 2n ** 31n - 1n ? { kind, base, limit: base + levels, step: 1n } : { kind, base, limit, step };
  }
  const [factor, all] = dice.one(dice.chance(0.6) ? FACTORS.slice(0, 1) : FACTORS);
  const steps = dice.one(all);
  let low = BigInt(dice.below(dice.chance(0.2) ? 9 : 4));
  while (low > 0n && factor ** (low + 1n) < steps) low++;
  // DTrace's own rule for a scheme that starts at 1.
  if (low === 0n && factor ** 2n % steps !== 0n) low = 1n;
  let high = low + 1n + BigInt(dice.below(6));
  while (factor ** (high + 1n) >= 2n ** 62n && high > low + 1n) high--;
  return { kind, factor, low, high, steps };
}

export function someValue(dice: Dice, aggregating: Aggregating): bigint {
  const sign = dice.chance(0.12) ? -1n : 1n;
  if (aggregating.kind === "lquantize") {
    const { base, limit, step } = aggregating;
    const span = Number(limit - base + 2n * step);
    if (dice.chance(0.05)) return 2n ** 40n + base + 3n;
    return base - step + BigInt(dice.below(span));
  }
  if (aggregating.kind === "llquantize") {
    const { factor, low, high } = aggregating;
    const power = factor ** (low + BigInt(dice.below(Number(high - low) + 2)));
    return sign * (dice.chance(0.2) ? power - BigInt(dice.below(2)) : (power * BigInt(100 + dice.below(1000))) / 200n);
  }
  if (aggregating.kind === "quantize") {
    if (dice.chance(0.03)) return INT64_MIN;
    if (dice.chance(0.03)) return 2n ** 63n - 1n;
    const power = 2n ** BigInt(dice.below(dice.chance(0.15) ? 63 : 20));
    return sign * (power + BigInt(dice.below(3)) - 1n);
  }
  return sign * BigInt(dice.below(dice.chance(0.3) ? 2_000_000_000 : 1000));
}

function someWeight(dice: Dice, mood: number): bigint {
  if (mood < 0.6) return 1n;
  if (mood < 0.75) return BigInt(1 + dice.below(1_000_000));
  if (mood < 0.82) return -BigInt(1 + dice.below(1000));
  if (mood < 0.92) return BigInt(dice.below(2000) - 1000);
  if (mood < 0.96) return 2n ** BigInt(30 + dice.below(30));
  return dice.one([2n ** 62n, 2n ** 63n - 1n, 1_000_000_000_000n, 999_999_999n, 1_000_000_000n]);
}

const STRINGS: readonly string[] = [
  "bash",
  "a b c",
  " starts with a space",
  "   3",
  "42",
  "-1",
  "",
  'it\'s "quoted" \\ back',
  "tab\there",
  "two\nlines",
  "three\n\nlines",
  "newline at the end\n",
  "\nnewline first",
  "größe-日本",
  "\u{1f600} smile",
  "\x01\x02ctrl",
  "bell\x07 and \b",
  "carriage\rreturn",
  "x".repeat(41),
  "y".repeat(49),
  "z".repeat(50),
  "w".repeat(51),
  `${"long words ".repeat(9)}end`,
  "0123456789".repeat(20),
  "value  ------------- Distribution ------------- count",
  "         value  ------------- Distribution ------------- count",
  "             16 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1",
  "< 0",
  ">= 1000",
  "abs() < 10",
  "1 |@@@@ 1",
  '@row "x" 5',
  "@begin 0123456789abcdef 1 2",
  "@done x",
  "@end",
  "    [CPU 0]",
  "CPU     ID                    FUNCTION:NAME",
  "  0      1                           :BEGIN ",
  "unix`idle+0x1",
  "0xfffffffffb800000",
  "key, with; comma|pipe",
  "% d %s %@d",
  "/usr/lib/x86_64-linux-gnu/dtrace/a-rather-long-path/to/something.so",
  "x   1",
  "name   7",
];

const KEY_TYPES = ["string", "string", "string", "int", "int", "long", "char", "short", "uint"] as const;
type KeyType = (typeof KEY_TYPES)[number];

function someKey(dice: Dice, type: KeyType): Key {
  switch (type) {
    case "string": {
      const text = dice.one(STRINGS);
      return { d: quoted(text), value: withoutPadding(text) };
    }
    case "int": {
      const value = BigInt(dice.one([0, 1, 7, 42, -5, 99_999, 12_345_678, 123_456_789, -2_112_454_933, 2_147_483_647]));
      return { d: `(int)${literal(value)}`, value };
    }
    case "uint": {
      const value = dice.one([0n, 7n, 4_000_000_000n, 4_294_967_295n]);
      return { d: `(unsigned int)${literal(value)}`, value: BigInt.asIntN(32, value) };
    }
    case "long": {
      const value = dice.one([
        0n,
        1n,
        -1n,
        1_000_000n,
        2n ** 53n + 1n,
        2n ** 63n - 1n,
        INT64_MIN,
        10n ** 15n,
        -(10n ** 15n),
      ]);
      return { d: `(int64_t)${literal(value)}`, value };
    }
    case "char": {
      const value = BigInt(dice.one([0, 1, 42, 127, -5, 200]));
      return { d: `(char)${literal(value)}`, value: BigInt.asUintN(8, value) };
    }
    case "short": {
      const value = BigInt(dice.one([0, 1, 300, 32_767, -5, 65_000]));
      return { d: `(short)${literal(value)}`, value: BigInt.asUintN(16, value) };
    }
  }
}

/** Trailing spaces look like padding, where there is any. */
export function withoutPadding(text: string): string {
  return Buffer.byteLength(text) < 50 || !isAscii(text) ? text.replace(/ +$/, "") : text;
}

/** Anything else comes as a hexdump. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function someAggregation(dice: Dice, name: string): Aggregation {
  const aggregating = someAggregating(dice);
  const types = dice.chance(0.25) ? [] : dice.many(1, 3, () => dice.one(KEY_TYPES));
  const seen = new Set<string>();
  const entries: { keys: Key[]; additions: Addition[] }[] = [];
  const scalar = bare(aggregating);
  const mood = scalar ? 0 : dice.next();
  for (let i = types.length === 0 ? 1 : 1 + dice.below(4); i > 0 || entries.length === 0; i--) {
    const keys = types.map((type) => someKey(dice, type));
    if (isAmbiguous(keys)) continue;
    const id = keys.map(({ d }) => d).join();
    if (seen.has(id)) continue;
    seen.add(id);
    const additions = dice.many(1, 6, (): Addition => [someValue(dice, aggregating), someWeight(dice, mood)]);
    entries.push({ keys, additions });
  }
  // Changing a stddev may end DTrace 2.0.7 itself, by an assertion.
  const after =
    dice.chance(0.75) || aggregating.kind === "stddev" ? "" : dice.one(["clear", "normalize", "trunc"] as const);
  return { name, aggregating, entries, after, normal: after === "normalize" ? dice.one([2n, 3n, 7n, 1000n]) : 1n };
}

/** After a string that fills its column, an integer of one or two bytes that fills its own reads as the string's last word. */
function isAmbiguous(keys: readonly Key[]): boolean {
  return keys.some(({ value, d }, i) => {
    const before = keys[i - 1]?.value;
    const narrow =
      (d.includes("(char)") && String(value).length === 3) || (d.includes("(short)") && String(value).length === 5);
    return narrow && typeof before === "string" && before.length >= 50;
  });
}

function bare({ kind }: Aggregating): boolean {
  return kind !== "quantize" && kind !== "lquantize" && kind !== "llquantize";
}

/** `quantize(VALUE, WEIGHT)` and the like. */
function call(aggregating: Aggregating, [value, weight]: Addition): string {
  const more = weight === 1n ? "" : `, ${literal(weight)}`;
  switch (aggregating.kind) {
    case "count":
      return "count()";
    case "quantize":
      return `quantize(${literal(value)}${more})`;
    case "lquantize": {
      const { base, limit, step } = aggregating;
      return `lquantize(${literal(value)}, ${base}, ${limit}, ${step}${more})`;
    }
    case "llquantize": {
      const { factor, low, high, steps } = aggregating;
      return `llquantize(${literal(value)}, ${factor}, ${low}, ${high}, ${steps}${more})`;
    }
    default:
      return `${aggregating.kind}(${literal(value)})`;
  }
}

/** The clause that fills an aggregation. */
function filling({ name, aggregating, entries, after, normal }: Aggregation): string {
  const lines = entries.flatMap(({ keys, additions }) => {
    const index = keys.length === 0 ? "" : `[${keys.map(({ d }) => d).join(", ")}]`;
    return additions.map((addition) => `\t@${name}${index} = ${call(aggregating, addition)};`);
  });
  if (after === "clear") lines.push(`\tclear(@${name});`);
  if (after === "trunc") lines.push(`\ttrunc(@${name});`);
  if (after === "normalize") lines.push(`\tnormalize(@${name}, ${normal});`);
  return `BEGIN\n{\n${lines.join("\n")}\n}\n`;
}

/** What one print of an aggregation says. */
function printed({ aggregating, entries, after, normal }: Aggregation, keyed = true): Expected[] {
  if (after === "trunc") return [];
  return entries.map(({ keys, additions }) => {
    const left = after === "clear" ? [] : additions;
    const names = keyed ? keys.map(({ value }) => value) : null;
    return bare(aggregating)
      ? { keys: names, aggregating, value: scalarOf(aggregating, left, normal) }
      : { keys: names, aggregating, rows: rowsOf(aggregating, left, normal) };
  });
}

/** Text that scripts print between aggregations; some of it looks like a part of them. */
const NOISE: readonly string[] = [
  "== section\\n",
  "no newline at the end",
  "\\n",
  "\\n\\n",
  "42\\n",
  "     42\\n",
  "latency (ns):\\n",
  "bash                 12\\n",
  "             16 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \\n",
  "               7 |@@@@ 7\\n",
  "key  count\\n",
  "  bash   3\\n",
  "  PID COMM             READS\\n",
  "value  ------------- Distribution ------------- count\\n",
  "@row\\n",
  "    [CPU 3]\\n",
  "2026 Nov 22 22:41:18\\n",
  "tab\\tseparated\\t5\\n",
  "0x7f001234 0\\n",
  '\\"quoted words\\" 5\\n',
];

const noise = (dice: Dice): string => `BEGIN\n{\n\tprintf("${dice.one(NOISE)}");\n}\n`;

/** A script of random aggregations, printed in a random way. */
export function someScript(seed: number): DScript {
  const dice = new Dice(seed);
  const aggregations = dice.many(2, 7, (i) => someAggregation(dice, `a${i}`));
  const expected: Expected[] = [];
  let text = aggregations.map(filling).join("");
  const way = dice.one(["exit", "printa", "printa", "noise", "noise", "format", "mixed", "ticks"] as const);
  if (way === "ticks") {
    const times = 2 + dice.below(2);
    const prints = aggregations.map(({ name }) => `\tprinta(@${name});\n`).join("");
    const header = dice.chance(0.5) ? `\tprintf("%Y\\n", walltimestamp);\n` : "";
    text += `profile:::tick-50ms\n/n < ${times}/\n{\n\tn++;\n${header}${prints}}\n`;
    text += `profile:::tick-50ms\n/n >= ${times}/\n{\n\texit(0);\n}\n`;
    for (let i = 0; i < times; i++) expected.push(...aggregations.flatMap((each) => printed(each)));
  } else {
    for (const each of aggregations) {
      if (way === "noise" || (way === "mixed" && dice.chance(0.3))) text += noise(dice);
      if (way === "exit" || (way === "mixed" && dice.chance(0.3))) {
        expected.push(...printed(each));
      } else if (way === "format") {
        text += `BEGIN\n{\n\tprinta(${formatOf(dice, each)}, @${each.name});\n}\n`;
        expected.push(...printed(each, false).filter(({ rows }) => rows !== undefined));
      } else {
        text += `BEGIN\n{\n\tprinta(@${each.name});\n}\n`;
        expected.push(...printed(each));
      }
    }
    text += `BEGIN\n{\n\texit(0);\n}\n`;
  }
  const options = dice.chance(0.6) ? ["-q"] : [];
  return { name: `random-${seed}-${way}`, text, options, expected };
}

function formatOf(dice: Dice, { entries, aggregating }: Aggregation): string {
  const keys = (entries[0]?.keys ?? []).map(({ value, d }) =>
    typeof value === "string"
      ? dice.one(["%s", "%-20s", '\\"%S\\"', "%40s"])
      : d.includes("64")
        ? "%d"
        : dice.one(["%d", "%6d"]),
  );
  const value = bare(aggregating) ? dice.one(["%@d", "%@8d|", "= %@u"]) : "%@d";
  return `"${dice.one(["", "K=", "latency of "])}${keys.join(dice.one([" ", ", ", ":"]))} ${value}${dice.one(["", "\\n", " end\\n"])}"`;
}
