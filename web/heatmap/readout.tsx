/**
 * readout.tsx: one line over the heatmap: the cell under the crosshair, or else the picture as a whole.
 *
 * It has its own place, so it never covers the cell that it speaks of, and a fixed height, so nothing moves.
 */
import type { Heatmap } from "../../core/api.ts";
import { clockText, dateText, durationText, type Zone } from "../clock.ts";
import { formatCount, formatQuantity, formatRange, formatShort } from "../../core/units.ts";
import type { Cell } from "./cell.ts";
import { isMissing } from "./column-window.ts";
import { reasonText } from "./reasons.ts";

export interface PointedCell {
  readonly cell: Cell;
  /** Its column is pointed at, from another panel, and none of its values. */
  readonly columnOnly: boolean;
}

interface Props {
  readonly heatmap: Heatmap | null;
  readonly pointed: PointedCell | null;
  readonly zone: Zone;
  /** What is counted: "operations". */
  readonly noun: string;
}

export function Readout({ heatmap, pointed, zone, noun }: Props) {
  return (
    <p class="readout" data-readout>
      {pointed !== null && heatmap !== null
        ? cellText(pointed, heatmap, zone, noun)
        : heatmap !== null
          ? pictureText(heatmap, noun)
          : ""}
    </p>
  );
}

function cellText({ cell, columnOnly }: PointedCell, heatmap: Heatmap, zone: Zone, noun: string) {
  const { column, stepSec } = cell;
  const time = <time>{timeText(column.ts, stepSec, zone)}</time>;
  if (isMissing(column)) {
    return (
      <>
        {time} <b>no data</b> {missingText(column.reason)}
      </>
    );
  }
  return (
    <>
      {time}{" "}
      {columnOnly ? (
        <>
          <b>{formatCount(column.total ?? 0)}</b> <span class="of">{noun}</span>{" "}
          {column.p99 !== null && <span class="band">p99 {formatQuantity(column.p99, heatmap.unit)}</span>}{" "}
        </>
      ) : (
        <>
          <span class="band">{formatRange(cell.low, cell.high, heatmap.unit)}</span>{" "}
          <b data-count={cell.count}>{formatCount(cell.count)}</b>{" "}
          <span class="of">
            of {formatCount(column.total ?? 0)} {noun}
          </span>{" "}
        </>
      )}
      <span class="hosts">{hostsText(column.reporting, column.expected)}</span>
      {column.dropped > 0 && <span class="lost"> {formatCount(column.dropped)} dropped</span>}
      {column.reason !== "" && <span class="lost"> {reasonText(column.reason)}</span>}
    </>
  );
}

function pictureText(heatmap: Heatmap, noun: string) {
  let dropped = 0;
  let unknown = 0;
  for (const column of heatmap.columns) {
    dropped += column.dropped;
    if (isMissing(column)) unknown += 1;
  }
  const last = heatmap.columns.at(-1);
  return (
    <>
      <b>{formatCount(heatmap.total)}</b> <span class="of">{noun}</span>{" "}
      <span class="hosts">{last === undefined ? "" : hostsText(last.reporting, last.expected)}</span>
      <span class="of"> {formatShort(dropped)} drops</span>
      {unknown > 0 && <span class="lost"> no data for {durationText(unknown * heatmap.stepSec)}</span>}
    </>
  );
}

function timeText(ts: number, stepSec: number, zone: Zone): string {
  if (stepSec === 1) return clockText(ts, zone);
  const date = stepSec >= 3600 ? `${dateText(ts, zone)} ` : "";
  return `${date}${clockText(ts, zone)} – ${clockText(ts + stepSec, zone)}`;
}

export function missingText(reason: string): string {
  return reason === "" ? "nothing reported yet" : reasonText(reason);
}

export function hostsText(reporting: number, expected: number): string {
  return `${reporting} of ${expected} ${expected === 1 ? "host" : "hosts"}`;
}
