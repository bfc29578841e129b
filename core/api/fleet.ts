/**
 * fleet.ts: hosts, zones, and how what was measured arrives: for operators.
 */
import type { HostDetail } from "../host-status.ts";

/** GET /v1/hosts answers {hosts: HostInfo[]}, for operators. */
export interface HostInfo extends HostDetail {
  readonly name: string;
  readonly collector: string;
  /** The platform image. */
  readonly platform: string;
  readonly state: "up" | "down" | "removed";
  readonly reason: string;
  /** When it entered this state, and when a collector last spoke of it: epoch ms. */
  readonly sinceMs: number;
  readonly seenMs: number;
  /** Zones that are known there, the global one not counted. */
  readonly zones: number;
}

/** GET /v1/zones answers {zones: ZoneInfo[]}, for operators: every zone that is there now, and where. */
export interface ZoneInfo {
  readonly zone: string;
  readonly alias: string;
  readonly host: string;
  /** As the host reports it: "running". */
  readonly state: string;
  /** The owner's uuid, and its account's name; null where nobody has named it. */
  readonly owner: string;
  readonly ownerName: string | null;
  /** Since when it has been there and this owner's, epoch ms; 0: as long as anybody knows. */
  readonly sinceMs: number;
}

/** GET /v1/fleet: how what was measured arrives, over the last minutes, for operators. */
export interface FleetInfo {
  readonly fromTs: number;
  readonly toTs: number;
  readonly hosts: readonly HostArrivals[];
  readonly streams: readonly StreamInfo[];
}

/** What has come of one host in the range. */
export interface HostArrivals {
  readonly host: string;
  /** Begin of the newest window that was watched; null: none was. */
  readonly newestTs: number | null;
  /** From a window's end by its host's clock to its arrival, of the last minute's the 95th percentile; null: not known. */
  readonly delayMs: number | null;
  /** Windows told of: whole, partial, and gaps. */
  readonly whole: number;
  readonly partial: number;
  readonly gaps: number;
  /** Events known to be lost. */
  readonly dropped: number;
  /** Why windows were missing, the most frequent reason; "" where none were. */
  readonly reason: string;
}

/** One stream of batches, of one run of one collector. */
export interface StreamInfo {
  readonly stream: string;
  readonly seq: number;
  readonly batches: number;
  readonly rows: number;
  /** When ingest took the newest batch, epoch ms. */
  readonly receivedMs: number;
}
