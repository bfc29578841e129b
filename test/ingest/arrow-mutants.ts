/**
 * arrow-mutants.ts: batches, and what damage, chance and malice make of their bytes; the same from the same seed.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Batch } from "../../core/window.ts";
import { encodeBatch } from "../../wire/batch.ts";

export interface Body {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** As its sender declares them. */
  readonly rows: number;
}

/** 22:13:20 UTC */
export const SEC = 1_700_000_000;

export function batchOf(windows: number, entries: number, ts = SEC): Batch {
  const builder = new BatchBuilder();
  const common = { spec: "5f3a", enabling: "e1", host: "cn-01", tick: 7, ts };
  for (let i = 0; i < windows; i++) {
    builder.addWindow({
      ...common,
      zone: `zone-${i % 5}`,
      keys: [`process ${i}`, "é世🙂"],
      bucket: Array.from({ length: entries }, (_, k) => k - 2),
      count: Array.from({ length: entries }, (_, k) => (i + 1) * (k + 1)),
      value: entries === 0 ? -5 : 0,
    });
  }
  const loss = { status: "partial", reason: "", dropped: 3, events: 9, detail: '{"aggregation_drops":3}' } as const;
  builder.addCoverage({ ...common, ...loss, endedMs: ts * 1000, receivedMs: ts * 1000 + 80, elapsedNs: 1e9 });
  return builder.finish();
}

function bodyOf(name: string, batch: Batch): Body {
  return { name, bytes: encodeBatch(batch), rows: batch.rows };
}

/** Valid, and small, so that most of the damage falls on metadata. */
export const BODIES: readonly Body[] = [
  bodyOf("two windows", batchOf(2, 3)),
  bodyOf("a scalar", batchOf(1, 0)),
  bodyOf("forty windows", batchOf(40, 6)),
];

/** A repeatable whole number from 0 up to `below`. */
export function random(seed: number): (below: number) => number {
  const next = seeded(seed);
  return (below) => ((next() * 2 ** 32) % below) | 0;
}

type Damage = (bytes: Buffer, next: (below: number) => number, other: Buffer) => Uint8Array;

const DAMAGES: Readonly<Record<string, Damage>> = {
  "a bit flipped": (bytes, next) => {
    const at = next(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
    return bytes;
  },
  "bytes set": (bytes, next) => {
    for (let i = 0; i <= next(4); i++) bytes[next(bytes.length)] = next(256);
    return bytes;
  },
  "a word set": (bytes, next) => {
    bytes.writeInt32LE(next(3) === 0 ? next(2 ** 31) : next(64) - 16, 4 * next(bytes.length >> 2));
    return bytes;
  },
  "cut short": (bytes, next) => bytes.subarray(0, next(bytes.length)),
  "bytes put in": (bytes, next) => {
    const at = next(bytes.length);
    const more = Buffer.from(Array.from({ length: 1 + next(24) }, () => next(256)));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  "bytes taken out": (bytes, next) => {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(24))]);
  },
  "half of another": (bytes, next, other) =>
    Buffer.concat([bytes.subarray(0, 8 * next(bytes.length >> 3)), other.subarray(8 * next(other.length >> 3))]),
  "a piece of another": (bytes, next, other) => {
    const from = 4 * next(other.length >> 2);
    other.copy(bytes, 4 * next(bytes.length >> 2), from, from + 4 * (1 + next(32)));
    return bytes;
  },
};
const DAMAGE_NAMES = Object.keys(DAMAGES);

/** A mutant of one of BODIES; the sender's declaration stays as it was, and its digest is of what is sent. */
export function mutant(seed: number): Body {
  const next = random(seed);
  const body = BODIES[next(BODIES.length)] as Body;
  const other = BODIES[next(BODIES.length)] as Body;
  const name = DAMAGE_NAMES[next(DAMAGE_NAMES.length)] as string;
  const damage = DAMAGES[name] as Damage;
  const bytes = damage(Buffer.from(body.bytes), next, Buffer.from(other.bytes));
  return { name: `seed ${seed}: ${body.name}, ${name}`, bytes, rows: body.rows };
}

const BOMBS = [0x7fffffff, 0xffffffff, 0x80000000, 0x7ffffff8, 0x40000000, 0x10000, 1, 0];

/** Each word of the metadata, lengths and offsets among them, set to what a length must not be. */
export function* lengthBombs({ name, bytes, rows }: Body): Generator<Body> {
  for (const { from, bodyAt } of messagesOf(bytes)) {
    for (let at = from; at < bodyAt; at += 4) {
      for (const value of BOMBS) {
        const bomb = Buffer.from(bytes);
        if (bomb.readUInt32LE(at) === value) continue;
        bomb.writeUInt32LE(value, at);
        yield { name: `${name}: word ${at} is 0x${value.toString(16)}`, bytes: bomb, rows };
      }
    }
  }
}

/** Where each message begins, and where its body does; the last is the end's marker. */
export function messagesOf(bytes: Uint8Array): { from: number; bodyAt: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { from: number; bodyAt: number }[] = [];
  // A body may hold anything but, in these batches, never the marker at the start of a word of eight.
  for (let at = 0; at < bytes.length; at += 8) {
    if (view.getInt32(at, true) === -1) found.push({ from: at, bodyAt: at + 8 + view.getInt32(at + 4, true) });
  }
  return found;
}

/** Where, in a valid body, the record batch's regions (offset and length of each buffer) are listed: the run that adds up. */
export function regionsAt(bytes: Uint8Array, regions: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const batch = messagesOf(bytes).at(-2) as { from: number; bodyAt: number };
  const long = (at: number): number => Number(view.getBigInt64(at, true));
  for (let at = batch.from + 8; at + 16 * regions <= batch.bodyAt; at += 4) {
    let end = 0;
    let i = 0;
    while (i < regions && long(at + 16 * i) === end) end += long(at + 16 * i++ + 8);
    if (i === regions && end > 0) return at;
  }
  throw new Error("a record batch without its regions");
}
