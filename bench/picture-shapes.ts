/**
 * picture-shapes.ts: latencies whose heatmap has a known shape, for the pictures of docs/reading-a-heatmap.md.
 *
 * Each shape is made by its cause and not drawn: a cache in front of a disk, a queue in front of one server, a burst that drains.
 * The two queues are simulated event by event. All of it is a function of the seed.
 */
import { Random } from "../collectors/simulator/random.ts";
import type { GapReason } from "../core/window.ts";

/** One operation: the second in which it ended, from the picture's left edge, and how long it took. */
export interface Operation {
  readonly second: number;
  readonly latencyNs: number;
  readonly execname: string;
}

/** What was not watched, or not all of it: seconds [from, to) of one host. */
export interface Fault {
  readonly host: number;
  readonly from: number;
  readonly to: number;
  /** A gap's reason; absent: the window is partial, and lost this share of its events. */
  readonly reason?: GapReason;
  readonly lostShare?: number;
}

export interface Shape {
  /** File name, without `.png`. */
  readonly name: string;
  readonly seconds: number;
  readonly scheme: string;
  /** Further parts of the page's address (docs/page.md). */
  readonly view: string;
  readonly hosts: number;
  readonly faults: readonly Fault[];
  operations(random: Random): Iterable<Operation>;
}

const US = 1e3;
const MS = 1e6;
const SECOND = 1e9;
const LATENCY = "llquantize(10,3,10,20)";
const PLAIN = { seconds: 300, scheme: LATENCY, view: "", hosts: 1, faults: [] } as const;

/** Those on several hosts last: once a host has been seen, it is expected in every picture. */
export const SHAPES: readonly Shape[] = [
  {
    ...PLAIN,
    name: "bimodal",
    *operations(random) {
      yield* steady(random, 300, 3000, "postgres", () =>
        random.next() < 0.84 ? lognormal(random, 3.4 * US, 0.35) : lognormal(random, 1.7 * MS, 0.42),
      );
    },
  },
  {
    ...PLAIN,
    name: "outliers",
    *operations(random) {
      yield* steady(random, 300, 3000, "postgres", () =>
        random.next() < 2e-4 ? lognormal(random, 220 * MS, 0.7) : lognormal(random, 950 * US, 0.33),
      );
    },
  },
  {
    ...PLAIN,
    name: "phase-change",
    *operations(random) {
      yield* steady(random, 300, 3000, "postgres", (second) => {
        const cached = random.next() < 0.84;
        if (cached) return lognormal(random, 3.4 * US, 0.35);
        return lognormal(random, second < 170 ? 1.7 * MS : 9 * MS, 0.42);
      });
    },
  },
  {
    ...PLAIN,
    name: "diagonal",
    seconds: 120,
    // In steps of a second from ten seconds on, so that a straight line looks like one; the line of the p99 would lie on it.
    scheme: "llquantize(10,3,10,100)",
    view: "axis=linear&lines=",
    *operations(random) {
      yield* steady(random, 120, 400, "rsync", () => lognormal(random, 900 * US, 0.4));
      for (const burst of [6, 64]) yield* draining(random, burst, 9000, 200);
    },
  },
  {
    ...PLAIN,
    name: "queueing",
    *operations(random) {
      yield* oneServer(random, 300, 0.8 * MS, (second) => 0.1 + 0.88 * Math.min(1, second / 260));
    },
  },
  {
    ...PLAIN,
    name: "hues",
    view: "hue=postgres,rsync",
    *operations(random) {
      yield* steady(random, 300, 1500, "postgres", (second) =>
        random.next() < 0.84
          ? lognormal(random, 3.4 * US, 0.35)
          : lognormal(random, (isBusy(second) ? 3.4 : 1.7) * MS, 0.42),
      );
      yield* steady(
        random,
        300,
        (second) => (isBusy(second) ? 900 : 60),
        "rsync",
        () => lognormal(random, 24 * MS, 0.45),
      );
      yield* steady(random, 300, 700, "nginx", () => lognormal(random, 190 * US, 0.5));
    },
  },
  {
    ...PLAIN,
    name: "missing",
    hosts: 3,
    faults: [
      { host: 1, from: 50, to: 110, reason: "ssh_down" },
      ...[0, 1, 2].map((host) => ({ host, from: 150, to: 190, reason: "collector_down" as const })),
      { host: 2, from: 225, to: 260, lostShare: 0.4 },
    ],
    *operations(random) {
      yield* steady(random, 300, 3000, "postgres", () =>
        random.next() < 0.84 ? lognormal(random, 3.4 * US, 0.35) : lognormal(random, 1.7 * MS, 0.42),
      );
    },
  },
];

const isBusy = (second: number): boolean => second >= 110 && second < 220;

function lognormal(random: Random, medianNs: number, sigma: number): number {
  return medianNs * Math.exp(sigma * random.normal());
}

/** As many operations a second, with the noise that independent arrivals have. */
function* steady(
  random: Random,
  seconds: number,
  rate: number | ((second: number) => number),
  execname: string,
  latency: (second: number) => number,
): Iterable<Operation> {
  for (let second = 0; second < seconds; second++) {
    const mean = typeof rate === "number" ? rate : rate(second);
    const count = Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
    for (let i = 0; i < count; i++) yield { second, latencyNs: latency(second), execname };
  }
}

/** A burst that is there all at once, for a device that does so many a second, one after the other. */
function* draining(random: Random, fromSec: number, count: number, rate: number): Iterable<Operation> {
  let atNs = 0;
  for (let i = 0; i < count; i++) {
    atNs += (SECOND / rate) * (0.5 + random.next());
    yield { second: fromSec + Math.floor(atNs / SECOND), latencyNs: atNs, execname: "rsync" };
  }
}

/** One server, operations that arrive on their own, first come first served: M/M/1, event by event. */
function* oneServer(
  random: Random,
  seconds: number,
  serviceNs: number,
  utilisation: (second: number) => number,
): Iterable<Operation> {
  let arrivalNs = 0;
  let freeNs = 0;
  for (;;) {
    arrivalNs += (random.exponential() * serviceNs) / utilisation(arrivalNs / SECOND);
    freeNs = Math.max(freeNs, arrivalNs) + random.exponential() * serviceNs;
    const second = Math.floor(freeNs / SECOND);
    if (second >= seconds) return;
    yield { second, latencyNs: freeNs - arrivalNs, execname: "postgres" };
  }
}
