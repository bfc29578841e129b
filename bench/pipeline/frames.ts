/**
 * frames.ts: what hosts print, made beforehand: a file of frames, and how to read one of it as if it had just been printed.
 *
 * A frame's first and last line name its tick and are made when it is sent; its rows are the same each time. So a few seconds of a
 * few hosts serve for any number of both.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { FrameReader } from "../../collectors/frames.ts";
import { printDistribution, printKey } from "../../collectors/simulator/print-distribution.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import type { Workload } from "../peers/workload.ts";

export const NONCE = "0123456789abcdef0123456789abcdef";

/** The rows of one frame: one host, one metric, one second. */
interface Place {
  readonly from: number;
  readonly bytes: number;
  readonly rows: number;
  readonly buckets: number;
  readonly events: number;
}

export interface FrameFile {
  readonly path: string;
  readonly hosts: number;
  readonly metrics: number;
  /** places[second][host * metrics + metric] */
  readonly places: readonly (readonly Place[])[];
}

/** Prints a workload. The seconds' text follows one another in the file. */
export function printFrames(workload: Workload, path: string): FrameFile {
  const { hosts, zones, metrics } = workload.size;
  const file = openSync(path, "w");
  let from = 0;
  const places = workload.windows.map((second) =>
    Array.from({ length: hosts * metrics }, (_, source): Place => {
      const [host, metric] = [Math.floor(source / metrics), source % metrics];
      let [text, buckets, events] = ["", 0, 0];
      for (let zone = 0; zone < zones; zone++) {
        const i = (host * zones + zone) * metrics + metric;
        const { bucket, count } = second[i] ?? { bucket: [], count: [] };
        buckets += bucket.length;
        for (const n of count) events += n;
        text += `@row "${printKey(workload.series[i]?.zone ?? "")}"${printDistribution(LATENCY_SCHEME, bucket, count)}@end\n`;
      }
      const bytes = writeSync(file, text, null, "latin1");
      from += bytes;
      return { from: from - bytes, bytes, rows: zones, buckets, events };
    }),
  );
  closeSync(file);
  return { path, hosts, metrics, places };
}

/** What frames hold that have been read. */
export interface Sent {
  frames: number;
  bytes: number;
  rows: number;
  buckets: number;
  events: number;
}

/** Some seconds of a file, in memory. */
export class FrameSource {
  readonly #seconds: readonly (readonly Place[])[];
  readonly #text: Buffer;
  readonly #from: number;
  readonly #file: FrameFile;
  readonly sent: Sent = { frames: 0, bytes: 0, rows: 0, buckets: 0, events: 0 };

  constructor(file: FrameFile, fromSecond: number, seconds: number) {
    this.#file = file;
    this.#seconds = file.places.slice(fromSecond, fromSecond + seconds);
    this.#from = this.#seconds[0]?.[0]?.from ?? 0;
    const last = this.#seconds.at(-1)?.at(-1);
    const all = readFileSync(file.path);
    // A copy, so that the rest of the file does not stay in memory.
    this.#text = Buffer.from(all.subarray(this.#from, (last?.from ?? 0) + (last?.bytes ?? 0)));
  }

  /** Pushes the frame of one host and metric; hosts and seconds beyond those of the file begin anew. */
  push(reader: FrameReader, host: number, metric: number, tick: number, wallMs: number): void {
    const second = this.#seconds[tick % this.#seconds.length];
    const place = second?.[(host % this.#file.hosts) * this.#file.metrics + metric];
    if (place === undefined) throw new RangeError(`no frame of host ${host}, metric ${metric}`);
    const { from, bytes, rows, buckets, events } = place;
    const { sent } = this;
    sent.frames += 1;
    sent.bytes += bytes;
    sent.rows += rows;
    sent.buckets += buckets;
    sent.events += events;
    reader.push(Buffer.from(`@begin ${NONCE} ${tick} ${BigInt(Math.round(wallMs)) * 1_000_000n}\n`, "latin1"));
    reader.push(this.#text.subarray(from - this.#from, from - this.#from + bytes));
    reader.push(Buffer.from(`@done ${NONCE} ${tick} ${events}\n`, "latin1"));
  }
}
