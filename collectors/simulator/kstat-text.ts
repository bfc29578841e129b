/**
 * kstat-text.ts: kstats as `kstat -p -T u PATTERN...` prints them, and which of them a pattern means.
 */
import { seconds, type Kstat } from "./kstat-chain.ts";

/** Module, instance and name; null means any. The wrapper allows whole kstats only, so there is no statistic. */
export type KstatPattern = readonly (RegExp | null)[] | { readonly class: string };

/** @returns undefined where the text is not `module:instance:name:` (or `...:*`) or `class:CLASS`, as the wrapper wants it */
export function parsePattern(text: string): KstatPattern | undefined {
  const [, klass] = /^class:([a-z0-9_]{1,58})$/.exec(text) ?? [];
  if (klass !== undefined) return { class: klass };
  const [, whole] = /^(?!-)([\w*.-]*:[\w*.-]*:[\w*.-]*):\*?$/.exec(text) ?? [];
  if (whole === undefined || text.length > 128) return undefined;
  return whole.split(":").map((part) => (part === "" ? null : glob(part)));
}

export function meantBy(chain: readonly Kstat[], patterns: readonly KstatPattern[]): Kstat[] {
  return chain.filter((kstat) => patterns.some((pattern) => isMeant(kstat, pattern, chain)));
}

/**
 * One line for each statistic, in kstat's order: `left` is all before the tab.
 *
 * @param lacking names of statistics to leave out
 */
export function* kstatLines(
  chain: readonly Kstat[],
  snaptimeNs: number,
  lacking: ReadonlySet<string>,
): Generator<{ readonly left: string; readonly value: string; readonly integer: boolean }> {
  for (const kstat of chain) {
    const all: Kstat["statistics"] = {
      ...kstat.statistics,
      class: kstat.class,
      crtime: seconds(kstat.crtimeNs),
      snaptime: seconds(snaptimeNs),
    };
    const prefix = `${kstat.module}:${kstat.instance}:${kstat.name}:`;
    for (const name of sortedNames(kstat, all)) {
      if (lacking.has(name)) continue;
      const value = all[name] ?? 0;
      yield { left: prefix + name, value: String(value), integer: typeof value !== "string" };
    }
  }
}

const sorted = new Map<string, readonly string[]>();

/** kstat sorts the statistics of an instance by name, whatever their case. The same class has the same names. */
function sortedNames(kstat: Kstat, all: Kstat["statistics"]): readonly string[] {
  const key = `${kstat.module}:${kstat.class}:${kstat.instance === 0 ? kstat.name : ""}`;
  let names = sorted.get(key);
  if (names?.length !== Object.keys(all).length) {
    names = Object.keys(all).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    sorted.set(key, names);
  }
  return names;
}

/** As the wrapper does it: a class means the modules that have kstats of it, with all theirs. */
function isMeant(kstat: Kstat, pattern: KstatPattern, chain: readonly Kstat[]): boolean {
  if ("class" in pattern) return chain.some((each) => each.class === pattern.class && each.module === kstat.module);
  const [module, instance, name] = pattern;
  return fits(module, kstat.module) && fits(instance, String(kstat.instance)) && fits(name, kstat.name);
}

function fits(part: RegExp | null | undefined, text: string): boolean {
  return part === null || part === undefined || part.test(text);
}

function glob(text: string): RegExp {
  const source = text.replace(/[.]/g, "\\.").replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}
