/**
 * expected.ts: which hosts should report to a reader, and when: those on which the reader has a zone.
 */
import type { OwnershipRow } from "../store/ownership.ts";

interface Interval {
  readonly fromMs: number;
  /** Exclusive; Infinity while open. */
  readonly toMs: number;
}

export class ExpectedHosts {
  readonly #intervals: ReadonlyMap<string, readonly Interval[]>;

  /** @param tenant null for operators, whose hosts are all */
  constructor(ownership: readonly OwnershipRow[], tenant: string | null) {
    const byHost = new Map<string, Interval[]>();
    for (const row of ownership) {
      if (tenant !== null && row.owner !== tenant) continue;
      const intervals = byHost.get(row.host) ?? [];
      intervals.push({ fromMs: row.fromMs, toMs: row.toMs === 0 ? Infinity : row.toMs });
      byHost.set(row.host, intervals);
    }
    this.#intervals = new Map([...byHost].map(([host, intervals]) => [host, union(intervals)]));
  }

  /** Hosts expected at any time in the range. */
  within(fromMs: number, toMs: number): string[] {
    return [...this.#intervals].filter(([, intervals]) => overlaps(intervals, fromMs, toMs)).map(([host]) => host);
  }

  /** How many hosts are expected in the range. */
  count(fromMs: number, toMs: number): number {
    let count = 0;
    for (const intervals of this.#intervals.values()) if (overlaps(intervals, fromMs, toMs)) count += 1;
    return count;
  }
}

function overlaps(intervals: readonly Interval[], fromMs: number, toMs: number): boolean {
  return intervals.some((each) => each.fromMs < toMs && fromMs < each.toMs);
}

function union(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of intervals.sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || next.fromMs > last.toMs) merged.push(next);
    else merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, next.toMs) };
  }
  return merged;
}
