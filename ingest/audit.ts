/**
 * audit.ts: is every stored batch there once and whole: an hourly look at what the protocol promises, from the data alone.
 *
 * Each batch has one receipt, which says how many rows it has (audit-receipt.ts). The audit counts the rows and receipts of each
 * (stream, seq) in the days that batches came for since it last looked. It reads a few narrow columns, in parts of about a million
 * batches so that its memory is bounded. A mismatch is a bug or a damaged disk: it is logged and counted, and mends nothing.
 */
import { KIND_RECEIPT } from "../core/window.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import type { StoreClient } from "../store/client.ts";

export interface Mismatch {
  readonly stream: string;
  readonly seq: string;
  readonly rows: number;
  readonly declared: number;
  /** 1 for a batch that was stored once. */
  readonly receipts: number;
}

const HOUR_MS = 3_600_000;
const BATCHES_A_PART = 1_000_000;
const MOST_TOLD = 20;
/** One thread, and time enough: nobody waits for it. */
const SETTINGS = { max_threads: 1, max_execution_time: 600 };

/**
 * Audits the days of batches that came since an instant.
 *
 * @returns what is not as it should be, at most 20 of each part
 */
export async function audit(store: StoreClient, sinceMs: number): Promise<Mismatch[]> {
  const days = await store.query<{ day: string; batches: number }>(
    `SELECT toString(toDate(ts)) AS day, toFloat64(count()) AS batches FROM windows
     WHERE spec = '' AND kind = ${KIND_RECEIPT} AND toDate(ts) IN (
       SELECT toDate(ts) FROM windows WHERE spec = '' AND kind = ${KIND_RECEIPT} AND received_ms >= {since:Int64}
     ) GROUP BY day`,
    { since: Math.floor(sinceMs) },
    { settings: SETTINGS },
  );
  const found: Mismatch[] = [];
  for (const { day, batches } of days) {
    const parts = Math.ceil(batches / BATCHES_A_PART);
    for (let part = 0; part < parts; part++) {
      // One statement sees one state of the table, and a batch is in it whole or not at all.
      const rows = await store.query<Mismatch>(
        `SELECT stream, toString(seq) AS seq, toFloat64(countIf(kind != ${KIND_RECEIPT})) AS rows,
           toFloat64(sumIf(events, kind = ${KIND_RECEIPT})) AS declared,
           toFloat64(countIf(kind = ${KIND_RECEIPT})) AS receipts
         FROM windows
         WHERE ts >= toDateTime({day:String} || ' 00:00:00', 'UTC') AND ts <= toDateTime({day:String} || ' 23:59:59', 'UTC')
           AND cityHash64(stream, seq) % {parts:UInt32} = {part:UInt32}
         GROUP BY stream, seq
         -- No receipt: stored before there were any.
         HAVING receipts > 0 AND (receipts != 1 OR rows != declared)
         LIMIT ${MOST_TOLD}`,
        { day, parts, part },
        { settings: SETTINGS },
      );
      found.push(...rows);
    }
  }
  return found;
}

/** Audits every hour. @returns the end of that */
export function startAudit(options: {
  readonly store: StoreClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly everyMs?: number;
}): () => void {
  const { store, log, metrics, everyMs = HOUR_MS } = options;
  const runs = metrics.counter("ingest_audits_total", "Audits of stored batches, by result.", ["result"]);
  const mismatches = metrics.counter("ingest_audit_mismatches_total", "Batches that are not there once and whole.");
  // Twice the time between two: what came while the last one ran is not missed.
  const look = async (): Promise<void> => {
    try {
      const found = await audit(store, Date.now() - 2 * everyMs);
      mismatches.inc(found.length);
      runs.inc({ result: found.length === 0 ? "exact" : "mismatch" });
      if (found.length > 0) log.error({ found }, "stored batches are not there once and whole");
    } catch (error) {
      runs.inc({ result: "failed" });
      log.warn({ err: error }, "stored batches could not be audited");
    }
  };
  let closed = false;
  let timer: NodeJS.Timeout;
  const again = (): void => {
    timer = setTimeout(() => void look().then(() => (closed ? undefined : again())), everyMs);
    timer.unref();
  };
  again();
  return () => {
    closed = true;
    clearTimeout(timer);
  };
}
