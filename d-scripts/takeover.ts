/**
 * takeover.ts: how a program takes over from one that runs, so that no event is counted twice or not at all.
 *
 * The two overlap, and the boundary is a tick of the old one: it prints its last window there, and the new one counts from there
 * on. D programs cannot speak to each other, but they read the same clock: the new one is told when the old one ticked once
 * (`after`), and as ticks are a whole number of periods apart, it finds the next tick by itself. It leaves itself a second, so
 * that operations which were under way when its probes were attached have mostly ended before it counts.
 *
 * Its own ticks have another phase (profile:::tick begins when it is enabled), so its first window is shorter than the others.
 * A tick within `MIN_WINDOW_NS` after the boundary is skipped: then whoever reads the first frame's time knows which tick of
 * the old one was the boundary, however coarse the clock.
 *
 * What stays inexact is what dtrace itself leaves open: the old one's last tick may come late, and an aggregation is printed as
 * it was at the consumer's last look (aggrate). The reader knows the former, and says so on the window.
 */
import { source, type Expression } from "./ast.ts";

const LEAD_NS = 1_000_000_000;
const MIN_WINDOW_NS = 5_000_000;

/** Statements of BEGIN. @param after when the old program ticked: ns since 1970, by the host's clock */
export function findBoundary(after: bigint, tickSec: number): string[] {
  const period = `${tickSec}000000000`;
  return [`begins = timestamp + ${LEAD_NS} + ${period} - (walltimestamp + ${LEAD_NS} - ${after}) % ${period}`];
}

/** Of clauses that count. */
export function countsFromBoundary(): Expression {
  return source("timestamp >= begins");
}

/** Of the tick. */
export function ticksAfterBoundary(): Expression {
  return source(`timestamp >= begins + ${MIN_WINDOW_NS}`);
}

/**
 * The old program's tick that was the boundary.
 *
 * @param afterMs as above, in ms
 * @param firstMs when the new program's first window ended
 * @returns epoch ms, by the host's clock
 */
export function boundaryBefore(firstMs: number, afterMs: number, tickSec: number): number {
  const periodMs = tickSec * 1000;
  const sinceMs = firstMs - afterMs - MIN_WINDOW_NS / 2e6;
  return afterMs + Math.floor(sinceMs / periodMs) * periodMs;
}
