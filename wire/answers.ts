/**
 * answers.ts: what the engine answers, and what the query API answers, as Arrow.
 */
import type { Heatmap, HeatmapColumn, Quantiles, WindowsPage } from "../core/api.ts";
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

/**
 * A heatmap as an Arrow IPC stream: one row a column, the rest as metadata of the schema (core/api.ts names all); what is no
 * word or number there is JSON. Group i has the lists `bucket_i` and `count_i`.
 */
export function encodeHeatmap(heatmap: Heatmap): Uint8Array {
  const { columns, groups = [], ...rest } = heatmap;
  const about = groups.map(({ key, isOther, total }) => ({ key, isOther, total }));
  const parts: Part[] = [
    ...coverageParts(columns),
    ...(["p50", "p90", "p99", "p999"] as const).map((name): Part => [
      name,
      nullable(columns.map((each) => each[name])),
    ]),
    ...cellParts(columns, ""),
    ...groups.flatMap((group, i) => cellParts(group.columns, `_${i}`)),
  ];
  return encodeTable(parts, columns.length, groups.length === 0 ? rest : { ...rest, groups: about });
}

/** Percentiles as an Arrow IPC stream: one row a column, `q_0` that of the first fraction; those of the whole range as metadata. */
export function encodeQuantiles({ columns, ...rest }: Quantiles): Uint8Array {
  const parts: Part[] = [
    ...coverageParts(columns),
    ["mean", nullable(columns.map(({ mean }) => mean))],
    ...rest.q.map((_, i): Part => [`q_${i}`, nullable(columns.map(({ values }) => values[i] ?? null))]),
  ];
  return encodeTable(parts, columns.length, rest);
}

/** Stored rows as an Arrow IPC stream: a column for each key, and `next` and the like as metadata. */
export function encodeWindows({ windows, ...rest }: WindowsPage): Uint8Array {
  const keys = Object.keys(windows[0]?.keys ?? {});
  const parts: Part[] = [
    [
      "ts",
      fixed(
        new Uint32(),
        Uint32Array.from(windows, ({ ts }) => ts),
      ),
    ],
    [
      "durationSec",
      fixed(
        new Uint32(),
        Uint32Array.from(windows, ({ durationSec }) => durationSec),
      ),
    ],
    ...keys.map((key, i): Part => [
      key,
      text(
        windows.map((window) => window.keys[key] ?? ""),
        i + 3,
      ),
    ]),
    ...(["host", "tenant"] as const)
      .filter((name) => windows[0]?.[name] !== undefined)
      .map((name, i): Part => [
        name,
        text(
          windows.map((window) => window[name] ?? ""),
          i + 1,
        ),
      ]),
    ...cellParts(windows, ""),
    ["value", nullable(windows.map(({ value }) => value))],
  ];
  return encodeTable(parts, windows.length, rest);
}

type Part = [name: string, data: Data];

/** The time and the coverage of columns. */
function coverageParts(
  columns: readonly Pick<HeatmapColumn, "ts" | "reporting" | "expected" | "dropped" | "reason" | "total">[],
): Part[] {
  const ts = new Uint32Array(columns.length);
  const reporting = new Uint16Array(columns.length);
  const expected = new Uint16Array(columns.length);
  const dropped = new Float64Array(columns.length);
  // One loop that fills: `from` with a function goes through an iterator, at ten times the cost.
  columns.forEach((column, i) => {
    ts[i] = column.ts;
    reporting[i] = column.reporting;
    expected[i] = column.expected;
    dropped[i] = column.dropped;
  });
  return [
    ["ts", fixed(new Uint32(), ts)],
    ["reporting", fixed(new Uint16(), reporting)],
    ["expected", fixed(new Uint16(), expected)],
    ["dropped", fixed(new Float64(), dropped)],
    [
      "reason",
      text(
        columns.map(({ reason }) => reason),
        1,
      ),
    ],
    ["total", nullable(columns.map(({ total }) => total))],
  ];
}

/** Lists of buckets, counts and, where there are any, weights. */
function cellParts(columns: readonly Pick<HeatmapColumn, "bucket" | "count" | "weight">[], suffix: string): Part[] {
  const offsets = new Int32Array(columns.length + 1);
  columns.forEach((column, i) => (offsets[i + 1] = (offsets[i] ?? 0) + column.bucket.length));
  const entries = offsets.at(-1) ?? 0;
  const bucket = new Int16Array(entries);
  const count = new Float64Array(entries);
  const weighed = columns.some((column) => column.weight !== undefined);
  const weight = new Float64Array(weighed ? entries : 0);
  columns.forEach((column, i) => {
    const from = offsets[i] ?? 0;
    // By hand: columns are short, and `set` has a price of its own.
    for (let entry = 0; entry < column.bucket.length; entry++) {
      bucket[from + entry] = column.bucket[entry] ?? 0;
      count[from + entry] = column.count[entry] ?? 0;
    }
    if (column.weight !== undefined) weight.set(column.weight, from);
  });
  return [
    [`bucket${suffix}`, list(new Int16(), bucket, offsets)],
    [`count${suffix}`, list(new Float64(), count, offsets)],
    ...(weighed ? [[`weight${suffix}`, list(new Float64(), weight, offsets)] as Part] : []),
  ];
}

function encodeTable(parts: readonly Part[], rows: number, metadata: object): Uint8Array {
  const words = Object.entries(metadata).map(([name, value]): [string, string] => [
    name,
    typeof value === "object" && value !== null ? JSON.stringify(value) : String(value),
  ]);
  const fields = parts.map(([name, data]) => new Field(name, data.type, data.nullCount > 0 || isNullable(name)));
  const schema = new Schema(fields, new Map(words));
  const children = parts.map(([, data]) => data);
  const struct = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), "stream");
}

const isNullable = (name: string): boolean => MAY_BE_NULL.has(name) || /^q_\d+$/.test(name);
const MAY_BE_NULL: ReadonlySet<string> = new Set(["total", "mean", "value", "p50", "p90", "p99", "p999"]);

function fixed(type: DataType, data: ArrayBufferView & ArrayLike<number>): Data {
  return makeData({ type, data, length: data.length, nullCount: 0 } as Parameters<typeof makeData>[0]);
}

function nullable(values: readonly (number | null)[]): Data {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  const data = new Float64Array(values.length);
  let nullCount = 0;
  values.forEach((value, i) => {
    if (value === null) {
      nullCount += 1;
      return;
    }
    data[i] = value;
    nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return makeData({ type: new Float64(), data, length: values.length, nullCount, nullBitmap });
}

/** @param id of the dictionary, its own in a table */
function text(values: readonly string[], id: number): Data {
  const distinct = [...new Set(values)];
  const codeOf = new Map(distinct.map((value, code) => [value, code]));
  const codes = new Int32Array(values.length);
  values.forEach((value, i) => (codes[i] = codeOf.get(value) ?? 0));
  const dictionary = vectorFromArray(distinct, new Utf8());
  return makeData({
    type: new Dictionary(new Utf8(), new Int32(), id),
    data: codes,
    length: codes.length,
    nullCount: 0,
    dictionary,
  });
}

function list(type: DataType, data: Int16Array | Float64Array, offsets: Int32Array): Data {
  const child = fixed(type, data);
  const listType = new List(new Field("item", type, false));
  // A copy: apache-arrow joins chunks that are the same memory, and so writes shared offsets once where lists are empty.
  const valueOffsets = offsets.slice();
  return makeData({ type: listType, valueOffsets, length: offsets.length - 1, nullCount: 0, child });
}
