/**
 * Saved output of anybody's script, row for row: held against captures of real DTrace and what their scripts say.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AnyReader, type AnyDistribution, type AnyProblem, type AnyScalar } from "../../collectors/parse-any.ts";
import { printDistribution } from "../../collectors/simulator/print-distribution.ts";
import { formatScheme, parseScheme } from "../../core/histogram/scheme.ts";
import { capture, captures, expectedOf, rangeName } from "./captures.ts";

interface Read {
  readonly distributions: AnyDistribution[];
  readonly scalars: AnyScalar[];
  readonly problems: AnyProblem[];
}

function read(...chunks: readonly (Uint8Array | string)[]): Read {
  const all: Read = { distributions: [], scalars: [], problems: [] };
  const reader = new AnyReader({
    onDistribution: (distribution) => all.distributions.push(distribution),
    onScalar: (scalar) => all.scalars.push(scalar),
    onProblem: (problem) => all.problems.push(problem),
  });
  for (const chunk of chunks) reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  reader.end();
  return all;
}

const scalarsOf = (name: string): unknown[] => read(capture(name)).scalars.map(({ keys, value }) => [...keys, value]);

/** Keys that a script changes after it has counted. */
const CHANGED = new Set(["cleared", "normalized by 3", "0..17 big"]);

for (const name of ["20-quantize-variants", "21-lquantize-variants", "22-llquantize-variants"]) {
  describe(name, () => {
    const expected = expectedOf(capture(`${name}.d`).toString());
    const { distributions } = read(capture(`${name}.out`));

    for (const [key, counts] of expected) {
      if (CHANGED.has(key)) continue;
      test(`"${key}" has the counts of its script`, () => {
        const found = distributions.find(({ keys }) => keys[0] === key);
        const rows = found?.buckets.filter(([, , count]) => count !== 0) ?? [];
        assert.deepEqual(new Map(rows.map((row) => [rangeName(row), BigInt(row[2])])), counts);
      });
    }

    test("every printed row comes out, in order", () => {
      const printed = [
        ...capture(`${name}.out`)
          .toString()
          .matchAll(/\|[@ ]* (-?\d+) *$/gm),
      ].map(([, count]) => count);
      assert.deepEqual(
        distributions.flatMap(({ buckets }) => buckets.map(([, , count]) => String(count))),
        printed,
      );
    });
  });
}

test("what a script clears, normalizes or prints in a format comes out as printed", () => {
  const { distributions } = read(capture("20-quantize-variants.out"));
  const rows = (key: string): unknown => distributions.find(({ keys }) => keys[0] === key)?.buckets;
  assert.deepEqual(rows("cleared"), [
    [-1, 0, 0],
    [0, 1, 0],
    [1, 2, 0],
  ]);
  assert.deepEqual(rows("normalized by 3"), [
    [32, 64, 0],
    [64, 128, 3],
    [128, 256, 0],
    [256, 512, 0],
    [512, 1024, 1],
    [1024, 2048, 0],
  ]);
  assert.equal((rows("K=mixed sign values V=") as unknown[]).length, 9);
});

test("edges above 2^53 are exact", () => {
  const { distributions } = read(capture("20-quantize-variants.out"));
  const rows = distributions.find(({ keys }) => keys[0] === "INT64 extremes")?.buckets;
  assert.deepEqual(rows?.[0], [1n - 2n ** 63n, 1n - 2n ** 62n, 1]);
  assert.deepEqual(rows.at(-1), [2n ** 62n, 2n ** 63n, 1]);
});

test("labels that Linux cut beyond repair lose their edges and keep their counts", () => {
  const { distributions, problems } = read(capture("22-llquantize-variants.out"));
  const buckets = distributions.at(-1)?.buckets ?? [];
  assert.deepEqual(
    problems.map(({ kind }) => kind),
    ["labels_cut"],
  );
  assert.ok(buckets.every(([low, high]) => low === null && high === null));
  assert.deepEqual(
    buckets.map(([, , count]) => count),
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  );
});

