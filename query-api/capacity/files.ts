/**
 * files.ts: a table as a file: written by the engine, as exports are (query-api/export.ts), from rows that go with the statement.
 *
 * The rows are JSON in hexadecimal digits, so that no name in them can be read as SQL, however long they are.
 */
import type { Readable } from "node:stream";
import type { StoreClient } from "../../store/client.ts";
import { FORMATS, type ExportFormat } from "../export.ts";
import { reading } from "../sql.ts";
import type { CapacityTable, Column } from "./tables.ts";

export function startFile(
  store: StoreClient,
  table: CapacityTable,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<Readable> {
  const options = reading(signal);
  const settings = {
    ...options.settings,
    max_query_size: 1 << 24,
    date_time_output_format: "iso",
    output_format_arrow_compression_method: "none",
    output_format_arrow_string_as_string: 1,
    output_format_parquet_string_as_string: 1,
  };
  return store.queryStream(fileSql(table, format), FORMATS[format].name, {}, { ...options, settings });
}

export function fileSql({ columns, rows }: CapacityTable, format: ExportFormat): string {
  const hex = Buffer.from(JSON.stringify(rows), "utf8").toString("hex");
  const types = columns.map(({ type }) => (type === "text" ? "String" : "Nullable(Float64)")).join(", ");
  const select = columns.map((column, i) => `${cellSql(column, `t.${i + 1}`, format)} AS ${column.name}`);
  return `SELECT ${select.join(", ")} FROM (
    SELECT arrayJoin(JSONExtract(unhex('${hex}'), 'Array(Tuple(${types}))')) AS t)`;
}

function cellSql({ type }: Column, cell: string, format: ExportFormat): string {
  if (type === "text") return FORMATS[format].text(cell);
  if (type === "number") return cell;
  return `toDateTime64(toDateTime(toUInt32(${cell}), 'UTC'), 0, 'UTC')`;
}
