/**
 * batch.ts: a batch as Arrow IPC and back.
 *
 * The bytes are built from the batch's own typed arrays (`makeData`), never through Arrow's builders, which cost forty times
 * as much. Column order and types are the contract: ingest refuses a batch whose schema is not exactly this one, and the
 * store's table has the same columns under the same names. Bodies are uncompressed, because apache-arrow for JavaScript has
 * no codec; compression is HTTP's business.
 */
import {
  WIRE_VERSION,
  MAX_KEYS,
  type AttributedBatch,
  type Batch,
  type DictColumn,
  type StoredBatch,
} from "../core/window.ts";
import {
  Data,
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
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  makeData,
  tableFromIPC,
  tableToIPC,
  Vector,
  type DataType,
} from "./arrow.ts";
import { OperationalError } from "../core/errors.ts";

type Text = Dictionary<Utf8, Int32>;

/** Arrow IPC stream of a batch as a collector sends it. */
export function encodeBatch(batch: Batch): Uint8Array<ArrayBuffer> {
  return encode(columnsOf(batch), batch.rows);
}

/** The same with what only ingest knows: each row's tenant and the batch's identity. */
export function encodeStored(batch: AttributedBatch, stream: string, seq: number): Uint8Array {
  const { rows } = batch;
  const streams = { codes: new Int32Array(rows), values: [stream] };
  return encodeStoredRows(batch, streams, new BigUint64Array(rows).fill(BigInt(seq)));
}

/** Rows of several batches: each row's stream and seq beside it. */
export function encodeStoredRows(batch: AttributedBatch, streams: DictColumn, seqs: BigUint64Array): Uint8Array {
  return encode(
    [
      ...columnsOf(batch),
      ["tenant", text(batch.tenant)],
      ["stream", text(streams)],
      ["seq", numbers(new Uint64(), seqs)],
    ],
    batch.rows,
  );
}

/**
 * Reads a batch.
 *
 * @param bytes that the structural verifier has passed: the decoder itself trusts its input
 * @throws OperationalError BATCH_SCHEMA naming the first column that is missing or of another type
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw new OperationalError("BATCH_UNREADABLE", "decode an Arrow batch", { cause });
  }
  const version = table.schema.metadata.get("isotherm.wire");
  if (version !== String(WIRE_VERSION)) {
    throw new OperationalError(
      "BATCH_VERSION",
      `read a batch of wire version ${version ?? "none"}, expected ${WIRE_VERSION}`,
    );
  }
  const read = new Columns(table);
  const entries = read.entries();
  const batch: Batch = {
    rows: table.numRows,
    kind: read.numbers("kind", Uint8Array),
    spec: read.text("spec"),
    enabling: read.text("enabling"),
    host: read.text("host"),
    tick: read.numbers("tick", Uint32Array),
    ts: read.seconds("ts"),
    zone: read.text("zone"),
    keys: KEY_NAMES.map((name) => read.text(name)),
    ...entries,
    value: read.numbers("value", BigInt64Array),
    status: read.text("status"),
    reason: read.text("reason"),
    dropped: read.numbers("dropped", BigUint64Array),
    events: read.numbers("events", BigUint64Array),
    endedMs: read.numbers("ended_ms", BigInt64Array),
    receivedMs: read.numbers("received_ms", BigInt64Array),
    elapsedNs: read.numbers("elapsed_ns", BigUint64Array),
    detail: read.text("detail"),
  };
  return batch;
}

/**
 * Reads what encodeStored wrote, from a peer that is trusted: it is this product's own ingest.
 *
 * @throws OperationalError as decodeBatch
 */
export function decodeStored(bytes: Uint8Array): StoredBatch {
  const batch = decodeBatch(bytes);
  const read = new Columns(tableFromIPC(bytes));
  const stream = read.text("stream").values[0] ?? "";
  const seq = Number(read.numbers("seq", BigUint64Array)[0] ?? 0n);
  return { stream, seq, batch: { ...batch, tenant: read.text("tenant") } };
}

