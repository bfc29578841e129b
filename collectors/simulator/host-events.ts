/**
 * host-events.ts: what happened on a host in a second, at the finest level, and the same whoever asks.
 *
 * Each series draws from a generator of its own, seeded by (series, second), so that neither other zones nor other programs
 * change it. A second is kept for a while because several programs and kstat look at it at about the same time.
 */
import { hashText, mix, Random } from "./random.ts";
import { FINE_COUNT } from "./fine-buckets.ts";
import { hostLoad, type HostLoad } from "./host-load.ts";
import { massTable, type MassTable } from "./mass-table.ts";
import type { Model, SeriesInit } from "./models/model.ts";
import type { Incident } from "./options.ts";
import { runsAt, type SimZone } from "./zone.ts";

/** One combination of discrete fields on one host. */
export interface Series extends SeriesInit {
  readonly zone: SimZone;
  readonly seed: number;
}

/**
 * A series' events in a second: entries `from` to `to` - 1 of the arrays, which all series of the second share, are fine
 * buckets, ascending, with their counts.
 */
export interface SeriesEvents {
  readonly series: Series;
  readonly fine: Uint16Array;
  readonly count: Uint32Array;
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

/** What `HostEvents` needs to know of its host; zones and incidents may change under it. */
export interface HostWorld {
  readonly name: string;
  readonly seed: number;
  /** All zones there ever were, the global zone first. */
  readonly zones: readonly SimZone[];
  readonly incidents: readonly Incident[];
}

const KEPT_SECONDS = 3;

export class HostEvents {
  readonly #world: HostWorld;
  readonly #series = new Map<SimZone, Map<Model, readonly Series[]>>();
  readonly #loads = new Map<number, { readonly zones: readonly SimZone[]; readonly load: HostLoad }>();
  readonly #kept = new Map<Model, Map<number, readonly SeriesEvents[]>>();

  constructor(world: HostWorld) {
    this.#world = world;
  }

  /** Forgets seconds already drawn: call after a change that reaches into them. */
  forget(): void {
    this.#loads.clear();
    this.#kept.clear();
  }

  /** @param sec true time: the second that begins at `sec` */
  of(model: Model, sec: number): readonly SeriesEvents[] {
    let kept = this.#kept.get(model);
    if (kept === undefined) this.#kept.set(model, (kept = new Map<number, readonly SeriesEvents[]>()));
    return remembered(kept, sec, () => this.#draw(model, sec));
  }

  load(sec: number): { readonly zones: readonly SimZone[]; readonly load: HostLoad } {
    return remembered(this.#loads, sec, () => {
      const { seed, name, incidents } = this.#world;
      const zones = this.#world.zones.filter((zone) => runsAt(zone, sec * 1000));
      return { zones, load: hostLoad(seed, name, zones, sec, incidents) };
    });
  }

  #draw(model: Model, sec: number): SeriesEvents[] {
    const { zones, load } = this.load(sec);
    const drawn: { readonly series: Series; readonly from: number; readonly to: number }[] = [];
    let to = 0;
    zones.forEach((zone, i) => {
      const activity = model.zoned ? (load.activity[i] ?? 0) : 0.3 + 2 * load.diskUtilisation;
      for (const series of this.#seriesOf(zone, model)) {
        const from = to;
        to = drawSeries(series, sec, activity, load, from);
        if (to > from) drawn.push({ series, from, to });
      }
    });
    // Copied once for all series: hundreds of small typed arrays a second keep the collector of garbage busy.
    const fine = scratch.fine.slice(0, to);
    const count = scratch.count.slice(0, to);
    return drawn.map((each) => ({ ...each, fine, count, total: sum(count, each.from, each.to) }));
  }

  #seriesOf(zone: SimZone, model: Model): readonly Series[] {
    let byModel = this.#series.get(zone);
    if (byModel === undefined) this.#series.set(zone, (byModel = new Map<Model, readonly Series[]>()));
    let series = byModel.get(model);
    if (series === undefined) {
      const seed = mix(zone.seed, mix(this.#world.seed, hashText(model.metric)));
      series = model.seriesOf(zone).map((init, i) => ({ ...init, zone, seed: mix(seed, i) }));
      byModel.set(model, series);
    }
    return series;
  }
}

function remembered<T>(kept: Map<number, T>, sec: number, make: () => T): T {
  let value = kept.get(sec);
  if (value === undefined) {
    value = make();
    if (kept.size >= KEPT_SECONDS) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(sec, value);
  }
  return value;
}

/** Reused, and grown where a host has more series: a second's draw is copied out at its true length. */
const scratch = { fine: new Uint16Array(64 * FINE_COUNT), count: new Uint32Array(64 * FINE_COUNT) };

/** Draws into the scratch arrays. @returns the end of the series' entries, which begin at `from` */
function drawSeries(series: Series, sec: number, activity: number, load: HostLoad, from: number): number {
  reserve(from + FINE_COUNT);
  const random = new Random(mix(series.seed, sec));
  const table = massTable(series.profile, load.conditions);
  const throttle = 1 - (series.diskBound ?? 0) * (1 - load.diskThrottle);
  if (series.everySec === undefined) return drawPoisson(table, series.rate * activity * throttle, random, from);
  return (sec + series.seed) % series.everySec < 1 ? drawOne(table, random, from) : from;
}

function reserve(length: number): void {
  if (scratch.fine.length >= length) return;
  const { fine, count } = scratch;
  scratch.fine = new Uint16Array(2 * length);
  scratch.count = new Uint32Array(2 * length);
  scratch.fine.set(fine);
  scratch.count.set(count);
}

function sum(count: Uint32Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += count[i] ?? 0;
  return total;
}

/** Above this a bucket's Poisson count is drawn as a normal one, rounded: nobody sees the difference. */
const NORMAL_FROM = 12;

/**
 * Draws an independent Poisson count for every bucket into the scratch arrays, from `from` on.
 *
 * Buckets are laid end to end as one Poisson process of rate 1: the walk jumps from event to event by exponential steps, so
 * that empty buckets, most of them, cost one subtraction.
 *
 * @returns the end of the entries drawn
 */
function drawPoisson(table: MassTable, rate: number, random: Random, from: number): number {
  const { mass, first } = table;
  const { fine, count: counts } = scratch;
  let to = from;
  let toNext = random.exponential();
  for (let i = 0; i < mass.length; i++) {
    let expected = rate * (mass[i] ?? 0);
    let count = 0;
    if (expected > NORMAL_FROM) {
      // The process has no memory, so a bucket drawn in another way leaves `toNext` as it is.
      count = Math.max(0, Math.round(expected + Math.sqrt(expected) * random.normal()));
    } else {
      while (toNext < expected) {
        expected -= toNext;
        toNext = random.exponential();
        count += 1;
      }
      toNext -= expected;
    }
    if (count === 0) continue;
    fine[to] = first + i;
    counts[to] = count;
    to += 1;
  }
  return to;
}

/** Draws one event. */
function drawOne(table: MassTable, random: Random, from: number): number {
  let left = random.next();
  let i = 0;
  while (i < table.mass.length - 1 && left >= (table.mass[i] ?? 0)) left -= table.mass[i++] ?? 0;
  scratch.fine[from] = table.first + i;
  scratch.count[from] = 1;
  return from + 1;
}
