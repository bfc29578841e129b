/**
 * dtrace-fixed-scripts.ts: D scripts for what dice seldom throw: stacks, symbols, several aggregations in one printa, options.
 */
import { rowsOf, scalarOf, type Addition, type Aggregating } from "./dtrace-model.ts";
import type { DScript, Expected, ModelKey } from "./dtrace-scripts.ts";

const QUANTIZE: Aggregating = { kind: "quantize" };
const COUNT: Aggregating = { kind: "count" };
const LINEAR: Aggregating = { kind: "lquantize", base: 0n, limit: 10n, step: 1n };

const once = (value: bigint): readonly Addition[] => [[value, 1n]];
const quantized = (keys: readonly ModelKey[] | null, ...values: readonly bigint[]): Expected => ({
  keys,
  aggregating: QUANTIZE,
  rows: rowsOf(
    QUANTIZE,
    values.map((value): Addition => [value, 1n]),
  ),
});
const linear = (keys: readonly ModelKey[], value: bigint): Expected => ({
  keys,
  aggregating: LINEAR,
  rows: rowsOf(LINEAR, once(value)),
});
const counted = (keys: readonly ModelKey[], size: number): Expected => ({
  keys,
  aggregating: COUNT,
  value: scalarOf(
    COUNT,
    Array.from({ length: size }, (): Addition => [0n, 1n]),
  ),
});

const PROBE = "libdtrace.so.2.0.0`BEGIN_probe";

type Row = readonly [name: string, body: string, expected: readonly Expected[], ...options: string[]];

