/**
 * rows.ts: coverage rows for tests of the spool; the tick tells them apart.
 */
import type { CoverageRow } from "../../core/window.ts";

export function coverageRow(tick: number): CoverageRow {
  return {
    spec: "spec",
    enabling: "enabling",
    host: "cn-01",
    tick,
    ts: 1_700_000_000,
    status: "ok",
    reason: "",
    dropped: 0,
    events: 0,
    endedMs: 0,
    receivedMs: 0,
    elapsedNs: 0,
    detail: "",
  };
}
