/**
 * own-cpu.ts: how much CPU time a program's dtrace uses itself, as its wrapper tells it now and then: `cpu SECONDS of SECONDS`.
 *
 * That is the consumer: what it costs to read, aggregate and print. What the probes cost is spent in whoever hits them; events a
 * second are the measure of that. Over the last minute, since `ps` on illumos knows whole seconds only.
 */
const MAX_SAMPLES = 7;

interface Sample {
  readonly usedSec: number;
  readonly ageSec: number;
}

export class OwnCpu {
  #samples: Sample[] = [];

  /** @param text what follows `wrapper: cpu ` */
  take(text: string): void {
    const [used = "", of, age = ""] = text.split(" ");
    const sample = { usedSec: Number(used), ageSec: Number(age) };
    if (of !== "of" || !(sample.usedSec >= 0) || !(sample.ageSec > (this.#samples.at(-1)?.ageSec ?? 0))) return;
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** CPU seconds a second; undefined where nothing has been told. */
  get rate(): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined) return undefined;
    // Of the first alone: since its start, with what starting cost.
    const first = this.#samples.length > 1 ? this.#samples[0] : undefined;
    const { usedSec, ageSec } = first ?? { usedSec: 0, ageSec: 0 };
    return Math.max(0, Math.round((1000 * (last.usedSec - usedSec)) / (last.ageSec - ageSec)) / 1000);
  }

  /** Another program. */
  clear(): void {
    this.#samples = [];
  }
}
