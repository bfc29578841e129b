/**
 * strip.ts: what a strip over time is drawn from: where instants and values lie, the line of values in pieces, the ticks.
 *
 * What nobody watched is a gap with a hatch; where something was watched and there was no value, the line only ends: it is never drawn as zero.
 */
import type { TriedColumn } from "../../core/alerts/api.ts";
import { timeTicks } from "../../core/heatmap/ticks.ts";
import { placeOf, type ValueSpan } from "../../core/heatmap/value-span.ts";
import { clockText, dateText, zoneOffsetSec, type Zone } from "../clock.ts";

export interface Stretch {
  readonly fromTs: number;
  readonly toTs: number;
}

export interface Box {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly height: number;
}

const DAY_SEC = 86_400;
const LABEL_PX = 58;

/** Where an instant lies; outside instants at the ends. */
export function placeX(ts: number, { fromTs, toTs }: Stretch, { left, width }: Box): number {
  const share = (ts - fromTs) / Math.max(1, toTs - fromTs);
  return left + Math.min(1, Math.max(0, share)) * width;
}

export function placeY(value: number, span: ValueSpan, { top, height }: Box): number {
  return top + (1 - Math.min(1, Math.max(0, placeOf(span, value)))) * height;
}

/** The values that a strip shows: all, and the threshold; by decades where they differ by more than one and none is at or below zero. */
export function spanOf(values: readonly number[], threshold: number | null): ValueSpan {
  const all = threshold === null ? values : [...values, threshold];
  const low = Math.min(...all, all.length === 0 ? 0 : Infinity);
  const high = Math.max(...all, all.length === 0 ? 1 : -Infinity);
  if (low > 0 && high / low > 20) return { kind: "log", min: snapDown(low), max: snapUp(high) };
  const min = Math.min(0, low);
  return { kind: "linear", min, max: high > min ? high + (high - min) * 0.08 : min + 1 };
}

/** The line in SVG's words, a piece for each stretch without a gap; a lone column is a dash as wide as itself. */
export function linePath(
  columns: readonly TriedColumn[],
  columnSec: number,
  x: (ts: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let lastTs = -Infinity;
  for (const { fromTs, worst } of columns) {
    if (worst === null) continue;
    const joins = fromTs - lastTs <= columnSec;
    path += `${joins ? "L" : "M"}${at(x(fromTs))} ${at(y(worst))}H${at(x(fromTs + columnSec))}`;
    lastTs = fromTs;
  }
  return path;
}

/** Stretches in which nobody watched: columns that say so, and those that are not there. */
export function gapsOf(columns: readonly TriedColumn[], columnSec: number, whole: Stretch): readonly Stretch[] {
  const gaps: Stretch[] = [];
  let knownTo = whole.fromTs;
  for (const { fromTs, isUnknown } of columns) {
    if (isUnknown) continue;
    if (fromTs > knownTo) gaps.push({ fromTs: knownTo, toTs: fromTs });
    knownTo = Math.max(knownTo, fromTs + columnSec);
  }
  if (knownTo < whole.toTs) gaps.push({ fromTs: knownTo, toTs: whole.toTs });
  // An evaluation covers the time before it: the first column may begin a little later than what was asked.
  return gaps.filter((gap) => gap.toTs - gap.fromTs > columnSec);
}

/** Dates where days lie between the ticks, else the time of day. */
export function ticksOf(
  { fromTs, toTs }: Stretch,
  width: number,
  zone: Zone,
): readonly { ts: number; label: string }[] {
  const ticks = timeTicks(fromTs, toTs, Math.floor(width / LABEL_PX), zoneOffsetSec(fromTs, zone));
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  const label = (ts: number): string => {
    if (step >= DAY_SEC) return dateText(ts, zone).slice(5);
    const time = clockText(ts, zone);
    if (toTs - fromTs > DAY_SEC / 2 && time.startsWith("00:00")) return dateText(ts, zone).slice(5);
    return step % 60 === 0 ? time.slice(0, 5) : time;
  };
  return ticks.map((ts) => ({ ts, label: label(ts) }));
}

/** The column that an instant lies in. */
export function columnAt(columns: readonly TriedColumn[], columnSec: number, ts: number): TriedColumn | undefined {
  return columns.find(({ fromTs }) => ts >= fromTs && ts < fromTs + columnSec);
}

function at(px: number): string {
  return px.toFixed(1);
}

function snapDown(value: number): number {
  return 10 ** Math.floor(Math.log10(value));
}

function snapUp(value: number): number {
  return 10 ** Math.ceil(Math.log10(value));
}
