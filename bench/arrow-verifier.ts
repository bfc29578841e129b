/**
 * bench/arrow-verifier.ts: what verifying a batch costs, held against the decode that follows it and the digest before it.
 *
 * Each round runs all three on the same bytes, one after the other. "hostile" is the slowest body there is to verify: as many
 * texts as may be, each another. Run: node --import tsx bench/arrow-verifier.ts
 */
import { createHash } from "node:crypto";
import { BatchBuilder } from "../core/batch-builder.ts";
import { verifyBatch } from "../ingest/arrow-verifier.ts";
import { decodeBatch, encodeBatch } from "../wire/batch.ts";
import { machine, percentile } from "./machine.ts";

const ROUNDS = 41;
const WARM_UP = 10;
const SEC = 1_700_000_000;

function body(rows: number, entries: number, unlike: boolean): { bytes: Uint8Array; rows: number } {
  const builder = new BatchBuilder();
  const bucket = Array.from({ length: entries }, (_, i) => i);
  for (let i = 0; i < rows; i++) {
    const name = (few: number): string => String(unlike ? i : i % few);
    builder.addWindow({
      spec: name(8),
      enabling: name(8),
      host: name(20),
      tick: i,
      ts: SEC + (i % 60),
      zone: name(40),
      keys: unlike ? Array.from({ length: 6 }, () => name(1)) : [name(300), name(12)],
      bucket,
      count: bucket.map((at) => at + i),
      value: 0,
    });
  }
  return { bytes: encodeBatch(builder.finish()), rows };
}

const BODIES = {
  "a tick of 40 rows": body(40, 12, false),
  "10,000 rows, 120,000 entries": body(10_000, 12, false),
  "9,999 rows, hostile": body(9_999, 0, true),
};

console.log(machine());
for (const [name, { bytes, rows }] of Object.entries(BODIES)) {
  const ms = { digest: [] as number[], verify: [] as number[], decode: [] as number[] };
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const at = [performance.now()];
    createHash("sha256").update(bytes).digest();
    at.push(performance.now());
    verifyBatch(bytes, rows);
    at.push(performance.now());
    decodeBatch(bytes);
    at.push(performance.now());
    const [start = 0, digested = 0, verified = 0, decoded = 0] = at;
    if (round < WARM_UP) continue;
    ms.digest.push(digested - start);
    ms.verify.push(verified - digested);
    ms.decode.push(decoded - verified);
  }
  const mb = bytes.length / 1e6;
  const cost = Object.entries(ms).map(([step, each]) => {
    const median = percentile(each, 0.5);
    return `${step} ${median.toFixed(3)} ms (${(mb / (median / 1000)).toFixed(0)} MB/s)`;
  });
  console.log(
    `${name}, ${mb.toFixed(2)} MB: ${cost.join(", ")}; slowest verify ${Math.max(...ms.verify).toFixed(2)} ms`,
  );
}
