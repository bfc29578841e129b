import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_LINE_BYTES, MAX_SAMPLE_BYTES } from "../../collectors/kstat-parser.ts";
import { kstat, parse, plain, print, printKstat, samplesOf, type Printable, type PrintableSample } from "./print.ts";

const ZONE = "3f0c2c6e-53c1-4e2b-9f0a-6f1e2d3c4b5a";

const TWO_SAMPLES = [
  "1795000000",
  "sd:1:sd1:class\tdisk",
  "sd:1:sd1:crtime\t35.123456789",
  "sd:1:sd1:reads\t4711",
  "sd:1:sd1:rtime\t8.000000001",
  "sd:1:sd1:snaptime\t9007199.254740993",
  "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:10ms_ops\t3",
  "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:class\tzone_vfs",
  "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:crtime\t60.5",
  "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:nread\t18446744073709551615",
  "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:snaptime\t101.000000000",
  `zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:zonename\t${ZONE}`,
  "",
  "1795000001",
  "sd:1:sd1:class\tdisk",
  "sd:1:sd1:crtime\t35.123456789",
  "sd:1:sd1:reads\t4712",
  "sd:1:sd1:rtime\t8.500000001",
  "sd:1:sd1:snaptime\t9007200.254740993",
  "",
  "",
].join("\n");

const name = fc.stringMatching(/^[A-Za-z0-9_:,.-]{1,30}$/);
const statistic = fc.stringMatching(/^[a-z0-9_ .]{1,12}$/).filter((each) => !/^(class|crtime|snaptime)$/.test(each));
const ns = fc.bigInt({ min: 0n, max: 10n ** 17n });
const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  ns.map((each) => `${each / 1_000_000_000n}.${String(each % 1_000_000_000n).padStart(9, "0")}`),
  fc.stringMatching(/^[ -~\t]{0,20}$/),
);
const printable: fc.Arbitrary<Printable> = fc.record({
  module: fc.constantFrom("zones", "sd", "zone_vfs", "tcp"),
  instance: fc.integer({ min: -1, max: 5 }),
  name,
  class: fc.constantFrom("disk", "zone_misc", "net"),
  crtime: ns,
  snaptime: ns,
  statistics: fc.dictionary(statistic, value, { maxKeys: 6, noNullPrototype: true }),
});
/** Samples that share most of their kstats, as those of a host do: some come, some go, some change their statistics. */
const stream: fc.Arbitrary<readonly PrintableSample[]> = fc
  .tuple(
    fc.uniqueArray(printable, { maxLength: 6, selector: (each) => `${each.module}:${each.instance}:${each.name}` }),
    fc.array(fc.tuple(fc.array(fc.nat({ max: 9 }), { minLength: 6, maxLength: 6 }), fc.nat({ max: 9999 })), {
      maxLength: 4,
    }),
  )
  .map(([kstats, changes]) =>
    changes.map(([fates, number], i) => ({
      epochSec: 1_795_000_000 + i,
      kstats: kstats.flatMap((each, k) => {
        const fate = fates[k] ?? 0;
        if (fate === 0) return [];
        const statistics = fate === 1 ? { ...each.statistics, extra: String(number) } : each.statistics;
        return [{ ...each, snaptime: each.snaptime + BigInt(number), statistics }];
      }),
    })),
  );
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

function sorted(sample: PrintableSample): PrintableSample {
  return { ...sample, kstats: sample.kstats.map((each) => ({ ...each, statistics: byName(each.statistics) })) };
}

