/**
 * Frames are delivered whole or not at all, however the stream is cut and whatever else is in it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cleanName } from "../../collectors/aggregation-keys.ts";
import { FrameReader, type Frame, type FrameProblem, type KeyType } from "../../collectors/frames.ts";
import { printDistribution, printKey, type Platform } from "../../collectors/simulator/print-distribution.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { fromTally } from "../../core/histogram/distribution.ts";
import { LATENCY_SCHEME, type Scheme } from "../../core/histogram/scheme.ts";
import { MAX_COUNT } from "../../core/window.ts";

const NONCE = "0123456789abcdef0123456789abcdef";
const OTHER = "f".repeat(32);
const QUANTIZE: Scheme = { kind: "quantize" };

interface Read {
  readonly frames: Frame[];
  readonly problems: FrameProblem[];
  readonly junkLines: number;
}

interface Options {
  readonly keyTypes?: readonly KeyType[];
  readonly scheme?: Scheme | null;
}

function read(chunks: Iterable<Uint8Array | string>, { keyTypes = ["string"], scheme = QUANTIZE }: Options = {}): Read {
  const frames: Frame[] = [];
  const problems: FrameProblem[] = [];
  const onFrame = (frame: Frame): void => void frames.push(frame);
  const onProblem = (problem: FrameProblem): void => void problems.push(problem);
  const reader = new FrameReader({ nonce: NONCE, keyTypes, scheme, onFrame, onProblem });
  for (const chunk of chunks) reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  reader.end();
  return { frames, problems, junkLines: reader.junkLines };
}

const begin = (tick: number, nonce = NONCE): string => `@begin ${nonce} ${tick} 179536911179467970${tick % 10}\n`;
const done = (tick: number, events: number, nonce = NONCE): string => `@done ${nonce} ${tick} ${events}\n`;
const row = (key: string, bucket: number[], count: (number | bigint)[]): string =>
  `@row "${printKey(key)}"${printDistribution(QUANTIZE, bucket, count)}@end\n`;
const good = (tick: number): string => begin(tick) + row("a", [5], [tick]) + done(tick, tick);

/** The kinds of problem, and the ticks that came through. */
function outcome(text: string, options?: Options): { problems: string[]; ticks: number[] } {
  const { frames, problems } = read([text], options);
  return { problems: problems.map(({ kind }) => kind), ticks: frames.map(({ tick }) => tick) };
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test("reads a frame", () => {
  const text = begin(7) + row("zsh", [4, 6], [3, 4]) + row("vi", [1], [1]) + done(7, 9);
  assert.deepEqual(read([text]).frames, [
    {
      tick: 7,
      wallMs: 1_795_369_111_794,
      wallNs: 1_795_369_111_794_679_707n,
      rows: [
        { keys: ["zsh"], bucket: [4, 6], count: [3, 4], value: 0 },
        { keys: ["vi"], bucket: [1], count: [1], value: 0 },
      ],
      events: 9,
      sum: 8,
    },
  ]);
});

test("a tick in which nothing happened is a frame without rows", () => {
  const { frames, problems } = read([begin(1) + done(1, 0)]);
  assert.deepEqual([frames[0]?.rows, frames[0]?.events, problems], [[], 0, []]);
});

test("scalars end their row, and 0 is kept; rows without any count are left out", () => {
  const scalars = `${begin(1)}@row "a" -3 12\n@row "b" 4 0\n${done(1, 12)}`;
  const { frames } = read([scalars], { keyTypes: ["string", "number"], scheme: null });
  assert.deepEqual(
    frames[0]?.rows.map(({ keys, value }) => [...keys, value]),
    [
      ["a", "-3", 12],
      ["b", "4", 0],
    ],
  );
  assert.deepEqual(read([begin(1) + row("a", [], []) + done(1, 0)]).frames[0]?.rows, []);
});

test("without keys a row is its distribution", () => {
  const text = `${begin(1)}@row${printDistribution(QUANTIZE, [3], [2])}@end\n${done(1, 2)}`;
  assert.deepEqual(read([text], { keyTypes: [] }).frames[0]?.rows[0]?.keys, []);
});

const keys = fc.array(fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 6 })), {
  minLength: 2,
  maxLength: 2,
});
const schemes = fc.constantFrom<Scheme>(QUANTIZE, LATENCY_SCHEME, {
  kind: "lquantize",
  base: -100,
  limit: 100,
  step: 7,
});

