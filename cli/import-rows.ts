/**
 * import-rows.ts: hours of history as one Arrow batch of rows of `windows_1h`, as the roll-up job would have left them.
 */
import { KIND_COVERAGE, KIND_WINDOW, MAX_KEYS } from "../core/window.ts";
import type { CheckedHour, CheckedRow } from "../core/hours.ts";
import {
  Dictionary,
  Field,
  Int16,
  Int32,
  Int64,
  List,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampSecond,
  Uint64,
  Uint8,
  Utf8,
  makeData,
  tableToIPC,
  vectorFromArray,
  type Data,
  type DataType,
} from "../wire/arrow.ts";

/** Hours of one spec. */
export interface SpecHours {
  readonly spec: string;
  readonly granularitySec: number;
  readonly hours: readonly CheckedHour[];
}

/** Whose a host's zone was. */
export type OwnerOf = (host: string, zone: string, ts: number) => string;

/** How many raw rows an hour stands for: what `rollups` says of it, and what its rows add up to. */
export function rawRowsOf({ ticks, rows }: CheckedHour): number {
  let sum = 0;
  for (const each of ticks.values()) sum += each;
  for (const each of rows) sum += each.rows;
  return sum;
}

/** @returns an Arrow IPC stream, and how many rows it has */
export function encodeHours(
  parts: readonly SpecHours[],
  generation: number,
  ownerOf: OwnerOf,
): { bytes: Uint8Array; rows: number } {
  const all: Row[] = [];
  for (const { spec, granularitySec, hours } of parts) {
    for (const hour of hours) {
      for (const [host, ticks] of hour.ticks) {
        if (ticks > 0) all.push(coverageRow(spec, hour, host, ticks, granularitySec));
      }
      for (const row of hour.rows) {
        const tenant = ownerOf(row.host, row.zone, hour.ts);
        all.push({ ...row, kind: KIND_WINDOW, spec, tenant, ts: hour.ts, events: 0, masks: NO_MASKS });
      }
    }
  }
  const n = all.length;
  const texts = new Texts(n);
  const key = (k: number): [string, Data] => [`k${k + 1}`, texts.of(all, ({ keys }) => keys[k] ?? "")];
  const columns: [string, Data][] = [
    [
      "kind",
      fixed(
        new Uint8(),
        Uint8Array.from(all, ({ kind }) => kind),
      ),
    ],
    ["spec", texts.of(all, ({ spec }) => spec)],
    ["generation", fixed(new Uint64(), new BigUint64Array(n).fill(BigInt(generation)))],
    ["host", texts.of(all, ({ host }) => host)],
    [
      "ts",
      fixed(
        new TimestampSecond("UTC"),
        wide(n, (i) => all[i]?.ts ?? 0),
      ),
    ],
    ["tenant", texts.of(all, ({ tenant }) => tenant)],
    ["zone", texts.of(all, ({ zone }) => zone)],
    ...Array.from({ length: MAX_KEYS }, (_, k) => key(k)),
    ["bucket", buckets(all)],
    ["count", counts(all)],
    [
      "value",
      fixed(
        new Int64(),
        BigInt64Array.from(all, ({ value }) => value),
      ),
    ],
    [
      "value_min",
      fixed(
        new Int64(),
        BigInt64Array.from(all, ({ min }) => min),
      ),
    ],
    [
      "value_max",
      fixed(
        new Int64(),
        BigInt64Array.from(all, ({ max }) => max),
      ),
    ],
    [
      "rows",
      fixed(
        new Uint64(),
        wide(n, (i) => all[i]?.rows ?? 0),
      ),
    ],
    [
      "events",
      fixed(
        new Uint64(),
        wide(n, (i) => all[i]?.events ?? 0),
      ),
    ],
    ["masks", masks(all)],
  ];
  const schema = new Schema(columns.map(([name, data]) => new Field(name, data.type, false)));
  const children = columns.map(([, data]) => data);
  const struct = makeData({ type: new Struct(schema.fields), length: n, nullCount: 0, children });
  return { bytes: tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), "stream"), rows: n };
}

const NO_MASKS = new BigUint64Array(0);

interface Row extends CheckedRow {
  readonly kind: number;
  readonly spec: string;
  readonly tenant: string;
  readonly ts: number;
  readonly events: number;
  readonly masks: BigUint64Array;
}

