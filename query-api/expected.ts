/**
 * expected.ts: which hosts should report to a reader, and when: those on which a tenant has a zone, and all of them to operators.
 */
import { createHash } from "node:crypto";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import type { Ownership, OwnershipRow } from "../store/ownership.ts";

interface Interval {
  readonly fromMs: number;
  /** Exclusive; Infinity while open. */
  readonly toMs: number;
}

/** Where coverage counts for a reader: hosts expected all the time, and others with the time in which they are, epoch ms. */
export interface Presence {
  readonly always: readonly string[];
  readonly partly: readonly { readonly host: string; readonly fromMs: number; readonly toMs: number }[];
}

export class ExpectedHosts {
  readonly #intervals: ReadonlyMap<string, readonly Interval[]>;
  readonly #digests = new Map<string, string>();

  /**
   * @param ownership of every zone whose host is expected: a tenant's, or all
   * @param tenant null: everybody's
   * @param known hosts that are expected whether they have zones or not
   */
  constructor(ownership: readonly OwnershipRow[], tenant: string | null, known: readonly KnownHost[] = []) {
    const byHost = new Map<string, Interval[]>();
    for (const row of ownership) {
      if (tenant !== null && row.owner !== tenant) continue;
      // A clock that went back may have closed an interval before it began.
      if (row.toMs !== 0 && row.toMs <= row.fromMs) continue;
      const intervals = byHost.get(row.host) ?? [];
      intervals.push({ fromMs: row.fromMs, toMs: row.toMs === 0 ? Infinity : row.toMs });
      byHost.set(row.host, intervals);
    }
    const intervals = new Map([...byHost].map(([host, each]): [string, readonly Interval[]] => [host, union(each)]));
    for (const { host, toMs } of known) intervals.set(host, [{ fromMs: 0, toMs }]);
    this.#intervals = intervals;
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

  /** The same with the times: a host that a tenant has left proves nothing to it any more. */
  presence(fromMs: number, toMs: number): Presence {
    const always: string[] = [];
    const partly: { host: string; fromMs: number; toMs: number }[] = [];
    for (const [host, intervals] of this.#intervals) {
      if (intervals.some((each) => each.fromMs <= fromMs && toMs <= each.toMs)) always.push(host);
      else {
        for (const each of intervals.filter((one) => overlaps([one], fromMs, toMs))) partly.push({ host, ...each });
      }
    }
    return { always, partly };
  }

  /** How many hosts are expected in each of `columns` columns from `fromTs` on, epoch seconds. */
  counts(fromTs: number, stepSec: number, columns: number): Uint32Array {
    const counts = new Uint32Array(columns);
    const endMs = (fromTs + columns * stepSec) * 1000;
    let always = 0;
    for (const intervals of this.#intervals.values()) {
      if (intervals.some((each) => each.fromMs <= fromTs * 1000 && endMs <= each.toMs)) {
        always += 1;
        continue;
      }
      // Few hosts come or go within a range.
      if (!overlaps(intervals, fromTs * 1000, endMs)) continue;
      for (let i = 0; i < columns; i++) {
        const beginMs = (fromTs + i * stepSec) * 1000;
        if (overlaps(intervals, beginMs, beginMs + stepSec * 1000)) counts[i] = (counts[i] ?? 0) + 1;
      }
    }
    return counts.map((each) => each + always);
  }

  /** Of two ranges, or of one at two times, equal only if the same hosts are expected in it at the same times. */
  digest(fromMs: number, toMs: number): string {
    const range = `${fromMs} ${toMs}`;
    let digest = this.#digests.get(range);
    if (digest === undefined) {
      const { always, partly } = this.presence(fromMs, toMs);
      const times = partly.map(({ host, ...each }) => [host, each.fromMs, each.toMs]);
      digest = createHash("sha256")
        .update(JSON.stringify([always, times]))
        .digest("base64");
      if (this.#digests.size >= MAX_DIGESTS) this.#digests.clear();
      this.#digests.set(range, digest);
    }
    return digest;
  }
}

/** Hours that readers look at. */
const MAX_DIGESTS = 2000;

interface KnownHost {
  readonly host: string;
  /** Until when it is expected; Infinity: it still is. */
  readonly toMs: number;
}

/** Expected hosts by reader, made again only when what they come from has changed. */
export class Expectations {
  readonly #ownership: Pick<Ownership, "all" | "revision">;
  readonly #hosts: Pick<ControlTable<HostRow>, "all" | "revision">;
  #revision = -1;
  #byOwner = new Map<string, OwnershipRow[]>();
  #tenants = new Map<string, ExpectedHosts>();
  #fleet: { readonly revision: number; readonly expected: ExpectedHosts } | undefined;

  constructor(ownership: Pick<Ownership, "all" | "revision">, hosts: Pick<ControlTable<HostRow>, "all" | "revision">) {
    this.#ownership = ownership;
    this.#hosts = hosts;
  }

  /** @param tenant null for operators, who expect every host that was ever seen, until it was removed */
  of(tenant: string | null): ExpectedHosts {
    this.#renew();
    if (tenant === null) return this.#ofFleet();
    const rows = this.#byOwner.get(tenant);
    // A name that an operator made up is not kept.
    if (rows === undefined) return NOWHERE;
    let expected = this.#tenants.get(tenant);
    if (expected === undefined) this.#tenants.set(tenant, (expected = new ExpectedHosts(rows, tenant)));
    return expected;
  }

  #ofFleet(): ExpectedHosts {
    const { revision } = this.#hosts;
    if (this.#fleet?.revision !== revision) {
      const known = this.#hosts.all().map(({ name, state, sinceMs }) => ({
        host: name,
        toMs: state === "removed" ? sinceMs : Infinity,
      }));
      const names = new Set(known.map(({ host }) => host));
      const others = this.#ownership.all().filter(({ host }) => !names.has(host));
      this.#fleet = { revision, expected: new ExpectedHosts(others, null, known) };
    }
    return this.#fleet.expected;
  }

  #renew(): void {
    if (this.#revision === this.#ownership.revision) return;
    this.#revision = this.#ownership.revision;
    this.#tenants = new Map();
    this.#fleet = undefined;
    this.#byOwner = new Map();
    for (const row of this.#ownership.all()) {
      const rows = this.#byOwner.get(row.owner);
      if (rows === undefined) this.#byOwner.set(row.owner, [row]);
      else rows.push(row);
    }
  }
}

const NOWHERE = new ExpectedHosts([], null);

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
