/**
 * kstat-patterns.ts: what to ask `kstat -p` for, so that one stream serves every metric of a host.
 *
 * A pattern covers another where it asks for the same and more; only those that nothing covers are asked for, because a kstat
 * that two patterns mean might be printed twice. Patterns go to a shell's words and to kstat's globs, so their alphabet is
 * narrow; and they name whole kstats, since without class, crtime and snaptime nothing can be said of a statistic.
 */
import type { KstatRecipe } from "../d-scripts/recipe.ts";

const PATTERN = /^[A-Za-z0-9_:*.-]{1,128}$/;

/** kstats by their class, whatever their module: the wrapper finds out which modules have them on its host. */
const CLASS = /^class:[a-z0-9_]{1,58}$/;

/**
 * The patterns that cover all those of the recipes, sorted, none covering another.
 *
 * @throws RangeError where a recipe's pattern is not `module:instance:name:` of A-Z a-z 0-9 _ * . -, or `class:` and a class: a
 *   bug in the recipe
 */
export function kstatPatterns(recipes: Iterable<Pick<KstatRecipe, "patterns">>): string[] {
  const all = new Set<string>();
  for (const { patterns } of recipes) for (const pattern of patterns) all.add(checked(pattern));
  const sorted = [...all].sort();
  // Of two that cover each other (`zones:::` and `zones:*::`) the first stays.
  return sorted.filter(
    (pattern, i) => !sorted.some((other, j) => i !== j && covers(other, pattern) && (j < i || !covers(pattern, other))),
  );
}

function checked(pattern: string): string {
  if (CLASS.test(pattern)) return pattern;
  const parts = pattern.split(":");
  // A leading minus would be an option of kstat's.
  if (!PATTERN.test(pattern) || pattern.startsWith("-") || parts.length !== 4 || !isAny(parts[3] ?? "?")) {
    throw new RangeError(
      `kstat pattern ${JSON.stringify(pattern)} is not module:instance:name: of letters, digits, _ * . -`,
    );
  }
  return pattern;
}

function covers(wide: string, narrow: string): boolean {
  if (CLASS.test(wide) || CLASS.test(narrow)) return wide === narrow;
  const parts = narrow.split(":");
  return wide.split(":").every((part, i) => isAny(part) || part === parts[i]);
}

function isAny(part: string): boolean {
  return part === "" || part === "*";
}
