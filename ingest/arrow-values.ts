/**
 * arrow-values.ts: the numbers that the decoder, or the store after it, would take on trust.
 *
 * Offsets, because they are followed; texts, because the store wants each once; instants, because the store's partitions are days and only one part is inserted
 * atomically, so a batch of two days could be half stored; kinds, because a row of neither kind would be seen by no query.
 * Codes are left to decodeBatch, which holds each against its dictionary.
 */
import { isUtf8 } from "node:buffer";
import { OperationalError } from "../core/errors.ts";
import { KIND_WINDOW } from "../core/window.ts";
import { mismatch } from "./arrow-schema.ts";

const DAY_SEC = 86_400;

/**
 * Offsets of `count` lists or texts: from 0, never falling.
 *
 * @param at where in the view they begin; all count + 1 of them must lie inside it
 * @param maxStep the longest that one may be
 * @returns the last: the length of what they point into
 */
export function verifyOffsets(view: DataView, at: number, count: number, maxStep: number, place: string): number {
  let last = view.getInt32(at, true);
  if (last !== 0) throw mismatch(place, "offsets from 0");
  for (let i = 1; i <= count; i++) {
    const next = view.getInt32(at + 4 * i, true);
    if (next < last) throw mismatch(place, "rising offsets");
    if (next - last > maxStep) throw mismatch(place, `at most ${maxStep} bytes or entries each`);
    last = next;
  }
  return last;
}

/**
 * Texts of a dictionary: UTF-8, each once.
 *
 * The store refuses a dictionary that has a text twice, and would refuse the batch for ever. Damaged UTF-8 is a way there: two
 * texts become one when what cannot be read is replaced. So is a byte order mark, which decoders drop.
 *
 * @param offsets where `count` + 1 verified offsets begin
 * @param at where what they point into begins
 */
export function verifyTexts(view: DataView, offsets: number, count: number, at: number, place: string): void {
  const bytes = view.getInt32(offsets + 4 * count, true);
  const all = Buffer.from(view.buffer, view.byteOffset + at, bytes);
  if (!isUtf8(all)) throw mismatch(place, "UTF-8");
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const from = view.getInt32(offsets + 4 * i, true);
    const to = view.getInt32(offsets + 4 * (i + 1), true);
    // The whole being UTF-8, a part is when it begins where a character does: not at 10xxxxxx.
    if (from < bytes && ((all[from] ?? 0) & 0xc0) === 0x80) throw mismatch(place, "UTF-8");
    const text = all.toString("latin1", from, to);
    seen.add(text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text);
  }
  if (seen.size !== count) throw mismatch(place, "each text once");
}

/** U+FEFF as UTF-8, read as Latin-1. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** Two lists' offsets must be the same: a bucket without its count means nothing. */
export function verifySameOffsets(view: DataView, one: number, other: number, count: number): void {
  for (let i = 0; i <= count; i++) {
    if (view.getInt32(one + 4 * i, true) !== view.getInt32(other + 4 * i, true)) {
      throw mismatch("column count", "as many entries in each row as in bucket");
    }
  }
}

/** Instants: epoch seconds of 32 bits, as the store has them, all of one day (UTC). */
export function verifyInstants(view: DataView, at: number, rows: number): void {
  const day = Math.floor(view.getUint32(at, true) / DAY_SEC);
  for (let i = 0; i < rows; i++) {
    if (view.getInt32(at + 8 * i + 4, true) !== 0) throw mismatch("column ts", "epoch seconds of 32 bits");
    if (Math.floor(view.getUint32(at + 8 * i, true) / DAY_SEC) !== day) {
      throw new OperationalError("BATCH_DAYS", "read column ts of a batch: expected rows of one day (UTC)");
    }
  }
}

export function verifyKinds(view: DataView, at: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    if (view.getUint8(at + i) > KIND_WINDOW) throw mismatch("column kind", "0 or 1");
  }
}
