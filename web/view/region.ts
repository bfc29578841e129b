/**
 * region.ts: a rectangle of the heatmap: a stretch of time and a band of values; and the band that is shown at all.
 */
import type { Instants } from "./range.ts";

/** Values from low to below high in the metric's base unit; null: open. */
export interface Values {
  readonly low: number | null;
  readonly high: number | null;
}

export interface Region extends Instants, Values {}

/** `from,to,low,high`; what is open is empty. */
export function writeRegion({ from, to, low, high }: Region): string {
  return [from, to, low ?? "", high ?? ""].join(",");
}

/** @returns null where the text is no region */
export function readRegion(text: string | null): Region | null {
  const parts = (text ?? "").split(",");
  if (parts.length !== 4) return null;
  const [from, to, low, high] = parts.map((part) => (part === "" ? null : Number(part)));
  if (from === null || to === null || from === undefined || to === undefined || !(from > 0) || !(to > from))
    return null;
  return isBand(low, high) ? { from, to, low: low ?? null, high: high ?? null } : null;
}

/** @returns null where both ends are open, or no numbers */
export function readValues(low: string | null, high: string | null): Values | null {
  const values = { low: low === null ? null : Number(low), high: high === null ? null : Number(high) };
  return (values.low === null && values.high === null) || !isBand(values.low, values.high) ? null : values;
}

function isBand(low: number | null | undefined, high: number | null | undefined): boolean {
  if (Number.isNaN(low) || Number.isNaN(high)) return false;
  return low === null || high === null || low === undefined || high === undefined || low < high;
}