const KEY_NAMES = Array.from({ length: MAX_KEYS }, (_, i) => `k${i + 1}`);

function columnsOf(batch: Batch): [string, Data][] {
  dictionaryId = 0;
  return [
    ["kind", numbers(new Uint8(), batch.kind)],
    ["spec", text(batch.spec)],
    ["enabling", text(batch.enabling)],
    ["host", text(batch.host)],
    ["tick", numbers(new Uint32(), batch.tick)],
    ["ts", numbers(new TimestampSecond("UTC"), widened(batch.ts))],
    ["zone", text(batch.zone)],
    ...KEY_NAMES.map((name, i): [string, Data] => [name, text(batch.keys[i] ?? EMPTY)]),
    ["bucket", list(new Int16(), batch.bucket, batch.offsets)],
    // A copy, because apache-arrow's writer merges neighbouring views of one buffer, and loses bytes when one comes twice.
    ["count", list(new Uint32(), batch.count, batch.offsets.slice())],
    ["value", numbers(new Int64(), batch.value)],
    ["status", text(batch.status)],
    ["reason", text(batch.reason)],
    ["dropped", numbers(new Uint64(), batch.dropped)],
    ["events", numbers(new Uint64(), batch.events)],
    ["ended_ms", numbers(new Int64(), batch.endedMs)],
    ["received_ms", numbers(new Int64(), batch.receivedMs)],
    ["elapsed_ns", numbers(new Uint64(), batch.elapsedNs)],
    ["detail", text(batch.detail)],
  ];
}

const EMPTY: DictColumn = { codes: new Int32Array(0), values: [""] };

function encode(columns: readonly [string, Data][], rows: number): Uint8Array<ArrayBuffer> {
  const schema = new Schema(
    columns.map(([name, data]) => new Field(name, data.type, false)),
    new Map([["isotherm.wire", String(WIRE_VERSION)]]),
  );
  const children = columns.map(([, data]) => data);
  const struct = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), "stream") as Uint8Array<ArrayBuffer>;
}

function numbers(type: DataType, data: ArrayBufferView & ArrayLike<unknown>): Data {
  return makeData({ type, data, length: data.length, nullCount: 0 } as Parameters<typeof makeData>[0]);
}

/** Ids tell the dictionaries of one stream apart; they begin anew with each, so that the same batch is always the same bytes. */
let dictionaryId = 0;

function text(column: DictColumn): Data<Text> {
  const dictionary = new Vector([texts(column.values)]);
  dictionaryId += 1;
  const type = new Dictionary(new Utf8(), new Int32(), dictionaryId);
  return makeData({ type, data: column.codes, length: column.codes.length, nullCount: 0, dictionary });
}

/** Texts as Arrow has them, encoded in one piece: its builder takes ten times as long, and a batch has twenty dictionaries. */
function texts(values: readonly string[]): Data<Utf8> {
  const valueOffsets = new Int32Array(values.length + 1);
  let end = 0;
  for (let i = 0; i < values.length; i++) valueOffsets[i + 1] = end += Buffer.byteLength(values[i] ?? "");
  // In a buffer of its own, since the writer merges neighbouring views of one.
  let data = ENCODER.encode(values.join(""));
  // Halves of a surrogate pair that come to stand side by side would become one character.
  if (data.length !== end) data = Uint8Array.from(values.flatMap((value) => [...ENCODER.encode(value)]));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

const ENCODER = new TextEncoder();

function list(type: DataType, data: Int16Array | Uint32Array, offsets: Int32Array): Data {
  const child = numbers(type, data);
  const listType = new List(new Field("item", type, false));
  return makeData({ type: listType, valueOffsets: offsets, length: offsets.length - 1, nullCount: 0, child });
}

/** Numbers of 32 bits as numbers of 64: word by word, since a bigint for each costs twenty times as much. Little-endian, as Arrow is. */
function widened(values: Uint32Array): BigInt64Array {
  const words = new Uint32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] ?? 0;
  return new BigInt64Array(words.buffer);
}

