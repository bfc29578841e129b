/**
 * arrow-oracle.ts: what must be true of any body whatever: refused by one of our errors, or decoded into a whole batch.
 *
 * It knows nothing of how the verifier works; what it says of a batch is what the store and the queries after it rely on.
 */
import { deepEqual } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { OperationalError, errorChain } from "../../core/errors.ts";
import type { Batch, DictColumn } from "../../core/window.ts";
import { decodeBatch } from "../../wire/batch.ts";
import type { Body } from "./arrow-mutants.ts";

export type Verify = (bytes: Uint8Array, rows: number) => void;

const CODES = ["BATCH_UNREADABLE", "BATCH_SCHEMA", "BATCH_VERSION", "BATCH_ROWS", "BATCH_DAYS"];
const LIMIT_MS = 50;

/** @returns what is wrong with how a body was dealt with, or "refused", or the batch that it held */
export function judge(verify: Verify, body: Body): { wrong: string } | { refused: string } | { batch: Batch } {
  const refusal = errorOf(() => verify(body.bytes, body.rows));
  if (refusal !== undefined)
    return isOurs(refusal) ? { refused: refusal.code } : { wrong: `threw ${errorChain(refusal)}` };
  let batch: Batch | undefined;
  const error = errorOf(() => (batch = decodeBatch(body.bytes)));
  if (batch === undefined) {
    // The one thing that the verifier leaves to the decoder.
    if (isOurs(error) && /codes within its dictionary$/.test(error.message)) return { refused: error.code };
    return { wrong: `passed, and then could not be decoded: ${errorChain(error)}` };
  }
  const fault = faultOf(batch, body.rows);
  return fault === undefined ? { batch } : { wrong: fault };
}

/** The same with a stopwatch; a pause of the machine does not come twice at the same mutant, a hang does. */
export function judgeInTime(verify: Verify, body: Body): ReturnType<typeof judge> {
  let ms = Infinity;
  let verdict: ReturnType<typeof judge> = { wrong: "" };
  for (let turn = 0; turn < 4 && ms > LIMIT_MS; turn++) {
    const start = performance.now();
    verdict = judge(verify, body);
    ms = Math.min(ms, performance.now() - start);
  }
  return ms > LIMIT_MS ? { wrong: `took ${ms.toFixed(0)} ms` } : verdict;
}

export function assertSound(verify: Verify, body: Body): ReturnType<typeof judge> {
  const verdict = judgeInTime(verify, body);
  deepEqual("wrong" in verdict ? verdict.wrong : "", "", body.name);
  return verdict;
}

/** @returns what a batch lacks to be whole */
function faultOf(batch: Batch, rows: number): string | undefined {
  if (batch.rows !== rows) return `${batch.rows} rows, declared ${rows}`;
  const texts: DictColumn[] = [batch.spec, batch.enabling, batch.host, batch.zone, ...batch.keys];
  texts.push(batch.status, batch.reason, batch.detail);
  const { kind, tick, ts, value, dropped, events, endedMs, receivedMs, elapsedNs, offsets, bucket, count } = batch;
  const columns = [
    kind,
    tick,
    ts,
    value,
    dropped,
    events,
    endedMs,
    receivedMs,
    elapsedNs,
    ...texts.map((t) => t.codes),
  ];
  if (columns.some((column) => column.length !== rows)) return "columns of different lengths";
  if (texts.some(({ codes, values }) => codes.some((code) => values[code] === undefined))) return "codes without texts";
  if (texts.some(({ values }) => new Set(values).size < values.length)) return "a text twice";
  if (texts.some(({ values }) => values.some((text) => Buffer.byteLength(text) > 3 * 4096))) return "endless texts";
  if (offsets.length !== rows + 1 || offsets[0] !== 0) return "offsets that do not begin";
  if (offsets.some((at, i) => i > 0 && at < (offsets[i - 1] ?? 0))) return "falling offsets";
  if (bucket.length !== offsets[rows] || count.length !== bucket.length) return "buckets without counts";
  if (kind.some((each) => each > 1)) return "rows of no kind";
  if (new Set(Array.from(ts, (each) => Math.floor(each / 86_400))).size > 1) return "rows of two days";
  return undefined;
}

/** Are two batches the same, value for value. */
export function sameContent(one: Batch, other: Batch): boolean {
  return isDeepStrictEqual(one, other);
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isOurs(error: unknown): error is OperationalError {
  return error instanceof OperationalError && CODES.includes(error.code);
}