function byName(statistics: Printable["statistics"]): Printable["statistics"] {
  return Object.fromEntries(Object.entries(statistics).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the printed form", () => {
  test("a sample ends in an empty line and holds its kstats in the order of printing", () => {
    const { samples, problems } = parse(TWO_SAMPLES);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      samples.map((sample) => [sample.epochSec, sample.skippedLines, sample.kstats.map((each) => each.id)]),
      [
        [1795000000, 0, ["sd:1:sd1:", "zone_vfs:7:3f0c2c6e-53c1-4e2b-9f0a-6f1e2d:"]],
        [1795000001, 0, ["sd:1:sd1:"]],
      ],
    );
  });

  test("times in seconds become whole ns, also above 2^53", () => {
    const disk = parse(TWO_SAMPLES).samples[0]?.kstats[0];
    assert.equal(disk?.crtime, 35_123_456_789n);
    assert.equal(disk.snaptime, 9_007_199_254_740_993n);
    assert.equal(disk.nanoseconds("rtime"), 8_000_000_001);
    assert.equal(disk.nanoseconds("snaptime"), 9_007_199_254_740_993n);
    assert.equal(disk.whole("rtime"), undefined);
    assert.equal(disk.get("rtime"), "8.000000001");
  });

  test("values of 64 bits stay exact, and what is absent is undefined", () => {
    const zone = parse(TWO_SAMPLES).samples[0]?.kstats[1];
    assert.equal(zone?.whole("nread"), 18_446_744_073_709_551_615n);
    assert.equal(zone.get("zonename"), ZONE);
    assert.equal(zone.crtime, 60_500_000_000n);
    assert.equal(zone.get("nwritten"), undefined);
    assert.equal(zone.whole("zonename"), undefined);
    assert.equal(zone.has("nwritten"), false);
  });

  const lines: Record<string, [line: string, id: string, statistic: string, value: string]> = {
    "a name may hold colons": ["a:0:b:c:d:s\t1", "a:0:b:c:d:", "s", "1"],
    "a name may be empty": ["a:0::s\t1", "a:0::", "s", "1"],
    "an instance may be -1": ["a:-1:b:s\t1", "a:-1:b:", "s", "1"],
    "a value may hold tabs and colons": ["a:0:b:s\tx:y\tz", "a:0:b:", "s", "x:y\tz"],
    "a value may be empty": ["a:0:b:s\t", "a:0:b:", "s", ""],
    "a statistic may hold spaces": ["a:0:b:s t\t1", "a:0:b:", "s t", "1"],
  };
  for (const [title, [line, id, statistic, value]] of Object.entries(lines)) {
    test(title, () => {
      const rest = ["class\tmisc", "crtime\t1.000000000", "snaptime\t2.000000000"]
        .map((each) => `${id}${each}\n`)
        .join("");
      const { samples, problems } = parse(`5\n${line}\n${rest}\n`);
      assert.deepEqual(problems, []);
      assert.equal(samples[0]?.kstats.length, 1);
      assert.equal(samples[0].kstats[0]?.id, id);
      assert.equal(samples[0].kstats[0].get(statistic), value);
    });
  }

  test("kstats of one name follow each other where a statistic is printed again", () => {
    const twins = ["one", "two"].map((zonename) => kstat("link:0:net0", "net", 5, { rbytes64: 1, zonename }));
    for (const sample of samplesOf({ epochSec: 1, kstats: twins }, { epochSec: 2, kstats: twins })) {
      assert.deepEqual(
        sample.kstats.map((each) => each.get("zonename")),
        ["one", "two"],
      );
      assert.equal(new Set(sample.kstats.map((each) => each.key)).size, 2);
    }
  });

  test("what was printed is what is read, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(stream, cuts, (samples, sizes) => {
        const parsed = parse(samples.map(print).join(""), sizes);
        assert.deepEqual(parsed.problems, []);
        assert.deepEqual(parsed.samples.map(plain), samples.map(sorted));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test("cut at any one byte, the two samples are the same", () => {
    const whole = parse(TWO_SAMPLES).samples.map(plain);
    for (let at = 1; at < TWO_SAMPLES.length; at++) {
      assert.deepEqual(parse(TWO_SAMPLES, [at, TWO_SAMPLES.length]).samples.map(plain), whole);
    }
  });
});