test("what is printed is what is read, for any platform, any keys and any cut of the stream", () => {
  const frame = fc.record({
    scheme: schemes,
    platform: fc.constantFrom<Platform>("illumos", "linux"),
    rows: fc.uniqueArray(
      fc.tuple(
        keys,
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: MAX_COUNT })), {
          minLength: 1,
          maxLength: 6,
        }),
      ),
      {
        selector: ([names]) => names.map((name) => cleanName(name)).join("\n"),
        maxLength: 5,
      },
    ),
    sizes: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
  });
  fc.assert(
    fc.property(frame, ({ scheme, platform, rows, sizes }) => {
      const { first, last } = bucketsOf(scheme);
      const lowest = scheme.kind === "quantize" ? -63 : platform === "illumos" ? 0 : first;
      const highest = scheme.kind === "quantize" ? 63 : last;
      const expected = rows.map(([names, entries]) => {
        const tally = new Map(entries.map(([at, n]) => [lowest + Math.floor(at * (highest - lowest)), n]));
        return { keys: names.map((name) => cleanName(name)), ...fromTally(tally), value: 0, names };
      });
      const sum = expected.flatMap(({ count }) => count).reduce((a, b) => a + b, 0);
      const text = expected.map(({ names, bucket, count }) => {
        const printed = names.map((name) => ` "${printKey(name, platform)}"`).join("");
        return `@row${printed}${printDistribution(scheme, bucket, count, platform)}@end\n`;
      });
      const bytes = Buffer.from(begin(3) + text.join("") + done(3, sum), "latin1");
      const { frames, problems } = read(cut(bytes, sizes), { keyTypes: ["string", "string"], scheme });
      assert.deepEqual(problems, []);
      assert.deepEqual(
        frames[0]?.rows,
        expected.map(({ names: _, ...rest }) => rest),
      );
      assert.equal(frames[0].sum, sum);
    }),
    { numRuns: 1000 },
  );
});

test("any cut of a stream with damage in it gives the same frames and problems", () => {
  const damage = [
    "junk\n",
    begin(2, OTHER),
    `${begin(3)}@row "a"\n`,
    done(4, 1),
    "@end\n",
    `${"x".repeat(5000)}\n`,
    "\n",
  ];
  const stream = fc.array(fc.oneof(fc.constantFrom(...damage), fc.constantFrom(good(1), good(2), good(5))), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (parts, sizes) => {
      const bytes = Buffer.from(parts.join(""));
      assert.deepEqual(read(cut(bytes, sizes)), read([bytes]));
    }),
    { numRuns: 500 },
  );
});