/** The low words, which is what `Number` and a store into 32 bits make of 64. */
function narrowed(values: BigInt64Array): Uint32Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const low = new Uint32Array(values.length);
  for (let i = 0; i < low.length; i++) low[i] = words[2 * i] ?? 0;
  return low;
}

/** Reads columns of a decoded table by name and exact type. */
class Columns {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
    if (table.batches.length > 1) throw wrong("batch", "one record batch");
  }

  numbers<T extends Values>(name: string, kind: new (length: number) => T): T {
    const data = this.#column(name).data[0];
    if (data === undefined || this.#table.numRows === 0) return new kind(0);
    if (!(data.values instanceof kind) || data.nullCount > 0) throw wrong(name, kind.name);
    return exactly(data.values, this.#table.numRows, name);
  }

  seconds(name: string): Uint32Array {
    return narrowed(this.numbers(name, BigInt64Array));
  }

  text(name: string): DictColumn {
    const column = this.#column(name);
    const data = column.data[0];
    if (data === undefined || this.#table.numRows === 0) return { codes: new Int32Array(0), values: [] };
    if (!(data.type instanceof Dictionary) || !(data.values instanceof Int32Array) || data.nullCount > 0) {
      throw wrong(name, "dictionary-encoded text");
    }
    const values = [...((data.dictionary as Vector<Utf8> | undefined) ?? [])] as string[];
    const codes = exactly(data.values, this.#table.numRows, name);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? -1;
      if (code < 0 || code >= values.length) throw wrong(name, "codes within its dictionary");
    }
    return { codes, values };
  }

  entries(): { offsets: Int32Array; bucket: Int16Array; count: Uint32Array } {
    const bucket = this.#column("bucket").data[0];
    const count = this.#column("count").data[0];
    if (bucket === undefined || count === undefined || this.#table.numRows === 0) {
      return { offsets: new Int32Array(1), bucket: new Int16Array(0), count: new Uint32Array(0) };
    }
    const buckets: unknown = bucket.children[0]?.values;
    const counts: unknown = count.children[0]?.values;
    if (!(buckets instanceof Int16Array)) throw wrong("bucket", "lists of Int16");
    if (!(counts instanceof Uint32Array)) throw wrong("count", "lists of UInt32");
    const offsets = exactly(offsetsOf(bucket), this.#table.numRows + 1, "bucket");
    const others = exactly(offsetsOf(count), this.#table.numRows + 1, "count");
    if (offsets[0] !== 0) throw wrong("bucket", "offsets from 0");
    for (let i = 0; i < offsets.length; i++) {
      if (offsets[i] !== others[i]) throw wrong("count", "as many entries in each row as in bucket");
      if (i > 0 && (offsets[i] ?? 0) < (offsets[i - 1] ?? 0)) throw wrong("bucket", "rising offsets");
    }
    const entries = offsets.at(-1) ?? 0;
    return { offsets, bucket: exactly(buckets, entries, "bucket"), count: exactly(counts, entries, "count") };
  }

  #column(name: string): Vector {
    const column = this.#table.getChild(name);
    if (column === null) throw wrong(name, "a column of this name");
    return column;
  }
}

/** A list column's offsets; apache-arrow gives them no type when the column's own is not known. */
function offsetsOf(list: { readonly valueOffsets: unknown }): Int32Array {
  const offsets = list.valueOffsets;
  if (!(offsets instanceof Int32Array)) throw wrong("bucket", "lists");
  return offsets;
}

type Values = Uint8Array | Int16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Decoded buffers are padded to eight bytes: the part that is data. */
function exactly<T extends Values>(values: T, length: number, column: string): T {
  if (values.length < length) throw wrong(column, `${length} entries`);
  return values.subarray(0, length) as T;
}

function wrong(column: string, expected: string): OperationalError {
  return new OperationalError("BATCH_SCHEMA", `read column ${column} of a batch: expected ${expected}`);
}