describe("what is damaged", () => {
  const disk = kstat("sd:1:sd1", "disk", 5, { reads: 1 });
  const good = print({ epochSec: 9, kstats: [disk] });

  test("a sample torn by the end of the stream is dropped and counted", () => {
    for (let at = 1; at < good.length; at++) {
      const { samples, problems } = parse(good + good.slice(0, at));
      assert.equal(samples.length, 1);
      assert.deepEqual(
        problems.map(({ kind }) => kind),
        ["torn_sample"],
      );
    }
  });

  test("a sample torn by the next one is dropped and counted", () => {
    const { samples, problems } = parse(`8\n${printKstat(disk)}${good}`);
    assert.deepEqual(
      samples.map(({ epochSec }) => epochSec),
      [9],
    );
    assert.deepEqual(problems, [{ kind: "torn_sample", sample: "9", epochSec: 8 }]);
  });

  const junk: Record<string, string> = {
    "no tab": "zones:1:a:nsec_user 5",
    "no statistic": "zones:1:a:\t5",
    "two colons": "zones:1:nsec_user\t5",
    "no module": ":1:a:s\t5",
    "an instance that is no number": "zones:x:a:s\t5",
    "an instance of eleven digits": "zones:12345678901:a:s\t5",
    "an epoch of twelve digits": "123456789012",
    "control characters": "\0\x01\x1b[2J",
  };
  for (const [title, line] of Object.entries(junk)) {
    test(`a line with ${title} is skipped, and the sample kept`, () => {
      const { samples, problems } = parse(`9\n${line}\n${printKstat(disk)}${line}\n\n`);
      assert.deepEqual(
        samples.map(({ kstats, skippedLines }) => [kstats.length, skippedLines]),
        [[1, 2]],
      );
      assert.deepEqual(
        problems.map(({ kind, epochSec }) => [kind, epochSec]),
        [
          ["malformed", 9],
          ["malformed", 9],
        ],
      );
    });
  }

  test("lines before the first epoch are reported, and nothing is made of them", () => {
    const { samples, problems } = parse(`${printKstat(disk)}\n${good}`);
    assert.equal(samples.length, 1);
    assert.deepEqual(new Set(problems.map(({ kind }) => kind)), new Set(["outside_sample"]));
  });

  test("a kstat without class, crtime and snaptime is left out and counted", () => {
    const broken = ["crtime\tsoon", "crtime\t-1.000000000", "crtime\t1.0000000001", "crtime\t", "crtime\t1."];
    for (const line of [...broken, "reads\t1"]) {
      const { samples, problems } = parse(
        `9\nsd:2:sd2:class\tdisk\nsd:2:sd2:${line}\nsd:2:sd2:snaptime\t5.000000000\n${printKstat(disk)}\n`,
      );
      assert.deepEqual(
        samples.map(({ kstats, skippedLines }) => [kstats.length, skippedLines]),
        [[1, 1]],
      );
      assert.deepEqual(problems, [{ kind: "malformed_kstat", sample: "sd:2:sd2:", epochSec: 9 }]);
    }
  });

  test("a character of two bytes may be cut in two, and half of one harms nobody else", () => {
    const umlaut = kstat("sd:2:d\u00e4", "disk", 5, { reads: 2 });
    const whole = Buffer.from(print({ epochSec: 9, kstats: [umlaut, disk] }));
    const halved = Buffer.from(whole.filter((byte) => byte !== 0xa4));
    for (const sizes of [[1], [whole.indexOf(0xa4), whole.length]]) {
      assert.deepEqual(
        parse(whole, sizes).samples[0]?.kstats.map(({ name }) => name),
        ["d\u00e4", "sd1"],
      );
      const { samples, problems } = parse(Buffer.concat([halved, halved]), sizes);
      assert.deepEqual(problems, []);
      for (const sample of samples)
        assert.deepEqual(
          sample.kstats.map(({ name }) => name),
          ["d\ufffd", "sd1"],
        );
    }
  });

  test("a line of 10 MB is one problem, and what follows is read", () => {
    const { samples, problems } = parse(`9\n${"x".repeat(10_000_000)}\n${printKstat(disk)}\n`, [65_536]);
    assert.equal(samples[0]?.kstats.length, 1);
    assert.deepEqual(
      problems.map(({ kind, sample }) => [kind, sample.length]),
      [["line_too_long", 200]],
    );
  });

  test("a line at the bound is read and one past it is not, wherever it is cut", () => {
    const prefix = "sd:1:sd1:serial\t";
    for (const sizes of [[], [1000], [4095], [1]]) {
      for (const [extra, kinds] of [
        [0, []],
        [1, ["line_too_long", "line_too_long"]],
      ] as const) {
        const line = prefix + "s".repeat(MAX_LINE_BYTES - prefix.length + extra);
        const sample = `9\n${line}\n${printKstat(disk)}\n`;
        // Twice: the second time the line is expected.
        const { samples, problems } = parse(sample + sample, sizes);
        assert.deepEqual(
          problems.map(({ kind }) => kind),
          kinds,
        );
        assert.equal(samples[1]?.kstats[0]?.has("serial"), extra === 0);
      }
    }
  });

  test("a sample that is too large is dropped once, and the next one is read", () => {
    const line = `sd:1:${"n".repeat(2000)}:s\t1\n`;
    const { samples, problems } = parse(`8\n${line.repeat(Math.ceil(MAX_SAMPLE_BYTES / 2000) + 1)}\n${good}`, [65_536]);
    assert.deepEqual(
      samples.map(({ epochSec }) => epochSec),
      [9],
    );
    assert.deepEqual(
      problems.map(({ kind, epochSec }) => [kind, epochSec]),
      [["sample_too_large", 8]],
    );
  });

  test("nothing is thrown, and whole samples come out the same, whatever bytes surround them", () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(bytes, bytes, cuts, (before, after, sizes) => {
        const input = Buffer.concat([before, Buffer.from(`\n\n${good}`), after]);
        const { samples } = parse(input, sizes);
        assert.ok(samples.some((sample) => sample.epochSec === 9 && sample.kstats[0]?.id === "sd:1:sd1:"));
        assert.deepEqual(samples.map(plain), parse(input).samples.map(plain));
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  test("lines of a stream, shuffled, repeated and cut, are read alike whether they were expected or not", () => {
    const pool = [...TWO_SAMPLES.split("\n"), ...good.split("\n"), "", "7", "junk"].map((line) => `${line}\n`);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 60 }), cuts, (lines, sizes) => {
        const text = lines.join("");
        const warm = parse(TWO_SAMPLES + text, sizes)
          .samples.slice(2)
          .map(plain);
        assert.deepEqual(warm, parse(text).samples.map(plain));
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  test("many short lines of junk cost no more than their bytes", () => {
    const started = process.hrtime.bigint();
    const { problems } = parse(`9\n${"x\n".repeat(200_000)}`);
    assert.equal(problems.length, 200_001);
    // A search past the line's end would take minutes.
    assert.ok(process.hrtime.bigint() - started < 3_000_000_000n);
  });
});
