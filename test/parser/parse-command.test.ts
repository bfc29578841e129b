/**
 * `isotherm parse`, the thin part: streams, JSON, the picture, and how failures leave.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import { parseCommand } from "../../cli/parse.ts";
import { printDistribution } from "../../collectors/simulator/print-distribution.ts";
import { capture } from "./captures.ts";

interface Run {
  readonly lines: unknown[];
  readonly stdout: string;
  readonly stderr: string;
  readonly error: unknown;
}

async function run(args: readonly string[], stdin: Iterable<string | Uint8Array> = []): Promise<Run> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const io = { stdin: Readable.from(stdin), stdout, stderr };
  const texts = Promise.all([text(stdout), text(stderr)]);
  let error: unknown;
  await parseCommand(io)
    .exitOverride()
    .parseAsync([...args], { from: "user" })
    .catch((thrown: unknown) => (error = thrown));
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  const lines = out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
  return { lines, stdout: out, stderr: err, error };
}

const FIXTURE = fileURLToPath(new URL("../fixtures/dtrace/50-default-end-print.q.out", import.meta.url));
const ROWS = printDistribution({ kind: "quantize" }, [3], [4]);

test("prints a JSON line for each distribution and scalar, in order", async () => {
  const { lines, error } = await run([FIXTURE]);
  assert.equal(error, undefined);
  assert.equal(lines.length, 8);
  assert.deepEqual(lines.slice(0, 3), [
    { keys: ["a", 1], value: 1 },
    { keys: ["b", 2], value: 2 },
    { keys: [], value: 1 },
  ]);
  assert.deepEqual(lines[5], {
    keys: ["a"],
    scheme: "quantize",
    buckets: [
      [32, 64, 0],
      [64, 128, 1],
      [128, 256, 0],
    ],
  });
});

test("reads standard input without a file, and for -", async () => {
  const bytes = capture("50-default-end-print.q.out");
  const file = await run([FIXTURE]);
  assert.deepEqual((await run([], [bytes])).stdout, file.stdout);
  assert.deepEqual((await run(["-"], [bytes.subarray(0, 77), bytes.subarray(77)])).stdout, file.stdout);
});

test("integers above 2^53 are strings", async () => {
  const { lines } = await run(["-"], [printDistribution({ kind: "quantize" }, [54, 63], [2n ** 53n, 2n ** 60n])]);
  assert.deepEqual((lines[0] as { buckets: unknown[] }).buckets.slice(0, 3), [
    [2 ** 52, 2 ** 53, 0],
    [2 ** 53, String(2n ** 54n), 2 ** 53],
    [String(2n ** 54n), String(2n ** 55n), 0],
  ]);
});

test("keys are inert on a terminal", async () => {
  const { stdout, lines } = await run(["-"], [`@lat "\\033[31m\\302\\233x\\342\\200\\256\\303\\266"${ROWS}`]);
  assert.match(stdout, /^[\x20-\x7e\n\u00f6]*$/);
  assert.deepEqual((lines[0] as { keys: unknown }).keys, ["\x1b[31m\x9bx\u202eö"]);
});

test("what is refused is told on standard error, and the rest printed", async () => {
  const zoomed = ROWS.replace("@".repeat(40), `${"@".repeat(38)}  `);
  const { lines, stderr, error } = await run(["-"], [`${zoomed}\n${ROWS}`]);
  assert.equal(lines.length, 1);
  assert.match(stderr, /^isotherm parse: line 2: refused: printed with -x aggzoom/);
  assert.equal((error as { code?: string }).code, "PARSE_REFUSED");
});

test("a file that cannot be read is an error that names it", async () => {
  const { error } = await run(["no-such-file"]);
  assert.equal((error as { code?: string }).code, "PARSE_FAILED");
  assert.match((error as Error).message, /no-such-file/);
});

test("draws the distributions, one column each", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parse-"));
  try {
    const file = join(folder, "heat.png");
    const one = printDistribution({ kind: "quantize" }, [3, 4], [100, 1]);
    const { stdout, stderr, error } = await run(["--png", file, "-"], [one, "\n", ROWS]);
    assert.equal(error, undefined);
    assert.equal(stdout, "");
    assert.match(stderr, /2 distributions, 2 steps; darkest: 100/);
    const { width, height, data, channels } = decode(await readFile(file));
    assert.deepEqual([width, height, channels], [64, 32, 3]);
    const pixel = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
    assert.deepEqual(pixel(0, 31), [60, 0, 20]);
    assert.deepEqual(pixel(40, 0), [255, 255, 255]);
    assert.notDeepEqual(pixel(0, 0), [255, 255, 255]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("nothing to draw is an error", async () => {
  assert.equal(
    ((await run(["--png", "never-written.png", "-"], ["\n"])).error as { code?: string }).code,
    "PARSE_FAILED",
  );
});

test("waits for a slow reader instead of holding the output", async () => {
  const stdout = new PassThrough({ highWaterMark: 1024 });
  const chunk = Buffer.from(`\n${ROWS}`.repeat(50));
  let taken = 0;
  function* source(): Generator<Uint8Array> {
    for (; taken < 200; taken++) yield chunk;
  }
  const io = { stdin: Readable.from(source()), stdout, stderr: new PassThrough() };
  const done = parseCommand(io).parseAsync(["-"], { from: "user" });
  await once(stdout, "readable");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(taken < 100, `${taken} chunks were read ahead`);
  stdout.resume();
  await done;
  assert.equal(taken, 200);
});
