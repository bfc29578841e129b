/**
 * ticks.ts: where the axes have ticks, and which of them are labelled.
 *
 * Logarithmic: labels at decades and unlabelled ticks at 2 and 5 between them; with fewer than three decades in sight the 2
 * and the 5 are labelled too. Sizes count in powers of two. Time: the smallest round step that leaves room for its labels,
 * aligned to the clock of the zone that is shown.
 */
import { formatTick, unitKind } from "../units.ts";
import type { ValueSpan } from "./value-span.ts";

export interface ValueTick {
  readonly value: number;
  /** "" for a minor tick. */
  readonly label: string;
}

/** Ticks from low to high. @param room the most labels that fit */
export function valueTicks(span: ValueSpan, unit: string, room: number): ValueTick[] {
  if (span.kind === "linear") return linearTicks(span, unit, room);
  return unitKind(unit) === "size" ? binaryTicks(span, unit, room) : decadeTicks(span, unit, room);
}

/**
 * Instants from `fromTs` to `toTs` at a round step, at most `room` of them.
 *
 * @param offset what the shown clock is ahead of UTC, seconds
 */
export function timeTicks(fromTs: number, toTs: number, room: number, offset: number): number[] {
  const needed = (toTs - fromTs) / Math.max(1, room);
  const step = TIME_STEPS.find((each) => each >= needed) ?? Math.ceil(needed / 86_400) * 86_400;
  const ticks: number[] = [];
  for (let ts = Math.ceil((fromTs + offset) / step) * step - offset; ts <= toTs; ts += step) ticks.push(ts);
  return ticks;
}

const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

function decadeTicks(span: ValueSpan, unit: string, room: number): ValueTick[] {
  const first = Math.floor(Math.log10(span.min) + 1e-9);
  const last = Math.ceil(Math.log10(span.max) - 1e-9);
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, room)));
  const all = last - first < 3 && room >= 6;
  const ticks: ValueTick[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** exponent;
      if (value < span.min * (1 - 1e-9) || value > span.max * (1 + 1e-9)) continue;
      const labelled = all || (step === 1 && (exponent - first) % every === 0);
      ticks.push({ value, label: labelled ? formatTick(value, unit) : "" });
    }
  }
  return ticks;
}

function binaryTicks(span: ValueSpan, unit: string, room: number): ValueTick[] {
  const first = Math.ceil(Math.log2(span.min) - 1e-9);
  const last = Math.floor(Math.log2(span.max) + 1e-9);
  const every = [1, 2, 5, 10].find((step) => (last - first) / step <= room) ?? 20;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
    const value = 2 ** (first + i);
    return { value, label: (first + i) % every === 0 ? formatTick(value, unit) : "" };
  });
}

function linearTicks(span: ValueSpan, unit: string, room: number): ValueTick[] {
  const needed = (span.max - span.min) / Math.max(1, room);
  const power = 10 ** Math.floor(Math.log10(needed));
  const step = ([1, 2, 5, 10].find((each) => each * power >= needed * (1 - 1e-9)) ?? 10) * power;
  const ticks: ValueTick[] = [];
  for (let i = Math.ceil(span.min / step - 1e-9); i * step <= span.max * (1 + 1e-9); i++) {
    ticks.push({ value: i * step, label: formatTick(i * step, unit) });
  }
  return ticks;
}
