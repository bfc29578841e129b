/**
 * tenants.ts: accounts. A tenant's id is the `owner_uuid` of its zones, so that rows need no translation and a tenant may be
 * named before or after its first zone is seen.
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  /** 0 or absent while the account lives. */
  readonly deletedMs?: number;
}

export function openTenants(store: StoreClient): ControlTable<TenantRow> {
  return new ControlTable<TenantRow>(
    store,
    "tenants",
    (row) => row.id,
    (row) => ({
      id: String(row["id"]),
      name: String(row["name"]),
      createdMs: Number(row["created_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    (row) => ({ id: row.id, name: row.name, created_ms: row.createdMs, deleted_ms: row.deletedMs ?? 0 }),
  );
}

export function isLiving(row: TenantRow | undefined): row is TenantRow {
  return row !== undefined && (row.deletedMs ?? 0) === 0;
}
