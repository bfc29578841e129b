/**
 * instrumentations.ts: what has been asked to be measured, by whom, and until when.
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface InstrumentationRow {
  readonly id: string;
  /** Digest of the spec: what its rows in `windows` are found by. */
  readonly spec: string;
  readonly metric: string;
  readonly label: string;
  /** JSON form. */
  readonly predicate: unknown;
  readonly decomposition: readonly string[];
  readonly scheme: string | null;
  readonly granularitySec: number;
  readonly retentionSec: number;
  readonly idleMaxSec: number;
  /** OPERATOR or a tenant's id. */
  readonly owner: string;
  readonly standing: boolean;
  readonly createdMs: number;
  /** 0 while it lives. */
  readonly deletedMs: number;
  /** When it ends whoever reads it, epoch ms; 0 or absent: no such limit. */
  readonly expiresMs?: number;
}

export function openInstrumentations(store: StoreClient): ControlTable<InstrumentationRow> {
  return new ControlTable<InstrumentationRow>(store, "instrumentations", (row) => row.id, fromStore, toStore);
}

function fromStore(row: Record<string, unknown>): InstrumentationRow {
  const scheme = row["scheme"];
  return {
    id: String(row["id"]),
    spec: String(row["spec"]),
    metric: String(row["metric"]),
    label: String(row["label"]),
    predicate: JSON.parse(String(row["predicate"])) as unknown,
    decomposition: JSON.parse(String(row["decomposition"])) as string[],
    scheme: typeof scheme === "string" ? scheme : null,
    granularitySec: Number(row["granularity_sec"]),
    retentionSec: Number(row["retention_sec"]),
    idleMaxSec: Number(row["idle_max_sec"]),
    owner: String(row["owner"]),
    standing: Boolean(row["standing"]),
    createdMs: Number(row["created_ms"]),
    deletedMs: Number(row["deleted_ms"]),
    expiresMs: Number(row["expires_ms"]),
  };
}

function toStore(row: InstrumentationRow): Record<string, unknown> {
  return {
    id: row.id,
    spec: row.spec,
    metric: row.metric,
    label: row.label,
    predicate: JSON.stringify(row.predicate),
    decomposition: JSON.stringify(row.decomposition),
    scheme: row.scheme,
    granularity_sec: row.granularitySec,
    retention_sec: row.retentionSec,
    idle_max_sec: row.idleMaxSec,
    owner: row.owner,
    standing: row.standing,
    created_ms: row.createdMs,
    deleted_ms: row.deletedMs,
    expires_ms: row.expiresMs ?? 0,
  };
}