test("frames with escaped keys give the keys", () => {
  const text = capture("05-latency-machine-readable.out").toString("latin1");
  const { distributions, scalars, problems } = read(capture("05-latency-machine-readable.out"));
  assert.equal(distributions.length, text.split("\n@lat ").length - 1);
  assert.deepEqual([scalars, problems], [[], []]);
  assert.deepEqual(distributions[0]?.keys, ["\x01\x02ctl", "close"]);
  assert.ok(distributions.every(({ keys }) => keys.length === 2));
});

test("frames of our own give distributions and scalars", () => {
  const text = `@begin x 1 2\n@row "z" "a" 7${printDistribution({ kind: "quantize" }, [3], [4])}@end\n@row "z" 12\n@done x 1 4\n`;
  const { distributions, scalars } = read(text);
  assert.deepEqual(distributions[0]?.keys, ["z", "a", 7]);
  assert.deepEqual(scalars, [{ keys: ["z"], value: 12 }]);
});

describe("scalars", () => {
  const VALUES = [[3], [27], [9], [-3], [20], [9], ["key one", 1], ["key two", 2]];
  test("of every aggregating function", () => assert.deepEqual(scalarsOf("10-agg-functions.out"), VALUES));
  test("without -q", () => assert.deepEqual(scalarsOf("10-agg-functions-noq.out"), VALUES));
  test("with the shares of each processor under them", () =>
    assert.deepEqual(scalarsOf("10-agg-functions.aggpercpu.out"), VALUES));

  test("with every kind of key", () => {
    assert.deepEqual(scalarsOf("30-keys.out"), [
      ["", 6, 1],
      ["\x01ctrl", 7, 1],
      ["% d %s", 11, 1],
      ["012345678901234567890123456789012345678901234567890123456789012", 9, 1],
      ["bell\x07", 8, 1],
      ["größe-日本", 3, 1],
      ['it\'s "quoted" \\back', 2, 1],
      ["key, with, commas;semi|pipe", 2_112_454_933, 1],
      ["tab\there", 5, 1],
      ["trailing", -10, 1],
      ["two\nlines", 4, 1],
      ["value  ------------- Distribution ------------- count", 12, 1],
      ["with spaces", 1, 1],
    ]);
  });

  test("of cleared aggregations, the extremes of 64 bits among them", () => {
    assert.deepEqual(scalarsOf("41-empty.out"), [
      ["x", 0],
      ["x", 0],
      ["x", 0],
      ["x", 2n ** 63n - 1n],
      ["x", -(2n ** 63n)],
      ["x", 0],
    ]);
  });

  test("with integer keys", () => {
    assert.deepEqual(scalarsOf("72-drops-agg.aggsize1k.out"), [
      [1_919_488_836, 1],
      [1_919_488_831, 2],
    ]);
  });

  const TEXT: readonly string[] = [
    "plain sum: 27 avg (in one printa)",
    "key one                       1|",
    "  0      1                           :BEGIN printed 1",
    "3",
    "               3",
    "                  3",
    "total                3",
    "  key one   3",
    "                3x",
  ];
  for (const line of TEXT) test(`"${line}" is none`, () => assert.deepEqual(read(`\n${line}\n`).scalars, []));
});

test("what dtrace prints at exit comes out with and without -q", () => {
  for (const name of ["50-default-end-print.out", "50-default-end-print.q.out"]) {
    assert.deepEqual(scalarsOf(name), [["a", 1, 1], ["b", 2, 2], [1], [5]]);
    const { distributions } = read(capture(name));
    assert.deepEqual(
      distributions.map(({ keys, buckets }) => [keys, buckets[1]]),
      [
        [["b"], [1, 2, 1]],
        [["a"], [64, 128, 1]],
        [[], [64, 128, 1]],
        [["a"], [10, 20, 1]],
      ],
    );
  }
});

