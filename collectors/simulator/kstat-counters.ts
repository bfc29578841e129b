/**
 * kstat-counters.ts: the counters of a host, second by second: sums over the same events that D programs see.
 *
 * Totals start at the host's boot (or where its simulated past begins). A run of kstat walks forward from a checkpoint, so
 * that two runs, whenever they start, read the same values at the same second.
 */
import { FINE_VALUES } from "./fine-buckets.ts";
import type { HostEvents, SeriesEvents } from "./host-events.ts";
import { diskIoOps } from "./models/disk-io-ops.ts";
import { fsLogicalOps } from "./models/fs-logical-ops.ts";
import { mix, unit } from "./random.ts";
import type { SimZone } from "./zone.ts";

/** Counters by name. Times are ns. */
export type Counters = Map<string, number>;

export interface HostTotals {
  /** Counted through this second, inclusive. */
  sec: number;
  readonly zones: Map<SimZone, Counters>;
  readonly disks: Map<string, Counters>;
  readonly host: Counters;
}

const CHECKPOINT_SEC = 60;
const MAX_CHECKPOINTS = 64;

/** The thresholds of zone_vfs (uts/common/sys/zone.h), ns. */
const THRESHOLDS = [
  ["10ms_ops", 10e6],
  ["100ms_ops", 100e6],
  ["1s_ops", 1e9],
  ["10s_ops", 10e9],
] as const;

export class KstatCounters {
  readonly #events: HostEvents;
  readonly #checkpoints: HostTotals[];

  /** @param originSec the second before the first that counts */
  constructor(events: HostEvents, originSec: number) {
    this.#events = events;
    this.#checkpoints = [{ sec: originSec, zones: new Map(), disks: new Map(), host: new Map() }];
  }

  /** Totals at the end of a second, to be walked on by `advance`; where the past is too far back, at its beginning. */
  at(sec: number): HostTotals {
    const from = this.#checkpoints.findLast((each) => each.sec <= sec) ?? this.#checkpoints[0];
    if (from === undefined) throw new Error("there is always a checkpoint");
    const totals = copy(from);
    while (totals.sec < sec) this.advance(totals);
    return totals;
  }

  /** Counts one more second. */
  advance(totals: HostTotals): void {
    totals.sec += 1;
    this.#addZones(totals);
    this.#addDisks(totals);
    const newest = this.#checkpoints.at(-1)?.sec ?? totals.sec;
    if (totals.sec < newest + CHECKPOINT_SEC) return;
    this.#checkpoints.push(copy(totals));
    if (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints.shift();
  }

  #addZones(totals: HostTotals): void {
    const { sec } = totals;
    const { zones, load } = this.#events.load(sec);
    zones.forEach((zone, i) => {
      const counters = of(totals.zones, zone);
      const busy = (load.activity[i] ?? 0) * zone.role.cpuDemand * (0.95 + 0.1 * unit(mix(zone.seed, 21), sec));
      const userNs = Math.round(busy * 1.1e9);
      const sysNs = Math.round(busy * 0.4e9);
      const idleness = Math.max(0.03, 1 - load.cpuUtilisation);
      add(counters, "nsec_user", userNs);
      add(counters, "nsec_sys", sysNs);
      add(counters, "nsec_waitrq", Math.round((busy * 0.05e9) / idleness));
      add(counters, "run_ticks", Math.round((userNs + sysNs) / 10e6));
      add(totals.host, "user", userNs);
      add(totals.host, "kernel", sysNs);
      const bytes = Math.round((load.activity[i] ?? 0) * (2e5 + 9e5 * zone.role.cpuDemand));
      add(counters, "rbytes64", bytes);
      add(counters, "obytes64", bytes * 3);
      add(counters, "ipackets64", Math.round(bytes / 700));
      add(counters, "opackets64", Math.round(bytes / 400));
      add(totals.host, "segments", Math.round(bytes / 500));
      add(totals.host, "retransmitted", Math.round((bytes / 500) * (0.0004 + load.conditions.lossPercent / 100)));
      add(totals.host, "opened", Math.round(4 * (load.activity[i] ?? 0)));
    });
    for (const events of this.#events.of(fsLogicalOps, sec))
      addFileOps(of(totals.zones, events.series.zone), totals, events);
  }

  #addDisks(totals: HostTotals): void {
    for (const { series, fine, count, from, to } of this.#events.of(diskIoOps, totals.sec)) {
      const counters = of(totals.disks, String(series.fields["disk"]));
      const [ops, bytes] = series.fields["optype"] === "read" ? ["reads", "nread"] : ["writes", "nwritten"];
      let total = 0;
      let timeNs = 0;
      for (let i = from; i < to; i++) {
        total += count[i] ?? 0;
        timeNs += (count[i] ?? 0) * (FINE_VALUES[fine[i] ?? 0] ?? 0);
      }
      add(counters, ops, total);
      add(counters, bytes, total * (series.numbers?.["size"] ?? 0));
      add(counters, "rlentime", timeNs);
      // Never busier than the second is long.
      add(counters, "rtime", Math.min(480e6, timeNs * 0.7));
    }
  }
}

/** Reads and writes of a zone, as fop_read and fop_write count them. */
function addFileOps(
  counters: Counters,
  totals: HostTotals,
  { series, fine, count, from, to, total }: SeriesEvents,
): void {
  const optype = series.fields["optype"];
  if (optype !== "read" && optype !== "write") return;
  const [ops, bytes, lenTime, time] =
    optype === "read" ? ["reads", "nread", "rlentime", "rtime"] : ["writes", "nwritten", "wlentime", "wtime"];
  let timeNs = 0;
  let missed = 0;
  for (let i = from; i < to; i++) {
    const n = count[i] ?? 0;
    const ns = FINE_VALUES[fine[i] ?? 0] ?? 0;
    timeNs += n * ns;
    if (ns > 200_000) missed += n;
    for (const [name, thresholdNs] of THRESHOLDS) if (ns > thresholdNs) add(counters, name, n);
  }
  add(counters, ops, total);
  add(counters, bytes, total * (series.numbers?.["size"] ?? 0));
  add(counters, lenTime, timeNs);
  add(counters, time, Math.min(timeNs, 900e6));
  add(counters, `z_${ops}`, missed);
  add(counters, `z_${bytes}`, missed * (series.numbers?.["size"] ?? 0));
  add(counters, "z_waittime", Math.round(timeNs * 0.3));
  if (optype === "read") add(totals.host, "misses", missed);
  if (optype === "read") add(totals.host, "hits", total - missed);
}

function of<K>(map: Map<K, Counters>, key: K): Counters {
  let counters = map.get(key);
  if (counters === undefined) map.set(key, (counters = new Map<string, number>()));
  return counters;
}

function add(counters: Counters, name: string, value: number): void {
  counters.set(name, (counters.get(name) ?? 0) + value);
}

function copy(totals: HostTotals): HostTotals {
  const copyAll = <K>(map: Map<K, Counters>): Map<K, Counters> =>
    new Map([...map].map(([key, counters]) => [key, new Map(counters)]));
  return {
    sec: totals.sec,
    zones: copyAll(totals.zones),
    disks: copyAll(totals.disks),
    host: new Map(totals.host),
  };
}
