/**
 * boards.ts: boards as they are stored: a name, whose it is, and its panels as JSON.
 *
 * Panels are opaque here: what one may hold is said once, by the query API, which checks each before it is stored.
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface BoardRow {
  readonly id: string;
  /** OPERATOR or a tenant's id. */
  readonly owner: string;
  readonly name: string;
  /** JSON form. */
  readonly panels: unknown;
  /** The stretch of time that it opens with. */
  readonly rangeSec: number;
  readonly createdMs: number;
  readonly changedMs: number;
  /** 0 while it lives. */
  readonly deletedMs: number;
}

export function openBoards(store: StoreClient): ControlTable<BoardRow> {
  return new ControlTable<BoardRow>(
    store,
    "boards",
    (row) => row.id,
    (row) => ({
      id: String(row["id"]),
      owner: String(row["owner"]),
      name: String(row["name"]),
      panels: JSON.parse(String(row["panels"])) as unknown,
      rangeSec: Number(row["range_sec"]),
      createdMs: Number(row["created_ms"]),
      changedMs: Number(row["changed_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    (row) => ({
      id: row.id,
      owner: row.owner,
      name: row.name,
      panels: JSON.stringify(row.panels),
      range_sec: row.rangeSec,
      created_ms: row.createdMs,
      changed_ms: row.changedMs,
      deleted_ms: row.deletedMs,
    }),
  );
}