const ROWS = printDistribution({ kind: "quantize" }, [3], [4]);
const padded = (key: string): string => `  ${key.padEnd(50)}`;
const DUMP = `
             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
         0: 67 72 c3 b6 00 00 00 00 00 00 00 00 00 00 00 00  gr..............
        10: 00                                               .
`.trimEnd();
const STACK = "\n              unix`idle+0x1\n              0xfffffffffb800000";

describe("the keys above a distribution", () => {
  const KEYS: readonly (readonly [name: string, text: string, keys: readonly (string | number | bigint)[]])[] = [
    ["none", "\n", []],
    ["a string", `\n${padded("bash")}`, ["bash"]],
    ["two strings", `\n${padded("bash")}${padded("read")}`, ["bash", "read"]],
    ["integers of every width", `\n   5     6        7                8`, [5, 6, 7, 8]],
    ["integers that run over", `\n -2112454933 -9223372036854775808`, [-2_112_454_933, -(2n ** 63n)]],
    ["a string of digits", `\n${padded("42")}       42`, ["42", 42]],
    ["a string that starts with spaces", `\n${padded("  x")}        1`, ["  x", 1]],
    ["an empty string", `\n${padded("")}`, [""]],
    ["a string of exactly fifty", `\n${padded("x".repeat(50))}        1`, ["x".repeat(50), 1]],
    ["a string that runs over", `\n  ${"ab ".repeat(30)}c        1`, [`${"ab ".repeat(30)}c`, 1]],
    ["a string with newlines", `\n${padded("a\nb\nc")}        1`, ["a\nb\nc", 1]],
    ["a string without its padding", "\n  bash", ["bash"]],
    [
      "a long string with newlines",
      `\n  ${"a word ".repeat(7)}\nand a second line        1`,
      [`${"a word ".repeat(7)}\nand a second line`, 1],
    ],
    ["a string that ends in a newline", `\n${padded("a\n")}        1`, ["a\n", 1]],
    [
      "a string of exactly fifty before another",
      `\n${padded("x".repeat(50))}${padded("bash")}`,
      ["x".repeat(50), "bash"],
    ],
    ["empty strings", `\n${padded("a")}${padded("")}${padded("")}${padded("b")}`, ["a", "", "", "b"]],
    ["two stacks", `\n${STACK}\n${STACK}\n`, Array.from({ length: 2 }, () => "unix`idle+0x1\n0xfffffffffb800000")],
    ["a stack without frames", `\n${padded("bash")}\n${padded("read")}`, ["bash", "", "read"]],
    ["an integer and a stack", `\n                7${STACK}\n`, [7, "unix`idle+0x1\n0xfffffffffb800000"]],
    ["an integer and a hexdump", `\n                7${DUMP}\n`, [7, "grö"]],
    ["a hexdump", `\n${DUMP}\n`, ["grö"]],
    ["a hexdump between others", `\n${padded("bash")}${DUMP}\n        7`, ["bash", "grö", 7]],
    ["a stack", `\n${STACK}\n`, ["unix`idle+0x1\n0xfffffffffb800000"]],
    ["a name and a stack", `\n${padded("bash")}${STACK}\n`, ["bash", "unix`idle+0x1\n0xfffffffffb800000"]],
    ["a format of one's own", "latency of bash (ns):", ["latency of bash (ns):"]],
    ["words in quotes", '@lat "a b" "c\\n\\0" -7 ', ["a b", "c\n", -7]],
    [
      "nothing but a probe's columns, without -q",
      "CPU     ID                    FUNCTION:NAME\n  0      1                           :BEGIN ",
      [],
    ],
    [
      "a format after a probe's columns",
      "CPU     ID                    FUNCTION:NAME\n  2      1                           :BEGIN bash",
      ["bash"],
    ],
    [
      "a name that looks like a header",
      `\n${padded("value  ------------- Distribution ------------- count")}`,
      ["value  ------------- Distribution ------------- count"],
    ],
    ["a name that looks like a row", `\n${padded("1 |@@@@ 1")}`, ["1 |@@@@ 1"]],
  ];
  for (const [name, text, keys] of KEYS) {
    test(`are read: ${name}`, () => {
      const { distributions } = read(`some text\n${text}${ROWS}after\n`);
      assert.deepEqual(
        distributions.map(({ keys }) => keys),
        [keys],
      );
    });
  }

  test("end at the distribution before", () => {
    const { distributions } = read(`\n${padded("a")}${ROWS}\n${padded("b")}${ROWS}\n${ROWS}`);
    assert.deepEqual(
      distributions.map(({ keys }) => keys),
      [["a"], ["b"], []],
    );
  });

  test("are shared by the aggregations of one printa, which prints them once", () => {
    const { distributions } = read(`\n${padded("a")}${ROWS}${ROWS}\n${padded("b")}${ROWS}${ROWS}\n\n${ROWS}`);
    assert.deepEqual(
      distributions.map(({ keys }) => keys),
      [["a"], ["a"], ["b"], ["b"], []],
    );
  });

  test("are those of the values that follow in the same printa", () => {
    const { distributions, scalars } = read(`\n${padded("a")}${ROWS}                3               -4${ROWS}\n`);
    assert.deepEqual(
      distributions.map(({ keys }) => keys),
      [["a"], ["a"]],
    );
    assert.deepEqual(scalars, [
      { keys: ["a"], value: 3 },
      { keys: ["a"], value: -4 },
    ]);
  });

  test("name the processor with -x aggpercpu", () => {
    const { distributions } = read(`\n${padded("a")}${ROWS}\n    [CPU 0]${ROWS}\n    [CPU 1]${ROWS}`);
    assert.deepEqual(
      distributions.map(({ keys }) => keys),
      [["a"], ["a", "[CPU 0]"], ["a", "[CPU 1]"]],
    );
  });
});

