/**
 * frames.ts: a second, independent reader of frames: slow, plain, and written from docs/wire-formats.md alone.
 */
import assert from "node:assert/strict";

export interface ReadRow {
  readonly keys: string[];
  /** Label of the distribution's row to count, without zeros; empty for a scalar. */
  readonly counts: Map<string, number>;
  readonly total: number;
}

export interface ReadFrame {
  readonly nonce: string;
  readonly tick: number;
  readonly walltimestampNs: bigint;
  readonly events: number;
  readonly rows: ReadRow[];
}

/** Whole frames in a text; a frame that has not ended yet is left out. */
export function readFrames(text: string): ReadFrame[] {
  const frames: ReadFrame[] = [];
  const wholes = text.matchAll(/^@begin (\S+) (\d+) (\d+)\n((?:(?!@begin )[^\n]*\n)*?)@done \1 \2 (\d+)\n/gm);
  for (const [, nonce = "", tick, stamp = "0", body = "", events] of wholes) {
    const rows = body === "" ? [] : readRows(body);
    frames.push({ nonce, tick: Number(tick), walltimestampNs: BigInt(stamp), events: Number(events), rows });
  }
  return frames;
}

function readRows(body: string): ReadRow[] {
  return body.split(/^(?=@row )/m).map((text) => {
    const [head = "", ...lines] = text.trimEnd().split("\n");
    const words = [...head.slice("@row".length).matchAll(/ (?:"((?:[^"\\]|\\.)*)"|(-?\d+))/g)];
    const values = words.map((word) => word[1] ?? word[2] ?? "");
    if (lines.length === 0) return { keys: values.slice(0, -1), counts: new Map(), total: Number(values.at(-1)) };
    assert.equal(lines.shift()?.trim().split(/\s+/)[0], "value");
    assert.equal(lines.pop(), "@end");
    const counts = new Map<string, number>();
    for (const line of lines) {
      const [, label, count] = /^\s*((?:< |>= )?-?\d+) \|[@ ]{40} (\d+)\s*$/.exec(line) ?? assert.fail(line);
      if (count !== "0") counts.set(label ?? "", Number(count));
    }
    return { keys: values, counts, total: [...counts.values()].reduce((a, b) => a + b, 0) };
  });
}

/** Waits for so many whole frames. */
export function frames(count: number): (text: string) => ReadFrame[] | undefined {
  return (text) => {
    const all = readFrames(text);
    return all.length >= count ? all : undefined;
  };
}
