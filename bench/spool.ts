/**
 * bench/spool.ts: what durability costs: the spool with its grouped fdatasync, against plain appends to a file without sync.
 *
 * Rounds alternate on the same disk and with the same bytes; the ratio is taken round by round. Run:
 * node --import tsx bench/spool.ts [directory on the disk to be measured]
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DurableSpool } from "../collectors/spool-durable.ts";
import { nodeSpoolFs } from "../collectors/spool-fs.ts";
import type { CoverageRow } from "../core/window.ts";
import { machine, percentile } from "./machine.ts";

const ROUNDS = 7;
const BATCHES = 1000;
const SIZES = [4 * 1024, 64 * 1024];
/** Appended in one turn, as flushes of several days or a burst of hosts would. */
const BURST = 50;

const base = process.argv[2] ?? tmpdir();
const row: CoverageRow = {
  spec: "0123456789abcdef",
  enabling: "e1",
  host: "cn-01",
  tick: 1,
  ts: 1_700_000_000,
  status: "ok",
  reason: "",
  dropped: 0,
  events: 1,
  endedMs: 0,
  receivedMs: 0,
  elapsedNs: 0,
  detail: "",
};
const coverage = Array.from({ length: 20 }, (_, tick) => ({ ...row, tick }));

async function timed(task: (directory: string) => Promise<void>): Promise<number> {
  const directory = mkdtempSync(join(base, "isotherm-bench-"));
  const start = performance.now();
  await task(directory);
  const seconds = (performance.now() - start) / 1000;
  rmSync(directory, { recursive: true });
  return seconds;
}

async function spooled(directory: string, batches: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  const spool = await DurableSpool.open({
    fs: nodeSpoolFs(directory),
    newStream: () => "bench",
    capacityBytes: 1e12,
    groupMs: 0,
    onReady: () => undefined,
    onLoss: () => undefined,
    onTrouble: (error) => {
      throw error;
    },
  });
  for (let at = 0; at < batches.length; at += BURST) {
    for (const bytes of batches.slice(at, at + BURST)) spool.append(bytes, 1, coverage);
    await spool.flushed();
  }
  await spool.close();
}

async function plain(directory: string, batches: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  const file = await open(join(directory, "plain"), "w");
  for (const bytes of batches) await file.write(bytes);
  await file.close();
}

console.log(machine());
console.log(
  `${BATCHES} batches a round, ${BURST} a group; medians of ${ROUNDS} alternating rounds after one to warm up`,
);
for (const size of SIZES) {
  const batches = Array.from({ length: BATCHES }, () => new Uint8Array(randomBytes(size)));
  const rounds: (readonly [number, number])[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const pair = [await timed((each) => spooled(each, batches)), await timed((each) => plain(each, batches))] as const;
    if (round > 0) rounds.push(pair);
  }
  const rate = (seconds: number): string =>
    `${(BATCHES / seconds).toFixed(0).padStart(6)} appends/s ${((BATCHES * size) / seconds / 1e6).toFixed(0).padStart(5)} MB/s`;
  const median = (of: (pair: readonly [number, number]) => number): number => percentile(rounds.map(of), 0.5);
  console.log(`${size / 1024} KiB  spool, fdatasync a group   ${rate(median(([spool]) => spool))}`);
  console.log(`${size / 1024} KiB  plain appends, no sync     ${rate(median(([, without]) => without))}`);
  console.log(
    `${size / 1024} KiB  ratio of times             ${median(([spool, without]) => spool / without).toFixed(2)}`,
  );
}
