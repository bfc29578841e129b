/**
 * capacity.ts: where the answers about capacity are, as JSON for the page and as files for people.
 *
 * A file has the address of the answer that is shown, so that both say the same. Names of parameters are those of the API's document.
 */
import { addressOf, type QueryOf } from "./client.ts";

export type CapacityKind = "growth" | "headroom" | "fit" | "consumers" | "hours" | "neighbours" | "heatmap" | "report";

/** Formats in which every table can be taken away. */
export const FILE_FORMATS = ["json", "csv", "parquet"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export function capacityPath<K extends CapacityKind>(kind: K, query: QueryOf<"GET", `/v1/capacity/${K}`>): string {
  return addressOf("GET", `/v1/capacity/${kind}`, { query });
}

/** Of one instrumentation: its percentiles by month, and their forecasts. */
export function percentilesPath<K extends "months" | "forecast">(
  kind: K,
  instrumentation: string,
  query: QueryOf<"GET", `/v1/instrumentations/{id}/${K}`>,
): string {
  return addressOf("GET", `/v1/instrumentations/{id}/${kind}`, { ids: [instrumentation], query });
}

/** The same answer as a file; as JSON it is the answer itself. */
export function filePath(path: string, format: FileFormat): string {
  if (format === "json") return path;
  return `${path}${path.includes("?") ? "&" : "?"}format=${format}`;
}
