/**
 * driver.ts: a child process of these tests: a collector's real batcher, spool and uploader, with invented windows in front.
 *
 * DELIVERY_DRIVER holds the order. Each tick one host has one window in a batch of its own, whose rows' counts follow from the
 * tick. On "stop" it goes on sending until the spool is empty, then ends; on "pause" it makes no more windows.
 */
import { readdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { errorChain, errorCode } from "../../core/errors.ts";
import type { WindowRow } from "../../core/window.ts";
import { startDelivery, type Delivery } from "../../collectors/spool-delivery.ts";
import { silentLog } from "../../server/log.ts";
import { note } from "./ledger.ts";
import { beCareless, installExtras } from "./extras.ts";

export interface DriverOrder {
  readonly name: string;
  readonly ingestUrl: string;
  readonly token: string;
  readonly directory: string;
  readonly ledger: string;
  readonly everyMs: number;
  readonly rows: number;
  readonly spoolBytes?: number;
  readonly segmentBytes?: number;
  readonly requestTimeoutMs?: number;
  /** Every so many batches, one that ingest must refuse. */
  readonly poisonEvery?: number;
  /** Seed of repeats and of numbers out of turn; none by default. */
  readonly extras?: number;
  /** A deliberate mistake: one batch in five is taken for acknowledged without being sent. */
  readonly careless?: boolean;
  /** Stop after so many windows. */
  readonly windows?: number;
}

const order = JSON.parse(process.env["DELIVERY_DRIVER"] ?? "") as DriverOrder;
const enabling = randomBytes(8).toString("hex");
let tick = 0;
let ts = Math.floor(Date.now() / 1000);

function windowRows(host: string): { rows: WindowRow[]; sum: number } {
  let sum = 0;
  const rows = Array.from({ length: order.rows }, (_, i): WindowRow => {
    const count = ((tick * 31 + i * 7) % 997) + 1;
    sum += count;
    const keys = [`k${i % 50}`];
    return {
      spec: "delivery",
      enabling,
      host,
      tick,
      ts,
      zone: `z${i % 8}`,
      keys,
      bucket: [i % 90],
      count: [count],
      value: 0,
    };
  });
  return { rows, sum };
}

function emit({ batcher, spool }: Delivery): void {
  tick += 1;
  // Columns go by faster than seconds do: each window has one of its own.
  ts += 1;
  const host = order.name;
  const { rows, sum } = windowRows(host);
  const nowMs = Date.now();
  // Gap rows that wait go first, so that the batch's number is known.
  batcher.flush();
  const seq = spool.nextSeq;
  batcher.add(rows, {
    spec: "delivery",
    enabling,
    host,
    tick,
    ts,
    status: "ok",
    reason: "",
    dropped: 0,
    events: sum,
    endedMs: nowMs,
    receivedMs: nowMs,
    elapsedNs: 1e9,
    detail: "",
  });
  note(order.ledger, { what: "append", seq, host, enabling, tick, ts, rows: order.rows, sum });
  batcher.flush();
  if (order.poisonEvery !== undefined && tick % order.poisonEvery === 0) {
    spool.append(new Uint8Array(randomBytes(200)), 1, []);
  }
}

function sockets(): number {
  return readdirSync("/proc/self/fd").length;
}

installExtras(order.extras, order.ledger);
if (order.careless === true) beCareless();
try {
  const delivery = await startDelivery({
    ...order,
    spoolDirectory: order.directory,
    log: silentLog(),
    lingerMs: 20,
    retryMinMs: 50,
    retryMaxMs: 1_000,
    now: Date.now,
    onStored: (seq) => note(order.ledger, { what: "durable", seq }),
  });
  process.send?.("ready");
  const timer = setInterval(() => {
    if (order.windows === undefined || tick < order.windows) emit(delivery);
  }, order.everyMs);
  const memory = setInterval(() => {
    const { rss } = process.memoryUsage();
    note(order.ledger, { what: "memory", rss, sockets: sockets(), waiting: delivery.spool.length });
  }, 250);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    for (let quiet = 0; quiet < 5;) {
      quiet = delivery.spool.length === 0 ? quiet + 1 : 0;
      await new Promise((wake) => setTimeout(wake, 20));
    }
    clearInterval(memory);
    note(order.ledger, { what: "memory", rss: process.memoryUsage().rss, sockets: sockets(), waiting: 0 });
    await delivery.close(0);
    process.exit(0);
  };
  process.on("message", (message) => {
    if (message === "stop") void stop();
    if (message === "pause") clearInterval(timer);
  });
  process.on("disconnect", () => process.exit(0));
} catch (error) {
  note(order.ledger, { what: "refused", text: `${errorCode(error) ?? ""} ${errorChain(error)}` });
  process.exit(1);
}
