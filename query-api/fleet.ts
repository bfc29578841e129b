/**
 * fleet.ts: how what was measured arrives: by host from coverage, by stream from the receipts of batches.
 *
 * Read for operators only, and of a few minutes: coverage has a row for each host, spec and tick, which is small, and receipts
 * stand first in each part. Rows that came twice do not exist (docs/delivery.md), so counts are plain sums.
 */
import type { FleetInfo, HostArrivals, StreamInfo } from "../core/api.ts";
import { KIND_COVERAGE, KIND_RECEIPT } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { reading } from "./sql.ts";

/** What is added up; streams are listed for longer, so that one that has ended is seen to have. */
const HOSTS_SEC = 300;
const STREAMS_SEC = 3600;

export async function readFleet(store: StoreClient, nowSec: number, signal?: AbortSignal): Promise<FleetInfo> {
  const toTs = Math.ceil(nowSec);
  const fromTs = toTs - HOSTS_SEC;
  const [hosts, streams] = await Promise.all([
    store.query<HostArrivals>(ARRIVALS, { from: fromTs, to: toTs }, reading(signal)),
    store.query<StreamInfo>(RECEIPTS, { from: toTs - STREAMS_SEC }, reading(signal)),
  ]);
  return { fromTs, toTs, hosts, streams };
}

const WATCHED = "status != 'gap'";

/** Of the last minute: what a collector that was away delivers late would tell of its absence rather than of the way. */
const TIMED = `${WATCHED} AND ended_ms > 0 AND received_ms > 0 AND ts >= toDateTime({to:UInt32} - 60, 'UTC')`;

const ARRIVALS = `
  SELECT host,
    if(countIf(${WATCHED}) = 0, NULL, toFloat64(maxIf(toUnixTimestamp(ts), ${WATCHED}))) AS newestTs,
    if(countIf(${TIMED}) = 0, NULL, quantileIf(0.95)(toFloat64(received_ms - ended_ms), ${TIMED})) AS delayMs,
    toFloat64(countIf(status = 'ok')) AS whole,
    toFloat64(countIf(status NOT IN ('ok', 'gap'))) AS partial,
    toFloat64(countIf(status = 'gap')) AS gaps,
    toFloat64(sum(dropped)) AS dropped,
    arrayElement(topKIf(1)(reason, reason != ''), 1) AS reason
  FROM windows
  WHERE kind = ${KIND_COVERAGE} AND tenant = ''
    AND ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')
  GROUP BY host ORDER BY host`;

const RECEIPTS = `
  SELECT stream, toFloat64(max(seq)) AS seq, toFloat64(count()) AS batches, toFloat64(sum(events)) AS rows,
    toFloat64(max(received_ms)) AS receivedMs
  FROM windows
  WHERE spec = '' AND kind = ${KIND_RECEIPT} AND received_ms >= toInt64({from:UInt32}) * 1000
    AND toDate(ts) >= toDate(toDateTime({from:UInt32}, 'UTC')) - 1
  GROUP BY stream ORDER BY receivedMs DESC LIMIT 500`;
