/**
 * metrics.ts: the one door to prom-client: what this program says of itself on /metrics.
 *
 * docs/operating.md lists every metric with its help text; test/e2e/operation.test.ts holds the two together.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** Of work, and of how long data were on their way: that may be hours after an outage. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const AGES = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 1800, 7200, 43_200];

/** A metric as it is listed. */
export interface ListedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

export class Metrics {
  readonly registry = new Registry();
  readonly #updates: (() => void)[] = [];
  readonly #listed: ListedMetric[] = [];

  /** @param withProcess also CPU, memory and event loop of the process: once a process */
  constructor(withProcess = false) {
    if (withProcess) collectDefaultMetrics({ register: this.registry });
  }

  /** Our own, in the order in which they were made. */
  get listed(): readonly ListedMetric[] {
    return this.#listed;
  }

  counter<L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter(this.#define(name, help, "counter", labelNames));
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge(this.#define(name, help, "gauge", labelNames));
  }

  /** Durations in seconds, as Prometheus has them. */
  seconds<L extends string = never>(name: string, help: string, labelNames: L[] = []): Histogram<L> {
    return new Histogram({ ...this.#define(name, help, "histogram", labelNames), buckets: DURATIONS });
  }

  /** How old something was, in seconds: up to half a day. */
  ages<L extends string = never>(name: string, help: string, labelNames: L[] = []): Histogram<L> {
    return new Histogram({ ...this.#define(name, help, "histogram", labelNames), buckets: AGES });
  }

  /** Called before each text: where a gauge is cheaper to read then than to keep. */
  beforeText(update: () => void): void {
    this.#updates.push(update);
  }

  /** Text in Prometheus' exposition format. */
  text(): Promise<string> {
    for (const update of this.#updates) update();
    return this.registry.metrics();
  }

  #define<L extends string>(name: string, help: string, type: string, labelNames: L[]) {
    const full = `isotherm_${name}`;
    this.#listed.push({ name: full, help, type, labels: labelNames });
    return { name: full, help, labelNames, registers: [this.registry] };
  }
}
