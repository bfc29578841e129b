/**
 * arrow.ts: the door to apache-arrow: a heatmap's stream of record batches as a Heatmap.
 *
 * Counts stay in the buffers that arrived: each column of the picture is a view of its slice, so 100,000 cells cost 600
 * small objects. The other columns are read through typed values, one a row.
 */
import { tableFromIPC, type Data, type Vector } from "apache-arrow";
import type { Heatmap, HeatmapColumn, HeatmapGroup } from "../core/api.ts";

/** @throws Error when the bytes are not an Arrow stream, or are one of another shape */
export function decodeHeatmap(bytes: Uint8Array): Heatmap {
  const table = tableFromIPC(bytes);
  const metadata = table.schema.metadata;
  const text = (name: string): string => {
    const value = metadata.get(name);
    if (value === undefined) throw new Error(`read a heatmap: no ${name} in its metadata`);
    return value;
  };
  const columns: HeatmapColumn[] = [];
  const vector = (name: string): Vector => {
    const child = table.getChild(name);
    if (child === null) throw new Error(`read a heatmap: no column ${name}`);
    return child;
  };
  const numbers = (name: string): (number | null)[] => Array.from(vector(name), toNumber);
  const [ts, reporting, expected, dropped] = ["ts", "reporting", "expected", "dropped"].map(numbers);
  const [total, p50, p90, p99, p999] = ["total", "p50", "p90", "p99", "p999"].map(numbers);
  const reason = vector("reason");
  const bucket = listSlices(vector("bucket"));
  const count = listSlices(vector("count"));
  for (let i = 0; i < table.numRows; i++) {
    columns.push({
      ts: ts?.[i] ?? 0,
      reporting: reporting?.[i] ?? 0,
      expected: expected?.[i] ?? 0,
      dropped: dropped?.[i] ?? 0,
      reason: String(reason.get(i) ?? ""),
      total: total?.[i] ?? null,
      p50: p50?.[i] ?? null,
      p90: p90?.[i] ?? null,
      p99: p99?.[i] ?? null,
      p999: p999?.[i] ?? null,
      bucket: bucket[i] ?? [],
      count: count[i] ?? [],
    });
  }
  const groups = metadata.has("groups") ? decodeGroups(text("groups"), table.numRows, vector) : null;
  return {
    instrumentation: text("instrumentation"),
    metric: text("metric"),
    scheme: text("scheme"),
    unit: text("unit"),
    fromTs: Number(text("fromTs")),
    toTs: Number(text("toTs")),
    stepSec: Number(text("stepSec")),
    tier: text("tier"),
    total: Number(text("total")),
    columns,
    ...(groups === null ? {} : { by: text("by"), groups }),
  };
}

/** The groups' heads are JSON; the cells of the i-th are the lists bucket_i and count_i. */
function decodeGroups(heads: string, rows: number, vector: (name: string) => Vector): HeatmapGroup[] {
  return (JSON.parse(heads) as Omit<HeatmapGroup, "columns">[]).map((head, g) => {
    const bucket = listSlices(vector(`bucket_${g}`));
    const count = listSlices(vector(`count_${g}`));
    return {
      ...head,
      columns: Array.from({ length: rows }, (_, i) => ({ bucket: bucket[i] ?? [], count: count[i] ?? [] })),
    };
  });
}

/** Each row's slice of a list column's values, uncopied. */
function listSlices(vector: Vector): ArrayLike<number>[] {
  const slices: ArrayLike<number>[] = [];
  for (const data of vector.data as readonly Data[]) {
    const offsets = data.valueOffsets as Int32Array;
    const child = data.children[0];
    const values = child?.values as Int16Array | Float64Array | undefined;
    for (let i = 0; i < data.length; i++) slices.push(values?.subarray(offsets[i], offsets[i + 1]) ?? []);
  }
  return slices;
}

function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