describe("output with another meaning is refused, and the rest read:", () => {
  const zoom = (text: string, from: string, to: string): string => text.replace(from, to);
  const REFUSED: readonly (readonly [name: string, text: string, kind: string])[] = [
    [
      "-x agghist",
      `\n             key  ------------- Distribution ------------- count    \n            bash |@@@@@@@@@@@@@@@@@@@@                     12       \n`,
      "agghist",
    ],
    [
      "-x aggpack",
      `\n              key  min .------------------. max    | count\n             bash    0 :  ▁▂  █           : 65536  | 31\n`,
      "aggpack",
    ],
    ["-x aggzoom, one bucket", zoom(ROWS, "@".repeat(40), `${"@".repeat(38)}  `), "aggzoom"],
    [
      "-x aggzoom, several buckets",
      zoom(
        zoom(printDistribution({ kind: "quantize" }, [3, 4], [10, 5]), "@".repeat(27), "@".repeat(38)).replace(
          /(@{38}) {11}/,
          "$1",
        ),
        `|${"@".repeat(13)} `,
        `|${"@".repeat(19)} `,
      ).replace(/(@{19}) {6}/, "$1"),
      "aggzoom",
    ],
  ];
  for (const [name, text, kind] of REFUSED) {
    test(name, () => {
      const { distributions, scalars, problems } = read(`\n${padded("k")}${text}\n${padded("good")}${ROWS}`);
      assert.deepEqual(
        problems.map((problem) => problem.kind),
        [kind],
      );
      assert.deepEqual(
        distributions.map(({ keys }) => keys),
        [["good"]],
      );
      assert.deepEqual(scalars, []);
    });
  }

  test("bars whose counts normalize() has divided are not taken for aggzoom's", () => {
    const raw = [0, 9, 9, 9, 950, 9, 9, 0];
    const rows = raw.map((count, i) => {
      const bar = "@".repeat(Math.round((count * 40) / 995)).padEnd(40);
      return `${String(2 ** i).padStart(16)} |${bar} ${String(Math.floor(count / 10)).padEnd(9)}\n`;
    });
    assert.deepEqual(read(`${ROWS.split("\n").slice(0, 2).join("\n")}\n${rows.join("")}`).problems, []);
  });

  test("bars of real DTrace are never taken for aggzoom's", () => {
    for (const name of captures(".out")) {
      assert.deepEqual(
        read(capture(name)).problems.filter(({ kind }) => kind !== "labels_cut"),
        [],
      );
    }
  });

  test("no usual bars are taken for aggzoom's", () => {
    const tally = fc.array(fc.tuple(fc.integer({ min: -63, max: 63 }), fc.integer({ min: -1000, max: 1000 })));
    fc.assert(
      fc.property(tally, (entries) => {
        const printed = printDistribution(
          { kind: "quantize" },
          entries.map(([index]) => index),
          entries.map(([, count]) => count),
        );
        assert.deepEqual(read(printed).problems, []);
      }),
      { numRuns: 2000 },
    );
  });
});