describe("a frame is discarded, and the next one delivered, when", () => {
  const FULL = row("a", [5], [1]);
  const HOSTILE: readonly (readonly [name: string, text: string, kind: string])[] = [
    ["its end is missing", begin(1) + FULL, "torn_frame"],
    ["it is cut inside a row", begin(1) + FULL.slice(0, 120) + "\n", "malformed"],
    ["it ends with another tick", begin(1) + FULL + done(2, 1), "torn_frame"],
    ["it ends inside a distribution", begin(1) + FULL.replace("@end\n", "") + done(1, 1), "torn_frame"],
    ["a marker has another nonce", begin(1) + done(1, 0, OTHER) + FULL + done(1, 1), "wrong_nonce"],
    ["a begin inside has another nonce", begin(1) + begin(1, OTHER) + done(1, 1), "wrong_nonce"],
    ["a line has no place in it", begin(1) + "hello\n" + done(1, 0), "malformed"],
    ["a line is empty", begin(1) + "\n" + done(1, 0), "malformed"],
    ["a row has too few keys", begin(1) + FULL.replace(' "a"', "") + done(1, 1), "malformed"],
    ["a row has too many keys", begin(1) + FULL.replace('"a"', '"a" 3') + done(1, 1), "malformed"],
    ["a key has no closing quote", begin(1) + FULL.replace('"a"', '"a') + done(1, 1), "malformed"],
    ["a key ends in a backslash", begin(1) + FULL.replace('"a"', '"a\\') + done(1, 1), "malformed"],
    ["a key has an unknown escape", begin(1) + FULL.replace('"a"', '"\\q"') + done(1, 1), "malformed"],
    ["a key has a raw control byte", begin(1) + FULL.replace('"a"', '"\x01"') + done(1, 1), "malformed"],
    ["a key comes twice", begin(1) + FULL + FULL + done(1, 2), "malformed"],
    ["a row is doubled", begin(1) + FULL.replace(/^ +16 .*\n/m, "$&$&") + done(1, 2), "malformed"],
    ["rows are out of order", begin(1) + FULL.replace(/^( +8 .*\n)( +16 .*\n)/m, "$2$1") + done(1, 1), "malformed"],
    ["a row is cut", begin(1) + FULL.replace(/@@@ 1 *\n/, "@@\n") + done(1, 1), "malformed"],
    ["the header is missing", begin(1) + FULL.replace(/^ +value.*\n/m, "") + done(1, 1), "malformed"],
    ["a label is not the scheme's", begin(1) + FULL.replace("    16 |", "    17 |") + done(1, 1), "unknown_label"],
    ["a count is negative", begin(1) + row("a", [5], [-1]) + done(1, 1), "negative_count"],
    ["a count is too large", begin(1) + row("a", [5], [MAX_COUNT + 1]) + done(1, MAX_COUNT + 1), "count_too_large"],
    ["a count is 2^63", begin(1) + row("a", [5], [2n ** 63n]) + done(1, 1), "count_too_large"],
    ["a line is over 4 kB", begin(1) + `@row "${"x".repeat(4100)}"\n` + done(1, 0), "line_too_long"],
    ["its rows hold more than its events", begin(1) + row("a", [5], [3]) + done(1, 2), "sum_over_events"],
    ["its number of events is missing", begin(1) + `@done ${NONCE} 1 \n`, "malformed"],
    ["its number of events is no number", begin(1) + `@done ${NONCE} 1 1e3\n`, "malformed"],
    ["its tick is no number", `@begin ${NONCE} x 1\n`, "malformed"],
    ["its clock is above 2^63", `@begin ${NONCE} 1 9999999999999999999\n`, "malformed"],
  ];
  for (const [name, text, kind] of HOSTILE) {
    test(name, () => {
      assert.deepEqual(outcome(text + good(5)), { problems: [kind], ticks: [5] });
    });
  }

  test("its tick is repeated or goes back", () => {
    assert.deepEqual(outcome(good(4) + good(4) + good(3) + good(5)), {
      problems: ["tick_not_rising", "tick_not_rising"],
      ticks: [4, 5],
    });
  });

  test("it has more than 100,000 rows", () => {
    const rows = Array.from({ length: 100_001 }, (_, i) => `@row "${i}" 1\n`);
    const options = { scheme: null };
    assert.deepEqual(outcome(begin(1) + rows.join("") + done(1, 100_001), options), {
      problems: ["too_many_rows"],
      ticks: [],
    });
    const fits = begin(1) + rows.slice(1).join("") + done(1, 100_000);
    assert.deepEqual(outcome(fits, options), { problems: [], ticks: [1] });
  });
});

test("a frame that the stream's end cuts anywhere is torn", () => {
  const bytes = Buffer.from(good(1));
  for (let length = begin(1).length; length < bytes.length; length++) {
    const { frames, problems } = read([bytes.subarray(0, length)]);
    assert.deepEqual([frames, problems.map(({ kind }) => kind)], [[], ["torn_frame"]]);
  }
});

test("fewer counts than events are delivered: the difference is what was dropped", () => {
  const { frames, problems } = read([begin(1) + row("a", [5], [3]) + done(1, 10)]);
  assert.deepEqual([frames[0]?.sum, frames[0]?.events, problems], [3, 10, []]);
});

test("what is printed outside frames is ignored and counted, dtrace's final print of everything too", () => {
  const last = `\n  a${" ".repeat(49)}${printDistribution(QUANTIZE, [5], [3])}\n@row "a" 3\n@end\n`;
  const { frames, problems, junkLines } = read([`hello\n${good(1)}${last}${good(2)}`]);
  assert.deepEqual([frames.length, problems, junkLines], [2, [], 10]);
});

