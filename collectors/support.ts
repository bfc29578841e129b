/**
 * support.ts: which DTrace metrics a platform image can run, found by compiling each there once.
 *
 * What compiles is a matter of the image, so what one host has found out holds for all that run the same one, and a new image
 * is asked anew. The catalogue is part of this program: a new one comes with a new process, which remembers nothing.
 */
import { parseSpec } from "../core/instrumentation.ts";
import { fieldOf, metricName } from "../core/metric.ts";
import { compileProgram } from "../d-scripts/compile.ts";
import { catalogue } from "../d-scripts/catalogue.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";

export interface Verdict {
  readonly supported: boolean;
  /** "" where it is. */
  readonly reason: string;
}

/** Shared by the hosts of a collector. */
export class SupportBook {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #claims = new Set<string>();
  readonly #listeners = new Set<() => void>();

  verdict(image: string, metric: string): Verdict | undefined {
    return this.#verdicts.get(`${image}\0${metric}`);
  }

  /** @returns false where somebody else is finding out; else `settle` must follow */
  claim(image: string, metric: string): boolean {
    const key = `${image}\0${metric}`;
    if (this.#claims.has(key)) return false;
    this.#claims.add(key);
    return true;
  }

  /** @param verdict undefined: it could not be found out */
  settle(image: string, metric: string, verdict: Verdict | undefined): void {
    const key = `${image}\0${metric}`;
    this.#claims.delete(key);
    if (verdict !== undefined) this.#verdicts.set(key, verdict);
    for (const listener of this.#listeners) listener();
  }

  /** @returns the end of the subscription */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The DTrace metrics that are to be found out about on a platform. */
export function dtraceMetrics(platform: Platform): Entry[] {
  return [...catalogue.values()].filter(
    ({ recipe }) => recipe.kind === "dtrace" && recipe.platforms.includes(platform),
  );
}

/**
 * The program that stands for a metric: its clauses, its distribution, and no further key, so that one field that an image
 * lacks does not make the metric unsupported; asking for that field then says so.
 */
export function supportProgram({ metric, recipe }: Entry, platform: Platform, nonce: string): string {
  const numeric = metric.fields.filter((field) => field.arity === "numeric").map((field) => field.name);
  const here = numeric.filter((name) => {
    const from = recipe.kind === "dtrace" ? recipe.fields[name] : undefined;
    return from !== undefined && !(platform === "linux" && from.linux === null);
  });
  const decomposition = here.slice(0, 1).filter((name) => fieldOf(metric, name) !== undefined);
  const spec = parseSpec({ metric: metricName(metric), decomposition }, metric);
  const order = { entry: { metric, recipe }, spec, specId: "support", nonce, zones: null, platform };
  return compileProgram({ ...order, requestedBy: "support check" }).text;
}
