/**
 * usage.ts: what is said of a command line that cannot be read: one line with the nearest word, where one is near, and where help is.
 *
 * Commander's own suggestion is too free: it offers `top` to whoever typed `nope`.
 */
import type { Command } from "commander";

/** @param said commander's words, such as `error: unknown command 'wach'` */
export function usageLine(command: Command, said: string): string {
  const path = pathOf(command);
  // An option's own check names the option, the value and what was expected: commander's frame around that says it again.
  const own = /^error: option '[^]*?' argument '[^]*?' is invalid\. (?!Allowed|the value)([^]*)$/.exec(
    said.trim(),
  )?.[1];
  // A command that can be used by itself names itself.
  const text =
    own ??
    said
      .trim()
      .replace(/^error: /, "")
      .replace(`${path}: `, "");
  const unknown = /^unknown (?:command|option) '([^]*)'$/.exec(text)?.[1];
  const near = unknown === undefined ? undefined : nearestWord(unknown, wordsOf(command));
  return `isotherm: ${text}${near === undefined ? "" : `; did you mean ${near}?`} (${path} --help)\n`;
}

function wordsOf(command: Command): string[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  return [...command.commands.map((each) => each.name()), ...options.map(({ long }) => long ?? ""), "--help"];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/**
 * The word that is meant: the only one that begins so, or the one that differs least, by one letter in three at most.
 *
 * @returns undefined where none is near
 */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  const bare = bareOf(typed);
  const begun = words.filter((word) => bareOf(word).startsWith(bare));
  if (bare.length >= 2 && begun.length === 1) return begun[0];
  const [best] = words
    .map((word) => ({ word, edits: editsBetween(bare, bareOf(word)) }))
    .filter(({ word, edits }) => edits <= Math.max(bare.length, bareOf(word).length) / 3)
    .sort((a, b) => a.edits - b.edits);
  return best?.word;
}

function bareOf(word: string): string {
  return word.replace(/^-+/, "").toLowerCase();
}

/** Letters to insert, delete, replace, or swap with the next (optimal string alignment). */
export function editsBetween(a: string, b: string): number {
  let [before, last] = [new Array<number>(), Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? Infinity) + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