test("a forged marker outside frames is reported and changes nothing", () => {
  const { frames, problems } = read([begin(9, OTHER) + good(1) + done(9, 3, OTHER) + good(2)]);
  assert.deepEqual(
    frames.map(({ tick }) => tick),
    [1, 2],
  );
  assert.deepEqual(
    problems.map(({ kind, tick }) => [kind, tick]),
    [
      ["wrong_nonce", undefined],
      ["wrong_nonce", undefined],
    ],
  );
});

test("a process cannot forge a marker by its name", () => {
  const name = `x"\n@end\n@done ${NONCE} 1 0\n@begin ${NONCE} 2 1\n`;
  const { frames, problems } = read([begin(1) + row(name, [5], [1]) + done(1, 1)]);
  assert.deepEqual(problems, []);
  assert.deepEqual(frames[0]?.rows[0]?.keys, [cleanName(name)]);
});

test("names that only cleaning makes equal are added up, or any tenant could spoil a frame", () => {
  const text =
    begin(1) + row("a", [5, 7], [3, 1]) + row("a\x01", [4, 5], [2, 4]) + row("\u202ea", [5], [1]) + done(1, 11);
  const { frames, problems } = read([text]);
  assert.deepEqual(problems, []);
  assert.deepEqual(frames[0]?.rows, [{ keys: ["a"], bucket: [4, 5, 7], count: [2, 8, 1], value: 0 }]);
  const scalars = read([`${begin(1)}@row "a" 3\n@row "a\\001" 4\n${done(1, 7)}`], { scheme: null });
  assert.deepEqual(scalars.frames[0]?.rows, [{ keys: ["a"], bucket: [], count: [], value: 7 }]);
});

describe("a key", () => {
  const KEYS: readonly (readonly [name: string, printed: string, key: string])[] = [
    ["loses Linux's literal end", "bash\\0", "bash"],
    ["is UTF-8", "gr\\303\\266\\303\\237e", "größe"],
    ["may have raw bytes of UTF-8", "gr\u00c3\u00b6", "grö"],
    ["has half a character replaced", "a\\303", "a\ufffd"],
    ["keeps quotes and backslashes", '\\"\\\\', '"\\'],
    ["loses control characters", "a\\n\\t\\033[31m\\177\\302\\233", "a[31m"],
    ["loses bidi and zero-width characters", "a\\342\\200\\256b\\342\\200\\213c\\357\\273\\277", "abc"],
    ["is cut to 128 bytes between characters", `${"x".repeat(127)}\\303\\266`, "x".repeat(127)],
    ["may be empty", "\\0", ""],
  ];
  for (const [name, printed, key] of KEYS) {
    test(name, () => {
      const text = `${begin(1)}@row "${printed}" 1\n${done(1, 1)}`;
      assert.deepEqual(read([Buffer.from(text, "latin1")], { scheme: null }).frames[0]?.rows[0]?.keys, [key]);
    });
  }
});

test("a line of 10 MB is one problem and no memory", () => {
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(64 * 1024, "x");
  const chunks = Array.from({ length: 160 }, () => chunk);
  const { frames, problems } = read([begin(1), ...chunks, "\n", done(1, 0), good(2)]);
  assert.deepEqual([frames.map(({ tick }) => tick), problems.map(({ kind }) => kind)], [[2], ["line_too_long"]]);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 21);
});

test("binary junk gives no frame and no exception", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
      assert.deepEqual(read([begin(1), ...chunks]).frames, []);
    }),
  );
});

test("one changed byte never gives other counts under the same keys", () => {
  const bytes = Buffer.from(begin(1) + row("a", [5, 6], [3, 40]) + row("b", [1], [9]) + done(1, 52));
  const whole = read([bytes]).frames;
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0x20, 0x0a, 0x40, 0x7c, 0x00, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = byte;
      const [frame] = read([damaged]).frames;
      if (frame === undefined || frame.sum !== frame.events) continue;
      assert.deepEqual(
        frame.rows.map(({ bucket, count }) => [bucket, count]),
        whole[0]?.rows.map(({ bucket, count }) => [bucket, count]),
        `byte ${at} as ${byte}`,
      );
    }
  }
});

test("a sample shows the line at fault, printable and short", () => {
  const { problems } = read([`${begin(1)}\x1b[31m${"y".repeat(300)}\n`]);
  assert.equal(problems[0]?.sample, `.[31m${"y".repeat(195)}`);
  assert.equal(problems[0].tick, 1);
});
