/**
 * ledger.ts: what a driver says of each window, in a file that outlives it: the expectation of these tests.
 *
 * A line is written in the turn in which the thing happens, by one write(2), so that a kill loses none before it.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export type Line =
  /** A batch with one window of one host was given to the spool. */
  | {
      readonly what: "append";
      readonly seq: number;
      readonly host: string;
      readonly enabling: string;
      readonly tick: number;
      readonly ts: number;
      readonly rows: number;
      readonly sum: number;
    }
  | { readonly what: "durable"; readonly seq: number }
  | { readonly what: "lost"; readonly text: string }
  /** An answer to what was sent besides: repeats, and numbers out of turn. */
  | { readonly what: "extra"; readonly kind: "repeat" | "early"; readonly status: number; readonly text: string }
  | { readonly what: "ack"; readonly ms: number }
  | { readonly what: "refused"; readonly text: string }
  | { readonly what: "memory"; readonly rss: number; readonly sockets: number; readonly waiting: number };

export type Append = Extract<Line, { readonly what: "append" }>;

export function note(file: string, line: Line): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function linesOf(file: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

export function only<K extends Line["what"]>(lines: readonly Line[], what: K): Extract<Line, { readonly what: K }>[] {
  return lines.filter((line): line is Extract<Line, { readonly what: K }> => line.what === what);
}
