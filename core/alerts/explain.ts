/**
 * explain.ts: what a selection is mostly made of, in words: "87 % of the 1,204 operations from 10 ms on are postgres in zone web-0".
 *
 * The shares are exact: they come from the counts of every combination of keys that there is, and a name is added to the sentence only as
 * long as it and those before it, together, hold more than half of all.
 */
import { formatCount, formatShare } from "../units.ts";

/** One combination of keys with what was counted of it. */
export interface Combination {
  /** In the order of `fields`. */
  readonly keys: readonly string[];
  readonly count: number;
}

export interface Part {
  readonly field: string;
  readonly key: string;
}

/** The largest part that few names describe, and its count. */
export interface MostlyOf {
  readonly parts: readonly Part[];
  readonly count: number;
}

/** @param combinations all that there are, each once */
export function mostlyOf(fields: readonly string[], combinations: readonly Combination[]): MostlyOf {
  const total = combinations.reduce((sum, { count }) => sum + count, 0);
  let inside = combinations;
  let count = total;
  const parts: Part[] = [];
  for (;;) {
    const next = largest(fields, inside, new Set(parts.map(({ field }) => field)));
    if (next === undefined || next.count * 2 <= total) return { parts, count };
    parts.push({ field: next.field, key: next.key });
    inside = inside.filter(({ keys }) => keys[fields.indexOf(next.field)] === next.key);
    ({ count } = next);
  }
}

function largest(
  fields: readonly string[],
  combinations: readonly Combination[],
  taken: ReadonlySet<string>,
): { field: string; key: string; count: number } | undefined {
  let most: { field: string; key: string; count: number } | undefined;
  fields.forEach((field, i) => {
    if (taken.has(field)) return;
    const sums = new Map<string, number>();
    for (const { keys, count } of combinations) sums.set(keys[i] ?? "", (sums.get(keys[i] ?? "") ?? 0) + count);
    for (const [key, count] of sums) if (most === undefined || count > most.count) most = { field, key, count };
  });
  return most;
}

/**
 * The sentence.
 *
 * @param what is counted: "operations from 10 ms on"
 * @param nameOf a zone's alias, say
 * @returns "" where nothing was counted or nothing holds more than half
 */
export function sentence(
  { parts, count }: MostlyOf,
  total: number,
  what: string,
  nameOf: (part: Part) => string = ({ key }) => key,
): string {
  if (total === 0 || parts.length === 0) return "";
  const zone = parts.find(({ field }) => field === "zonename");
  const others = parts.filter(({ field }) => field !== "zonename").map((part) => nameOf(part) || `(no ${part.field})`);
  const names = [others.join(", "), zone === undefined ? "" : `in zone ${nameOf(zone)}`].filter((name) => name !== "");
  return `${formatShare(count, total)} of the ${formatCount(total)} ${what} are ${names.join(" ")}`;
}