function coverageRow(spec: string, hour: CheckedHour, host: string, ticks: number, granularitySec: number): Row {
  let events = 0;
  for (const row of hour.rows) {
    if (row.host === host) for (const each of row.count) events += each;
  }
  const none = { spec, tenant: "", zone: "", keys: [], value: 0n, min: 0n, max: 0n, bucket: [], count: [] };
  return {
    ...none,
    kind: KIND_COVERAGE,
    host,
    ts: hour.ts,
    rows: ticks,
    events,
    masks: masksOf(ticks, granularitySec),
  };
}

/** Bit s of mask m says that second s of minute m was watched: the first `ticks` granules of the hour. */
export function masksOf(ticks: number, granularitySec: number): BigUint64Array {
  const key = `${ticks} ${granularitySec}`;
  let masks = known.get(key);
  if (masks === undefined) {
    const made = new BigUint64Array(60);
    for (let tick = 0; tick < ticks; tick++) {
      const second = tick * granularitySec;
      const minute = Math.floor(second / 60);
      made[minute] = (made[minute] ?? 0n) | (1n << BigInt(second % 60));
    }
    known.set(key, (masks = made));
  }
  return masks;
}

/** 3600 by granularities at most. */
const known = new Map<string, BigUint64Array>();

class Texts {
  readonly #rows: number;
  #id = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Codes into a list without repeats. */
  of(all: readonly Row[], at: (row: Row) => string): Data {
    const codes = new Int32Array(this.#rows);
    const codeOf = new Map<string, number>();
    all.forEach((row, i) => {
      const value = at(row);
      let code = codeOf.get(value);
      if (code === undefined) codeOf.set(value, (code = codeOf.size));
      codes[i] = code;
    });
    const dictionary = vectorFromArray([...codeOf.keys()], new Utf8());
    const type = new Dictionary(new Utf8(), new Int32(), this.#id++);
    return makeData({ type, data: codes, length: codes.length, nullCount: 0, dictionary });
  }
}

function fixed(type: DataType, data: ArrayBufferView & ArrayLike<unknown>): Data {
  return makeData({ type, data, length: data.length, nullCount: 0 } as Parameters<typeof makeData>[0]);
}

/** Whole numbers from 0 to 2^53 as 64 bits, by words: a bigint for each costs twenty times as much. Little-endian, as Arrow is. */
function wide(size: number, at: (i: number) => number): BigUint64Array {
  const words = new Uint32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const value = at(i);
    words[2 * i] = value % WORD;
    words[2 * i + 1] = Math.floor(value / WORD);
  }
  return new BigUint64Array(words.buffer);
}

const WORD = 2 ** 32;

function buckets(all: readonly Row[]): Data {
  const offsets = offsetsOf(all, ({ bucket }) => bucket.length);
  const data = new Int16Array(offsets.at(-1) ?? 0);
  all.forEach(({ bucket }, i) => data.set(bucket, offsets[i]));
  return lists(new Int16(), offsets, data);
}

function counts(all: readonly Row[]): Data {
  const offsets = offsetsOf(all, ({ count }) => count.length);
  const flat = new Float64Array(offsets.at(-1) ?? 0);
  all.forEach(({ count }, i) => flat.set(count, offsets[i]));
  return lists(
    new Uint64(),
    offsets,
    wide(flat.length, (i) => flat[i] ?? 0),
  );
}

function masks(all: readonly Row[]): Data {
  const offsets = offsetsOf(all, (row) => row.masks.length);
  const data = new BigUint64Array(offsets.at(-1) ?? 0);
  all.forEach((row, i) => data.set(row.masks, offsets[i]));
  return lists(new Uint64(), offsets, data);
}

function offsetsOf(all: readonly Row[], sizeOf: (row: Row) => number): Int32Array {
  const offsets = new Int32Array(all.length + 1);
  all.forEach((row, i) => (offsets[i + 1] = (offsets[i] ?? 0) + sizeOf(row)));
  return offsets;
}

function lists(type: DataType, offsets: Int32Array, data: Int16Array | BigUint64Array): Data {
  const listType = new List(new Field("item", type, false));
  const child = fixed(type, data);
  return makeData({ type: listType, valueOffsets: offsets, length: offsets.length - 1, nullCount: 0, child });
}
