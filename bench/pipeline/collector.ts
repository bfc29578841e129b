/**
 * collector.ts: a collector for a bench, from printed text on: frame readers, coverage, batcher, spool and uploader are the real ones;
 * only ssh is left out. One CollectorOrder, then RunOrders until the bench ends.
 */
import { readFileSync } from "node:fs";
import { Coverage } from "../../collectors/coverage.ts";
import { sharesOf } from "../../collectors/frame-shares.ts";
import type { RowSink } from "../../collectors/batcher.ts";
import { FrameReader, type Frame } from "../../collectors/frames.ts";
import { startDelivery, type Delivery } from "../../collectors/spool-delivery.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { silentLog } from "../../server/log.ts";
import { FrameSource, NONCE } from "./frames.ts";
import type { CollectorOrder, RunOrder, RunReport } from "./processes.ts";

process.once("message", (message) => void open(message as CollectorOrder));

interface Meter {
  batches: number;
  batchBytes: number;
  readonly madeMs: Map<number, number>;
  /** Called when a batch has been acknowledged. */
  onAck: () => void;
  ackMs: number[];
}

async function open(order: CollectorOrder): Promise<void> {
  const { name, spoolDirectory, ingestUrl, token, hosts, file } = order;
  const source = new FrameSource(file, order.fromSecond, order.seconds);
  const delivery = await startDelivery({ name, spoolDirectory, ingestUrl, token, log: silentLog(), now: Date.now });
  const meter = metered(delivery);
  const programs = Array.from({ length: hosts }, (_, host) =>
    Array.from({ length: file.metrics }, (_, at) => new Program(order.fromHost + host, at, delivery.batcher)),
  );
  process.on("message", (message) => {
    void runs(message as RunOrder, { programs, source, delivery, meter }).then((report) => process.send?.(report));
  });
  process.once("disconnect", () => void delivery.close(1000).then(() => process.exit(0)));
  process.send?.("ready");
}

/** Notes when batches are made, and when they are acknowledged. */
function metered({ spool }: Delivery): Meter {
  const meter: Meter = { batches: 0, batchBytes: 0, madeMs: new Map(), onAck: () => undefined, ackMs: [] };
  const [append, remove] = [spool.append.bind(spool), spool.remove.bind(spool)];
  spool.append = (bytes, rows, coverage) => {
    const seq = append(bytes, rows, coverage);
    meter.batches += 1;
    meter.batchBytes += bytes.length;
    meter.madeMs.set(seq, performance.now());
    return seq;
  };
  spool.remove = (batch) => {
    remove(batch);
    meter.ackMs.push(performance.now() - (meter.madeMs.get(batch.seq) ?? NaN));
    meter.madeMs.delete(batch.seq);
    meter.onAck();
  };
  return meter;
}

/** CPU seconds of the main thread: what runs beside it (collecting garbage, the disk) is told apart. proc(5): schedstat, in ns. */
function mainThreadSec(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e9;
}

/** The frames of one program, to be read and then, as in life a little later, delivered. */
class Program {
  readonly reader: FrameReader;
  readonly #coverage: Coverage;
  readonly #enabling: string;
  readonly #whole: Frame[] = [];

  constructor(host: number, metric: number, sink: RowSink) {
    const name = `cn-${String(host).padStart(3, "0")}`;
    this.#enabling = `e${host}-${metric}`;
    this.#coverage = new Coverage({ spec: `spec${metric}`, host: name, granularitySec: 1, sink });
    this.reader = new FrameReader({
      nonce: NONCE,
      keyTypes: ["string"],
      scheme: LATENCY_SCHEME,
      onFrame: (frame) => this.#whole.push(frame),
      onProblem: ({ kind, sample }) => {
        throw new Error(`${kind}: ${sample}`);
      },
    });
  }

  deliver(zeroTs: number): void {
    for (const { tick, rows, events } of this.#whole.splice(0)) {
      // The middle of a window decides its column.
      const endedMs = (zeroTs + tick) * 1000 + 500;
      const times = { endedMs, receivedMs: Date.now(), elapsedNs: 1e9 };
      const shares = sharesOf(rows, true);
      const quality = { events, dropped: 0, losses: {} };
      this.#coverage.deliver({ enabling: this.#enabling, tick, ...times, rows: shares, ...quality }, "late_tick");
    }
  }
}

interface Parts {
  /** By host and metric. */
  readonly programs: readonly (readonly Program[])[];
  readonly source: FrameSource;
  readonly delivery: Delivery;
  readonly meter: Meter;
}

/** Batches that may wait before the text of the next second is read: in life ticks come apart. */
const MOST_WAITING = 2;

async function runs({ fromTick, ticks, zeroTs, live }: RunOrder, parts: Parts): Promise<RunReport> {
  const { programs, source, delivery, meter } = parts;
  const before = { ...source.sent, ...meter, cpu: process.cpuUsage() };
  meter.ackMs = [];
  let [parseSec, batchSec] = [0, 0];
  const tell = (host: number, tick: number): void => {
    const from = mainThreadSec();
    const wallMs = (zeroTs + tick) * 1000 + 500;
    programs[host]?.forEach(({ reader }, metric) => source.push(reader, host, metric, tick, wallMs));
    const read = mainThreadSec();
    for (const program of programs[host] ?? []) program.deliver(zeroTs);
    parseSec += read - from;
    batchSec += mainThreadSec() - read;
  };
  for (let tick = fromTick; tick < fromTick + ticks; tick++) {
    for (const host of programs.keys()) {
      if (live) await until((zeroTs + tick + 1 + host / programs.length) * 1000);
      tell(host, tick);
    }
    if (live) continue;
    const read = mainThreadSec();
    delivery.batcher.flush();
    batchSec += mainThreadSec() - read;
    await waiting(delivery, meter, MOST_WAITING);
  }
  delivery.batcher.flush();
  await waiting(delivery, meter, 0);
  const cpu = process.cpuUsage(before.cpu);
  const { sent } = source;
  return {
    sent: {
      frames: sent.frames - before.frames,
      bytes: sent.bytes - before.bytes,
      rows: sent.rows - before.rows,
      buckets: sent.buckets - before.buckets,
      events: sent.events - before.events,
    },
    cpuSec: (cpu.user + cpu.system) / 1e6,
    parseSec,
    batchSec,
    batches: meter.batches - before.batches,
    batchBytes: meter.batchBytes - before.batchBytes,
    ackMs: meter.ackMs,
    lost: meter.madeMs.size,
  };
}

/** Until at most so many batches wait. */
async function waiting({ spool }: Delivery, meter: Meter, most: number): Promise<void> {
  while (spool.length > most) await new Promise<void>((wake) => (meter.onAck = wake));
}

async function until(ms: number): Promise<void> {
  const waitMs = ms - Date.now();
  if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs));
}
