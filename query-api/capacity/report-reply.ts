/**
 * report-reply.ts: one report in the form that was asked for: JSON, a page to be printed, or its growth as a file; the same whether it was read
 * now or is a copy of one that was sent.
 */
import type { Readable } from "node:stream";
import type { CapacityReport } from "../../core/capacity.ts";
import type { Reply } from "../../server/http.ts";
import type { StoreClient } from "../../store/client.ts";
import { FORMATS, type ExportFormat } from "../export.ts";
import { startFile } from "./files.ts";
import { reportPage, STYLE_SOURCE, type SentReport } from "./report.ts";
import { reportTable, type CapacityTable } from "./tables.ts";

export type ReportFormat = "json" | "html" | ExportFormat;

/** @param sent what the page says of a copy; null: it was read just now */
export async function replyReport(
  reply: Reply,
  store: StoreClient,
  report: CapacityReport,
  format: ReportFormat,
  signal: AbortSignal,
  sent: SentReport | null = null,
): Promise<CapacityReport | Reply> {
  if (format === "json") return report;
  if (format !== "html") return replyFile(reply, store, reportTable(report), format, "report", signal);
  const policy = String(reply.getHeader("content-security-policy") ?? "default-src 'none'");
  return reply
    .header("content-security-policy", `${policy}; ${STYLE_SOURCE}`)
    .type("text/html; charset=utf-8")
    .send(reportPage(report, sent));
}

export async function replyFile(
  reply: Reply,
  store: StoreClient,
  table: CapacityTable,
  format: ExportFormat,
  name: string,
  signal: AbortSignal,
): Promise<Reply> {
  const stream: Readable = await startFile(store, table, format, signal);
  return reply
    .header("cache-control", "no-store")
    .header("content-disposition", `attachment; filename="${name}.${format}"`)
    .type(FORMATS[format].contentType)
    .send(stream);
}
