/**
 * engine-columns.ts: an engine's answer as columns of plain typed arrays, lists included: no object a row.
 *
 * An hour of seconds is a quarter of a million cells. Read through vectors, each value costs a call; the buffers of the record
 * batches are laid end to end here instead, which costs a copy of the bytes.
 */
import { tableFromIPC, type Data } from "./arrow.ts";

export type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** Row i has values[offsets[i]] up to values[offsets[i + 1]]. */
export interface Lists {
  readonly offsets: Int32Array;
  readonly values: Numbers;
}

export interface EngineColumns {
  readonly rows: number;
  /** A column of numbers of at most 53 bits, none of them null. @throws Error where there is no such column */
  numbers(name: string): Numbers;
  /** A column of lists of such numbers. */
  lists(name: string): Lists;
  /** The texts of a column that are not empty, with their rows, ascending. */
  texts(name: string): [row: number, text: string][];
}

/** @param bytes ArrowStream without compression; empty: no rows, and every column is there and empty */
export function engineColumns(bytes: Uint8Array): EngineColumns {
  const table = bytes.length === 0 ? null : tableFromIPC(bytes);
  const rows = table?.numRows ?? 0;
  const partsOf = (name: string): readonly Data[] => {
    if (rows === 0) return [];
    const parts = table?.getChild(name)?.data;
    if (parts === undefined) throw new Error(`the engine's answer has no column ${name}`);
    return parts.filter(({ length }) => length > 0);
  };
  return {
    rows,
    numbers: (name) => join(partsOf(name).map((part) => (part.values as Numbers).subarray(0, part.length))),
    lists: (name) => joinLists(partsOf(name)),
    texts: (name) => {
      const found: [number, string][] = [];
      let first = 0;
      for (const part of partsOf(name)) {
        for (const [row, text] of textsOf(part)) found.push([first + row, text]);
        first += part.length;
      }
      return found;
    },
  };
}

function join(parts: readonly Numbers[]): Numbers {
  const [only = new Float64Array(0), ...more] = parts;
  if (more.length === 0) return only;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new (only.constructor as new (length: number) => Numbers)(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function joinLists(parts: readonly Data[]): Lists {
  const offsets = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0) + 1);
  const values: Numbers[] = [];
  let row = 0;
  let entries = 0;
  for (const part of parts) {
    const own = part.valueOffsets as Int32Array;
    const begin = own[0] ?? 0;
    for (let i = 1; i <= part.length; i++) offsets[row + i] = entries + (own[i] ?? 0) - begin;
    const end = own[part.length] ?? begin;
    values.push((part.children[0]?.values as Numbers).subarray(begin, end));
    row += part.length;
    entries += end - begin;
  }
  return { offsets, values: join(values) };
}

function* textsOf(part: Data): Generator<[number, string]> {
  const offsets = part.valueOffsets as Int32Array;
  // Most columns of reasons say nothing at all.
  if (offsets[part.length] === offsets[0]) return;
  const bytes = part.values as Uint8Array;
  for (let row = 0; row < part.length; row++) {
    const [from = 0, to = 0] = [offsets[row], offsets[row + 1]];
    if (to > from) yield [row, UTF8.decode(bytes.subarray(from, to))];
  }
}

const UTF8 = new TextDecoder();
