/**
 * entry.ts: the two ways to write a catalogue entry, so that a descriptor says only what is its own.
 */
import type { Metric, Field } from "../core/metric.ts";
import { fieldsAndSources, type SourcedField } from "./fields.ts";
import type { DtraceRecipe, Entry, KstatRecipe } from "./recipe.ts";

type Described = Omit<Metric, "source" | "fields">;

/** A metric whose clauses are in the `.d` file of its name. */
export function dtraceEntry(
  about: Described & { readonly fields: readonly SourcedField[] } & Omit<DtraceRecipe, "kind" | "fields">,
): Entry {
  const { platforms, providers, fields: sourced, ...described } = about;
  const { fields, sources } = fieldsAndSources(sourced);
  return {
    metric: { ...described, source: "dtrace", fields },
    recipe: { kind: "dtrace", platforms, providers, fields: sources },
  };
}

/** A metric that the kernel counts anyway: free, on SmartOS only. */
export function kstatEntry(
  about: Omit<Described, "cost"> & { readonly fields: readonly Field[] } & Omit<
      KstatRecipe,
      "kind" | "platforms" | "parts" | "distribution" | "from"
    > &
    Partial<Pick<KstatRecipe, "parts" | "distribution" | "from">>,
): Entry {
  const { from = "kstat", patterns, select, zone, parts = {}, derive, rows, distribution = null, ...described } = about;
  return {
    metric: { ...described, source: "kstat", cost: "free" },
    recipe: { kind: "kstat", platforms: ["smartos"], from, patterns, select, zone, parts, derive, rows, distribution },
  };
}

/** One counter or gauge a row, where nothing else is to be said of it. */
export function row(keys: Readonly<Record<string, string>>, ...statistics: string[]): KstatRecipe["rows"][number] {
  return { keys, statistics, print: "integer" };
}
