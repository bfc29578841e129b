/**
 * late.ts: windows that come later than anybody waits for them.
 *
 * For 48 hours after its column a window is accepted. An older one would change what has long been rolled up and shown, so it
 * becomes a gap: its rows are left out, and its coverage row, with the same enabling and tick, says so. The batch is stored all the
 * same, and acknowledged: the stream goes on.
 */
import type { AttributedBatch, CoverageStatus, DictColumn, GapReason } from "../core/window.ts";
import { KIND_WINDOW } from "../core/window.ts";
import { gather } from "./key-cap-columns.ts";

export const LATE_SEC = 48 * 3600;

/** @returns the batch with gaps for what is too late, and how many windows those were */
export function declareLate(batch: AttributedBatch, nowMs: number): { batch: AttributedBatch; lateWindows: number } {
  const boundTs = Math.floor(nowMs / 1000) - LATE_SEC;
  if (batch.ts.every((ts) => ts >= boundTs)) return { batch, lateWindows: 0 };
  const gone = new Set<number>();
  for (let row = 0; row < batch.rows; row++) {
    if (batch.kind[row] === KIND_WINDOW && (batch.ts[row] ?? 0) < boundTs) gone.add(row);
  }
  const rest = gather(batch, gone, new Map());
  const late = [...rest.ts.keys()].filter((row) => {
    const { codes, values } = rest.status;
    return rest.kind[row] !== KIND_WINDOW && (rest.ts[row] ?? 0) < boundTs && values[codes[row] ?? -1] !== GAP;
  });
  return {
    batch: {
      ...rest,
      status: overwritten(rest.status, late, GAP),
      reason: overwritten(rest.reason, late, REASON),
      events: zeroed(rest.events, late),
      dropped: zeroed(rest.dropped, late),
    },
    lateWindows: late.length,
  };
}

const GAP: CoverageStatus = "gap";
const REASON: GapReason = "too_late";

function overwritten({ codes, values }: DictColumn, rows: readonly number[], text: string): DictColumn {
  const known = values.indexOf(text);
  const next = codes.slice();
  for (const row of rows) next[row] = known < 0 ? values.length : known;
  return { codes: next, values: known < 0 ? [...values, text] : values };
}

function zeroed(column: BigUint64Array, rows: readonly number[]): BigUint64Array {
  const next = column.slice();
  for (const row of rows) next[row] = 0n;
  return next;
}