const ROWS: readonly Row[] = [
  [
    "ustack-count",
    '@[ustack()] = count(); @b["x", ustack(), 5] = count();',
    [counted([PROBE], 1), counted(["x", PROBE, 5n], 1)],
  ],
  [
    "ustack-quantize",
    '@[ustack()] = quantize(5); @b["x", ustack()] = quantize(6); @c[ustack(), "y", 7] = quantize(1);',
    [quantized([PROBE], 5n), quantized(["x", PROBE], 6n), quantized([PROBE, "y", 7n], 1n)],
  ],
  [
    "two-ustacks",
    '@[ustack(), ustack()] = count(); @b[ustack(), "m", ustack()] = quantize(6);',
    [counted([PROBE, PROBE], 1), quantized([PROBE, "m", PROBE], 6n)],
  ],
  [
    "empty-stack",
    '@["x", stack()] = count(); @b["y", stack(), "z"] = quantize(3); @c[stack(), "w"] = count();',
    [counted(["x", ""], 1), quantized(["y", "", "z"], 3n), counted(["w"], 1)],
  ],
  [
    "ustack-and-hexdump",
    '@[ustack(), "\\001"] = quantize(1); @b["\\001", ustack()] = count(); @c["\\001", "\\002\\003"] = count();',
    [quantized([PROBE, "\x01"], 1n), counted(["\x01", PROBE], 1), counted(["\x01", "\x02\x03"], 1)],
  ],
  [
    "probe-names",
    "@[probeprov, probemod, probefunc, probename] = count(); @q[probename] = quantize(9);",
    [counted(["dtrace", "", "", "BEGIN"], 1), quantized(["BEGIN"], 9n)],
  ],
  [
    "uaddr",
    "@[uaddr(0x400000), umod(0x400000)] = count(); @q[ufunc(0x400000)] = quantize(9);",
    [counted(["0x400000", "0x400000"], 1), quantized(["0x400000"], 9n)],
  ],
  [
    "printa-distributions",
    '@a["k", 1] = quantize(3); @b["k", 1] = lquantize(3, 0, 10, 1); @c["k", 1] = quantize(300); printa(@a, @b, @c);',
    [quantized(["k", 1n], 3n), linear(["k", 1n], 3n), quantized(["k", 1n], 300n)],
  ],
  [
    "printa-distribution-then-scalar",
    '@a["k", 1] = quantize(3); @b["k", 1] = count(); printa(@a, @b);',
    [quantized(["k", 1n], 3n), counted(["k", 1n], 1)],
  ],
  [
    "printa-scalar-between-distributions",
    '@a["k"] = quantize(3); @b["k"] = count(); @c["k"] = lquantize(3, 0, 10, 1); printa(@a, @b, @c);',
    [quantized(["k"], 3n), counted(["k"], 1), linear(["k"], 3n)],
  ],
  [
    "printa-unkeyed-pair",
    "@a = quantize(3); @b = quantize(4); printa(@a, @b);",
    [quantized([], 3n), quantized([], 4n)],
  ],
  [
    "printa-unkeyed-then-scalar",
    "@a = quantize(3); @b = count(); printa(@a, @b);",
    [quantized([], 3n), counted([], 1)],
  ],
  [
    "exit-unkeyed",
    "@a = quantize(3); @b = count(); @c = quantize(4); @d = count(); @e = lquantize(3, 0, 10, 1);",
    [quantized([], 3n), counted([], 1), quantized([], 4n), counted([], 1), linear([], 3n)],
  ],
  [
    "never-assigned",
    '@a = quantize(3); trunc(@a); printa(@a); printf("x\\n"); printa(@a); @b["q"] = count();',
    [counted(["q"], 1)],
  ],
  [
    "trace",
    'trace(5); trace("x"); trace(5LL); @a["k"] = quantize(3); printa(@a); trace(7LL); trace("y"); trace((char)1); @b["l"] = count(); printa(@b);',
    [quantized(["k"], 3n), counted(["l"], 1)],
  ],
  [
    "printf-columns",
    'printf("%20d\\n%-50s %16d|\\n", 5, "x", 7); @a["k"] = quantize(3); printa(@a);',
    [quantized(["k"], 3n)],
  ],
  [
    "speculation",
    'self->s = speculation(); @a["k"] = count(); printa(@a); @b = count(); printa(@b); discard(self->s);',
    [counted(["k"], 1), counted([], 1)],
  ],
  ["tracemem", "tracemem(curthread, 16); @a = count();", [counted([], 1)]],
  [
    "hexdump-of-1024",
    '@a["\\001\\377", "b\\002"] = quantize(5); @b["\\003"] = count();',
    [quantized(["\x01\ufffd", "b\x02"], 5n), counted(["\x03"], 1)],
    "-x",
    "strsize=1024",
  ],
  [
    "strsize-cut",
    '@a["0123456789abcdef"] = quantize(5); @b["0123456789abcdef", 3] = count();',
    [quantized(["0123456"], 5n), counted(["0123456", 3n], 1)],
    "-x",
    "strsize=8",
  ],
  ["stackindent", "@a[ustack()] = quantize(5);", [quantized([PROBE], 5n)], "-x", "stackindent=4"],
  [
    "flowindent",
    '@a["k"] = quantize(5); printa(@a); trace(7LL); @b["l"] = count();',
    [quantized(["k"], 5n), counted(["l"], 1)],
    "-F",
  ],
  [
    "rawbytes",
    '@a["k"] = quantize(5); @b["l"] = count();',
    [quantized(["k"], 5n), counted(["l"], 1)],
    "-x",
    "rawbytes",
  ],
  [
    "aggsortkey",
    '@a["b"] = quantize(5); @a["a"] = quantize(7); @b["l"] = count();',
    [quantized(["b"], 5n), quantized(["a"], 7n), counted(["l"], 1)],
    "-x",
    "aggsortkey",
  ],
  [
    "format-no-keys",
    '@a["k"] = quantize(5); @a["l"] = quantize(7); printa("%@d", @a);',
    [quantized(null, 5n), quantized(null, 7n)],
  ],
  [
    "format-key-before",
    '@a["k"] = quantize(5); @a["l"] = quantize(7); printa("%s%@d", @a);',
    [quantized(["k"], 5n), quantized(["l"], 7n)],
  ],
  [
    "format-key-after",
    '@a["k"] = quantize(5); @a["l"] = quantize(7); printa("%@d for %s\\n", @a);',
    [quantized(null, 5n), quantized(null, 7n)],
  ],
  [
    "format-stack",
    '@a[ustack()] = quantize(5); printa("%k %@d\\n", @a); @b[ustack()] = count(); printa("%k%@16d\\n", @b);',
    [quantized(null, 5n)],
  ],
  [
    "format-words",
    '@a["a b", 7] = quantize(5); printa("@lat \\"%S\\" %d%@d@end\\n", @a);',
    [quantized(["a b", 7n], 5n)],
  ],
  ["format-pair", '@a["k"] = quantize(5); @b["k"] = count(); printa("%s %@d %@d\\n", @b, @a);', [quantized(null, 5n)]],
  [
    "long-key-with-newline",
    '@a["first line of a key that is long \\n and its second line which is long too"] = count(); @b["first line of a key that is long\\nand its second line which is long too", 5] = quantize(4);',
    [
      counted(["first line of a key that is long \n and its second line which is long too"], 1),
      quantized(["first line of a key that is long\nand its second line which is long too", 5n], 4n),
    ],
  ],
  [
    "header-as-key",
    '@a["         value  ------------- Distribution ------------- count    "] = quantize(5);',
    [quantized(["         value  ------------- Distribution ------------- count    "], 5n)],
  ],
  [
    "row-as-key",
    '@a["             16 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        "] = quantize(5);',
    [quantized(["             16 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        "], 5n)],
  ],
];

/** Each printed quietly and with a probe's columns. */
export function fixedScripts(): DScript[] {
  return ROWS.flatMap(([name, body, expected, ...options]) => {
    const text = `BEGIN\n{\n\t${body.replaceAll("; ", ";\n\t")}\n}\nBEGIN\n{\n\texit(0);\n}\n`;
    return [
      { name: `${name}-q`, text, options: ["-q", ...options], expected },
      { name, text, options, expected },
    ];
  });
}
