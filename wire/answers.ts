/**
 * answers.ts: what the engine answers, and what the query API answers, as Arrow.
 */
import type { Heatmap, HeatmapColumn } from "../core/api.ts";
import {
  Dictionary,
  Field,
  Float64,
  Int16,
  Int32,
  List,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Uint16,
  Uint32,
  Utf8,
  makeData,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  type Data,
  type DataType,
} from "./arrow.ts";

/**
 * Numeric columns of an engine's answer, by name, each over all record batches.
 *
 * @param bytes ArrowStream without compression, columns of fixed-width numbers
 */
export function numericColumns(bytes: Uint8Array): Readonly<Record<string, ArrayLike<number>>> {
  if (bytes.length === 0) return {};
  const table = tableFromIPC(bytes);
  return Object.fromEntries(
    table.schema.fields.map((field) => [field.name, table.getChild(field.name)?.toArray() as ArrayLike<number>]),
  );
}

/** A heatmap as an Arrow IPC stream: one row a column, the rest as metadata of the schema (core/api.ts names all). */
export function encodeHeatmap(heatmap: Heatmap): Uint8Array {
  const { columns } = heatmap;
  const offsets = new Int32Array(columns.length + 1);
  columns.forEach((column, i) => (offsets[i + 1] = (offsets[i] ?? 0) + column.bucket.length));
  const entries = offsets.at(-1) ?? 0;
  const bucket = new Int16Array(entries);
  const count = new Float64Array(entries);
  columns.forEach((column, i) => {
    bucket.set(column.bucket, offsets[i] ?? 0);
    count.set(column.count, offsets[i] ?? 0);
  });
  const of = (read: (column: HeatmapColumn) => number): number[] => columns.map(read);
  const parts: [string, Data][] = [
    ["ts", fixed(new Uint32(), Uint32Array.from(of((column) => column.ts)))],
    ["reporting", fixed(new Uint16(), Uint16Array.from(of((column) => column.reporting)))],
    ["expected", fixed(new Uint16(), Uint16Array.from(of((column) => column.expected)))],
    ["dropped", fixed(new Float64(), Float64Array.from(of((column) => column.dropped)))],
    ["reason", text(columns.map((column) => column.reason))],
    ["total", nullable(columns.map((column) => column.total))],
    ["p50", nullable(columns.map((column) => column.p50))],
    ["p90", nullable(columns.map((column) => column.p90))],
    ["p99", nullable(columns.map((column) => column.p99))],
    ["p999", nullable(columns.map((column) => column.p999))],
    ["bucket", list(new Int16(), bucket, offsets)],
    ["count", list(new Float64(), count, offsets)],
  ];
  const metadata = Object.entries(heatmap)
    .filter(([name]) => name !== "columns")
    .map(([name, value]): [string, string] => [name, String(value)]);
  const fields = parts.map(([name, data]) => new Field(name, data.type, data.nullCount > 0 || MAY_BE_NULL.has(name)));
  const schema = new Schema(fields, new Map(metadata));
  const children = parts.map(([, data]) => data);
  const struct = makeData({ type: new Struct(schema.fields), length: columns.length, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), "stream");
}

const MAY_BE_NULL: ReadonlySet<string> = new Set(["total", "p50", "p90", "p99", "p999"]);

function fixed(type: DataType, data: ArrayBufferView & ArrayLike<number>): Data {
  return makeData({ type, data, length: data.length, nullCount: 0 } as Parameters<typeof makeData>[0]);
}

function nullable(values: readonly (number | null)[]): Data {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  values.forEach((value, i) => {
    if (value === null) nullCount += 1;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const data = Float64Array.from(values, (value) => value ?? 0);
  return makeData({ type: new Float64(), data, length: values.length, nullCount, nullBitmap });
}

function text(values: readonly string[]): Data {
  const distinct = [...new Set(values)];
  const codes = Int32Array.from(values, (value) => distinct.indexOf(value));
  const dictionary = vectorFromArray(distinct, new Utf8());
  return makeData({
    type: new Dictionary(new Utf8(), new Int32(), 1),
    data: codes,
    length: codes.length,
    nullCount: 0,
    dictionary,
  });
}

function list(type: DataType, data: Int16Array | Float64Array, offsets: Int32Array): Data {
  const child = fixed(type, data);
  const listType = new List(new Field("item", type, false));
  return makeData({ type: listType, valueOffsets: offsets, length: offsets.length - 1, nullCount: 0, child });
}
