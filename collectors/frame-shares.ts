/**
 * frame-shares.ts: the rows of a frame as shares of a window: the first key of a zoned program is the zone.
 */
import type { WindowShare } from "../core/window.ts";
import type { FrameRow } from "./aggregation-frame.ts";

/** One array for all rows without further keys, since there is a row for each zone and tick. */
const NO_KEYS: readonly string[] = [];

/** @param zoned whether the program's first key is the zone; the rows have zone "" otherwise */
export function sharesOf(rows: readonly FrameRow[], zoned: boolean): WindowShare[] {
  return rows.map(({ keys, bucket, count, value }) => ({
    zone: zoned ? (keys[0] ?? "") : "",
    keys: !zoned ? keys : keys.length > 1 ? keys.slice(1) : NO_KEYS,
    bucket,
    count,
    value,
  }));
}
