/**
 * hosts.ts: which SmartOS hosts are watched, by which collector, and how they are.
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

/** up: the session stands; down: it does not, and `reason` says why; removed: no collector has it in its configuration. */
export type HostState = "up" | "down" | "removed";

export interface HostRow {
  readonly name: string;
  readonly collector: string;
  readonly platform: string;
  readonly state: HostState;
  readonly reason: string;
  /** When it entered this state, and when it was last reported: epoch ms. */
  readonly sinceMs: number;
  readonly seenMs: number;
  /** HostDetail as JSON, read only when somebody asks; "" where none was reported. */
  readonly detail: string;
}

export function openHosts(store: StoreClient): ControlTable<HostRow> {
  return new ControlTable<HostRow>(
    store,
    "hosts",
    (row) => row.name,
    (row) => ({
      name: String(row["name"]),
      collector: String(row["collector"]),
      platform: String(row["platform"]),
      state: String(row["state"]) as HostState,
      reason: String(row["reason"]),
      sinceMs: Number(row["since_ms"]),
      seenMs: Number(row["seen_ms"]),
      detail: String(row["detail"]),
    }),
    (row) => ({
      name: row.name,
      collector: row.collector,
      platform: row.platform,
      state: row.state,
      reason: row.reason,
      since_ms: row.sinceMs,
      seen_ms: row.seenMs,
      detail: row.detail,
    }),
  );
}