test("a header without rows is told", () => {
  assert.deepEqual(
    read(`${ROWS.split("\n").slice(0, 2).join("\n")}\n`).problems.map(({ kind }) => kind),
    ["no_rows"],
  );
});

test("a last row that is torn is left out and told; one that merely lost its spaces is read", () => {
  const whole = `\n${padded("a")}${ROWS}`;
  const torn = read(whole.slice(0, -9));
  assert.deepEqual(
    torn.problems.map(({ kind }) => kind),
    ["torn"],
  );
  assert.deepEqual(
    torn.distributions[0]?.buckets.map(([, , count]) => count),
    [0, 4],
  );
  const trimmed = read(whole.replaceAll(/ +$/gm, "").trimEnd());
  assert.deepEqual(trimmed.problems, []);
  assert.equal(trimmed.distributions[0]?.buckets.length, 3);
});

test("what trace prints without -q is no scalar", () => {
  const text = `CPU     ID                    FUNCTION:NAME\n  0      1                           :BEGIN                 5\n`;
  assert.deepEqual(read(text).scalars, []);
});

test("a scheme is named where the labels leave no doubt", () => {
  const named = (text: string, bucket: number[]): string | null => {
    const scheme = read(
      printDistribution(
        parseScheme(text),
        bucket,
        bucket.map(() => 1),
      ),
    ).distributions[0]?.scheme;
    return scheme ? formatScheme(scheme) : null;
  };
  assert.equal(named("quantize", [9]), "quantize");
  assert.equal(named("quantize", [1]), null);
  assert.equal(named("lquantize(0,100,10)", [0, 11]), "lquantize(0,100,10)");
  assert.equal(named("lquantize(0,100,10)", [3, 11]), null);
  assert.equal(named("llquantize(10,3,10,20)", [0, 145]), "llquantize(10,3,10,20)");
  assert.equal(named("llquantize(10,3,10,20)", [20]), null);
});

test("captures read the same however they are cut", () => {
  for (const name of captures(".out")) {
    const bytes = capture(name);
    const whole = read(bytes);
    for (const size of [1, 7, 1000]) {
      if (size === 1 && bytes.length > 30_000) continue;
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      assert.deepEqual(read(...chunks), whole);
    }
  }
});

test("hostile text costs neither memory nor time", () => {
  const start = performance.now();
  const texts = [
    `  ${" 1".repeat(4000)}\n`.repeat(50),
    `  ${"a ".repeat(900)}\n`.repeat(300),
    `${"  x\n".repeat(5000)}                1\n`,
    `${"x".repeat(20_000_000)}\n`,
    `${" ".repeat(2000)}1\n`.repeat(300),
    `${'@row "\\'.repeat(9000)}\n`,
  ];
  for (const text of texts) read(text);
  assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
});

test("binary junk is no exception", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 500 })), (chunks) => void read(...chunks)));
});
