/**
 * export.ts: any value in a format that other programs read, as a stream.
 *
 * The engine writes the format itself, into a pipe that holds 64 KiB: a slow reader slows the engine down, and nothing piles up in
 * between. Numbers are exact in every format: counts leave as integers of 64 bits.
 */
import type { Readable } from "node:stream";
import { InputError } from "../core/errors.ts";
import type { StoreClient, StoreOptions } from "../store/client.ts";
import { amountSql, type BreakdownRequest } from "./breakdown.ts";
import type { ExpectedHosts } from "./expected.ts";
import {
  breakdownRelation,
  heatmapRelation,
  inertText,
  plainText,
  quantilesRelation,
  seriesRelation,
  windowsRelation,
  type Relation,
  type Text,
} from "./export-sql.ts";
import { notADistribution, readCovered } from "./heatmap.ts";
import { planColumns, planTotal } from "./planner.ts";
import { readQuantiles } from "./quantiles.ts";
import { readLonger, readWatched } from "./series.ts";
import { reading, type Range } from "./sql.ts";
import { keysOf, type View } from "./view.ts";
import { planRows } from "./windows.ts";

export type ExportValue = "windows" | "heatmap" | "series" | "breakdown" | "quantiles";
export type ExportFormat = "csv" | "arrow" | "parquet" | "jsonl";

export interface ExportRequest {
  readonly value: ExportValue;
  readonly format: ExportFormat;
  readonly range: Range;
  readonly columns: number;
  /** Breakdown: a key. Series: a key, or undefined: one series of everything. */
  readonly by: string | undefined;
  /** Breakdown: only buckets that lie in [low, high) as a whole. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly q: readonly number[];
}

interface Format {
  /** ClickHouse's name of it. */
  readonly name: string;
  readonly contentType: string;
  readonly text: Text;
}

export const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  csv: { name: "CSVWithNames", contentType: "text/csv; charset=utf-8", text: inertText },
  arrow: { name: "ArrowStream", contentType: "application/vnd.apache.arrow.stream", text: plainText },
  parquet: { name: "Parquet", contentType: "application/vnd.apache.parquet", text: plainText },
  jsonl: { name: "JSONEachRow", contentType: "application/x-ndjson", text: plainText },
};

/** Starts an export. @returns its bytes; destroying it cancels the query in the engine */
export async function startExport(
  store: StoreClient,
  view: View,
  request: ExportRequest,
  expected: ExpectedHosts,
  nowSec: number,
  signal: AbortSignal,
): Promise<Readable> {
  const { name, text } = FORMATS[request.format];
  const { sql, params } = await relationOf(store, view, request, text, expected, nowSec, signal);
  return store.queryStream(sql, name, params.values, exporting(signal));
}

async function relationOf(
  store: StoreClient,
  view: View,
  request: ExportRequest,
  text: Text,
  expected: ExpectedHosts,
  nowSec: number,
  signal: AbortSignal,
): Promise<Relation> {
  const { range, columns, by, low, high, q } = request;
  switch (request.value) {
    case "windows":
      return windowsRelation(view, await planRows(store, view, range, nowSec, signal), text);
    case "heatmap": {
      if (view.spec.scheme === null) throw notADistribution(view);
      const plan = await planColumns(store, view, range, columns, nowSec, signal);
      const covered = await readCovered(store, view, plan, expected, nowSec, signal);
      return heatmapRelation(view, view.spec.scheme, plan, covered, text);
    }
    case "series": {
      if (by !== undefined) requireKey(view, by);
      const plan = await planColumns(store, view, range, columns, nowSec, signal);
      const watched = await readWatched(store, view, plan, expected, nowSec, signal);
      const longer = await readLonger(store, view, plan, signal);
      return seriesRelation(view, plan, { watched, longer }, by, text);
    }
    case "breakdown": {
      const key = requireKey(view, by);
      const plan = await planTotal(store, view, range, nowSec, signal);
      const values: Pick<BreakdownRequest, "low" | "high"> = { low, high };
      return breakdownRelation(view, plan, key, (params) => amountSql(view.spec.scheme, values, params), text);
    }
    case "quantiles":
      return quantilesRelation(await readQuantiles(store, view, { range, columns, q }, expected, nowSec, signal), text);
  }
}

function requireKey(view: View, by: string | undefined): string {
  const keys = keysOf(view.spec);
  if (by !== undefined && keys.includes(by)) return by;
  const message = `expected one of its keys: ${keys.join(", ")}`;
  throw new InputError("export", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
}

/**
 * A read's limits, but for those on length: an export may take as long as its reader keeps reading, and as many rows. The engine
 * gives up a reader that takes nothing for a minute (store/engine-answer.ts).
 */
function exporting(signal: AbortSignal): StoreOptions {
  const options = reading(signal);
  return {
    ...options,
    settings: {
      ...options.settings,
      max_execution_time: 3600,
      max_result_rows: 0,
      // Percentiles of 4000 columns are text of the statement.
      max_query_size: 1 << 24,
      max_block_size: 8192,
      date_time_output_format: "iso",
      output_format_json_quote_64bit_integers: 0,
      output_format_arrow_compression_method: "none",
      output_format_arrow_string_as_string: 1,
      output_format_arrow_low_cardinality_as_dictionary: 0,
      output_format_parquet_string_as_string: 1,
      // A row group is held whole until it is written.
      output_format_parquet_row_group_size: 65_536,
      output_format_parquet_row_group_size_bytes: 8_000_000,
    },
  };
}
