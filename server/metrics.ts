/**
 * metrics.ts: the one door to prom-client: what this program says of itself on /metrics.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

export class Metrics {
  readonly registry = new Registry();
  readonly #updates: (() => void)[] = [];

  /** @param withProcess also CPU, memory and event loop of the process: once a process */
  constructor(withProcess = false) {
    if (withProcess) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name: `isotherm_${name}`, help, labelNames, registers: [this.registry] });
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge({ name: `isotherm_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** Durations in seconds, as Prometheus has them. */
  seconds<L extends string = never>(name: string, help: string, labelNames: L[] = []): Histogram<L> {
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    return new Histogram({ name: `isotherm_${name}`, help, labelNames, buckets, registers: [this.registry] });
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
}
