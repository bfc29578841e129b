/**
 * bench/parser.ts: how fast frames are read, held against merely counting the newlines of the same bytes.
 *
 * A figure in MB/s says as much about the machine as about the parser, so each round runs both, one after the other, on the
 * same chunks, and the ratio is taken round by round. Run: node --import tsx bench/parser.ts
 */
import { cpus } from "node:os";

import { seeded } from "../collectors/simulator/random.ts";
import { FrameReader } from "../collectors/frames.ts";
import { printDistribution, printKey } from "../collectors/simulator/print-distribution.ts";
import { LATENCY_SCHEME, formatScheme, type Scheme } from "../core/histogram/scheme.ts";

const NONCE = "0123456789abcdef0123456789abcdef";
const ROUNDS = 31;
const WARM_UP = 8;
const CHUNK = 64 * 1024;
const ROWS = 400;
const FRAMES = 8;

interface Workload {
  readonly name: string;
  readonly scheme: Scheme | null;
  readonly bytes: Buffer;
}

/** Frames of ROWS rows, each with `width` buckets in use around a middle of its own. */
function framed(name: string, scheme: Scheme | null, first: number, width: number): Workload {
  const next = seeded(42);
  let text = "";
  for (let tick = 1; tick <= FRAMES; tick++) {
    let events = 0;
    let rows = "";
    for (let row = 0; row < ROWS; row++) {
      const from = first + Math.floor(next() * 20);
      const bucket = Array.from({ length: width }, (_, i) => from + i);
      const count = bucket.map(() => (next() < 0.3 ? 0 : Math.floor(next() ** 4 * 20_000)));
      const head = `@row "zone-${row % 40}" "${printKey(`process ${row}`)}"`;
      const value = count.reduce((a, b) => a + b, 0);
      events += value;
      rows += scheme === null ? `${head} ${value}\n` : `${head}${printDistribution(scheme, bucket, count)}@end\n`;
    }
    text += `@begin ${NONCE} ${tick} ${1_795_369_111_794_679_708n + BigInt(tick) * 1_000_000_000n}\n${rows}`;
    text += `@done ${NONCE} ${tick} ${events}\n`;
  }
  return { name, scheme, bytes: Buffer.from(text, "latin1") };
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK));
  return chunks;
}

function readFrames(workload: Workload, chunks: readonly Buffer[]): number {
  let frames = 0;
  const reader = new FrameReader({
    nonce: NONCE,
    keyTypes: ["string", "string"],
    scheme: workload.scheme,
    onFrame: () => frames++,
    onProblem: (problem) => {
      throw new Error(`${problem.kind}: ${problem.sample}`);
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  if (frames !== FRAMES) throw new Error(`read ${frames} of ${FRAMES} frames`);
  return frames;
}

function countNewlines(chunks: readonly Buffer[]): number {
  let lines = 0;
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i++) if (chunk[i] === 10) lines++;
  return lines;
}

function findNewlines(chunks: readonly Buffer[]): number {
  let lines = 0;
  for (const chunk of chunks) for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  return lines;
}

function secondsOf(task: () => number): number {
  const start = process.hrtime.bigint();
  task();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function measure(workload: Workload): string {
  const chunks = chunksOf(workload.bytes);
  const tasks = [() => readFrames(workload, chunks), () => countNewlines(chunks), () => findNewlines(chunks)];
  const rounds: number[][] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const seconds = tasks.map(secondsOf);
    if (round >= WARM_UP) rounds.push(seconds);
  }
  const megabytes = workload.bytes.length / 1e6;
  const speed = tasks.map((_, i) =>
    (megabytes / median(rounds.map((round) => round[i] ?? NaN))).toFixed(0).padStart(5),
  );
  const ratio = (i: number): string => median(rounds.map((round) => (round[0] ?? NaN) / (round[i] ?? NaN))).toFixed(2);
  return (
    `${workload.name.padEnd(34)} ${megabytes.toFixed(1).padStart(5)} MB   frames ${speed[0] ?? ""} MB/s   ` +
    `newlines ${speed[1] ?? ""} MB/s (loop), ${speed[2] ?? ""} MB/s (indexOf)   ` +
    `time ratio ${ratio(1)} (loop), ${ratio(2)} (indexOf)`
  );
}

console.log(`${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} logical; node ${process.version}`);
console.log(`${FRAMES} frames of ${ROWS} rows with two string keys, in chunks of ${CHUNK / 1024} kB; one thread;`);
console.log(`medians of ${ROUNDS} interleaved rounds after ${WARM_UP} to warm up\n`);
const workloads = [
  framed(formatScheme(LATENCY_SCHEME), LATENCY_SCHEME, 30, 45),
  framed(`${formatScheme(LATENCY_SCHEME)}, narrow`, LATENCY_SCHEME, 30, 5),
  framed("quantize", { kind: "quantize" }, 10, 12),
  framed("lquantize(0,1000,10)", { kind: "lquantize", base: 0, limit: 1000, step: 10 }, 5, 60),
  framed("scalars", null, 0, 3),
];
for (const workload of workloads) console.log(measure(workload));
