/**
 * alert-gaps.ts: since when each rule's evaluations lacked something, as it is stored, and which batches came while nobody evaluated.
 *
 * A batch's receipt has the time at which ingest took it (ingest/audit-receipt.ts), in the same insert as its rows: so what came late between
 * one evaluator's last word and the next one's first look is known exactly, whoever was up then.
 */
import { KIND_COVERAGE, KIND_RECEIPT } from "../core/window.ts";
import type { StoreClient, StoreOptions } from "./client.ts";

export interface AlertGapRow {
  readonly rule: string;
  /** Of the first evaluation that lacked something; 0: there is none. */
  readonly fromTs: number;
  /** The rule's own: a rule that was changed since begins anew. */
  readonly changedMs: number;
  /** JSON form: the states before it, by key. */
  readonly states: unknown;
}

/** The row that says when an evaluator was last there. */
const SEEN = "";

/** Stores gaps, and that somebody evaluates at `nowMs`. @param version above all before */
export async function putGaps(
  store: StoreClient,
  rows: readonly AlertGapRow[],
  nowMs: number,
  version: number,
): Promise<void> {
  const seen = { rule: SEEN, fromTs: 0, changedMs: 0, states: [] };
  await store.insertRows(
    "alert_gaps",
    [...rows, seen].map(({ rule, fromTs, changedMs, states }) => ({
      ...{ rule, from_ts: fromTs, changed_ms: changedMs, states: JSON.stringify(states) },
      ...{ seen_ms: nowMs, version },
    })),
  );
}

export interface StoredGaps {
  readonly gaps: readonly AlertGapRow[];
  /** When an evaluator was last there, epoch ms; 0: never. */
  readonly seenMs: number;
  /** The newest version of all: what is written next has to be above it, whatever the clock says. */
  readonly version: number;
}

export async function readGaps(store: StoreClient): Promise<StoredGaps> {
  const rows = await store.query<Record<string, unknown>>("SELECT * FROM alert_gaps FINAL");
  return {
    gaps: rows
      .filter((row) => row["rule"] !== SEEN && Number(row["from_ts"]) > 0)
      .map((row) => ({
        rule: String(row["rule"]),
        fromTs: Number(row["from_ts"]),
        changedMs: Number(row["changed_ms"]),
        states: JSON.parse(String(row["states"])) as unknown,
      })),
    seenMs: rows.reduce((newest, row) => Math.max(newest, Number(row["seen_ms"])), 0),
    version: rows.reduce((newest, row) => Math.max(newest, Number(row["version"])), 0),
  };
}

/** Rows may come so long after their time (docs/delivery.md). */
const LATEST_SEC = 48 * 3600;
/** A batch is of a few minutes at most: its first row's time says how far back to look for the others. */
const BATCH_SEC = 3600;

/**
 * The newest tick, by spec, of the batches that ingest has taken since a time and that were late by then.
 *
 * @param lateSec how long after its time a tick is late
 */
export async function lateSince(
  store: StoreClient,
  specs: readonly string[],
  sinceMs: number,
  lateSec: number,
  options: StoreOptions = {},
): Promise<Map<string, number>> {
  if (specs.length === 0) return new Map();
  const receipts = `FROM windows WHERE spec = '' AND kind = ${KIND_RECEIPT} AND received_ms >= {since:Int64}
    AND ts >= toDateTime({floor:UInt32}, 'UTC') AND toUnixTimestamp(ts) + {late:UInt32} < received_ms / 1000`;
  const floor = Math.max(0, Math.floor(sinceMs / 1000) - LATEST_SEC);
  const params = { since: sinceMs, floor, late: lateSec };
  const [first] = await store.query<{ n: number; oldest: number }>(
    `SELECT toUInt32(count()) AS n, toUInt32(toUnixTimestamp(min(ts))) AS oldest ${receipts}`,
    params,
    options,
  );
  if (first === undefined || first.n === 0) return new Map();
  const rows = await store.query<{ id: string; newest: number }>(
    `SELECT toString(spec) AS id, toUInt32(toUnixTimestamp(max(ts))) AS newest FROM windows
     WHERE spec IN {specs:Array(String)} AND kind = ${KIND_COVERAGE} AND ts >= toDateTime({first:UInt32}, 'UTC')
       AND (stream, seq) IN (SELECT stream, seq ${receipts}) GROUP BY spec`,
    { ...params, specs, first: Math.max(0, first.oldest - BATCH_SEC) },
    options,
  );
  return new Map(rows.map(({ id, newest }) => [id, newest]));
}
