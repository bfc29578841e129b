/**
 * kstat-lines.ts: the lines of one sample as kstats, fast because the sample before said what to expect.
 *
 * kstat prints the same statistics in the same order every second, but for kstats that come and go. So the usual line costs
 * comparing its bytes with the expected ones and copying its value; a line that is not the expected one is taken apart, and
 * its head looked up among those of the last sample, from where the expectations go on. What is expected never changes
 * what is read: each line gives the same kstat either way.
 *
 * A kstat ends where another head begins, or where its first statistic is printed again (kstats of different zones may share
 * a name).
 */
import { NEWLINE, view } from "./aggregation-bytes.ts";
import { isWhole } from "./kstat-number.ts";
import { KstatHead, KstatShape, printedKstat, type Kstat } from "./kstat-sample.ts";

/** Of the text of one sample; 10,000 lines are 0.7 MB. */
export const MAX_SAMPLE_BYTES = 16 * 1024 * 1024;
export const MAX_SAMPLE_KSTATS = 65_536;

const COLON = 0x3a;
const TAB = 0x09;
const MINUS = 0x2d;
/** A platform has some dozens of shapes; past this they are forgotten and found again. */
const MAX_SHAPES = 256;
const NO_SHAPE = new KstatShape([]);

interface Placed {
  readonly head: KstatHead;
  readonly shape: KstatShape;
  readonly first: number;
}

export class KstatLines {
  readonly #maxLineBytes: number;
  readonly #shapes = new Map<string, KstatShape>();

  /** The heads of the last sample, in the order of printing, and where each id is among them. */
  #expected: readonly KstatHead[] = [];
  #places: ReadonlyMap<string, number> = new Map();
  /** The open kstat's place among them, or that of the last one that had a place. */
  #place = -1;
  /** Whether this sample differs from the one before in its heads or their order. */
  #changed = false;

  #head: KstatHead | null = null;
  /** What the open kstat is expected to be; null: it already differs, and `#names` says how. */
  #shape: KstatShape | null = null;
  #names: string[] = [];
  /** Statistics of the open kstat so far. */
  #index = 0;
  #first = 0;

  #done: Placed[] = [];
  #bytes: Uint8Array = new Uint8Array(64 * 1024);
  #used = 0;
  #ends = new Int32Array(4096);
  #values = 0;
  #textBytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Past a bound: the sample is to be abandoned. */
  get tooLarge(): boolean {
    return this.#textBytes > MAX_SAMPLE_BYTES || this.#done.length > MAX_SAMPLE_KSTATS;
  }

  /** Takes whole lines while they are the expected ones. @returns where it stopped, at the start of a line */
  takeUsual(bytes: Uint8Array, at: number): number {
    while (!this.tooLarge) {
      const open = this.#head;
      if (open !== null && this.#shape === null) return at;
      const goesOn = open !== null && this.#shape !== null && this.#index < this.#shape.names.length;
      const head = goesOn ? open : this.#expected[this.#place + 1];
      if (head === undefined) return at;
      const shape = goesOn ? this.#shape : head.shape;
      const index = goesOn ? this.#index : 0;
      if (shape === null) return at;
      const value = this.#matched(bytes, at, head, shape, index);
      if (value < 0) return at;
      const newline = this.#copyValue(bytes, value, Math.min(bytes.length, at + this.#maxLineBytes + 1));
      if (newline < 0) return at;
      if (!goesOn) this.#open(head, shape, this.#place + 1);
      this.#endValue(newline - at);
      at = newline + 1;
    }
    return at;
  }

  /** @returns false where the line is no statistic */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const tab = find(bytes, TAB, from, to);
    if (tab === to) return false;
    const first = find(bytes, COLON, from, tab);
    const second = find(bytes, COLON, first + 1, tab);
    let last = tab - 1;
    while (last > second && bytes[last] !== COLON) last--;
    if (last <= second || first === from || last + 1 === tab) return false;
    if (!isInstance(bytes, first + 1, second)) return false;
    const buffer = view(bytes);
    const id = buffer.toString("utf8", from, last + 1);
    const statistic = buffer.toString("utf8", last + 1, tab);
    if (this.#head?.id !== id || this.#firstName() === statistic) {
      this.#openById(id, statistic, () => {
        const name = buffer.toString("utf8", second + 1, last);
        const instance = Number(buffer.toString("latin1", first + 1, second));
        return new KstatHead(id, buffer.toString("utf8", from, first), instance, name, NO_SHAPE);
      });
    } else if (this.#shape?.names[this.#index] !== statistic) this.#differ(statistic);
    this.#copyValue(bytes, tab + 1, to);
    this.#endValue(to - from);
    return true;
  }

  /** The sample's kstats, and the ids of those that nothing can be said of. */
  finish(): { kstats: Kstat[]; unusable: string[] } {
    this.#close();
    if (this.#changed || this.#place !== this.#expected.length - 1) this.#expect(this.#done.map(({ head }) => head));
    const values = { bytes: this.#bytes, ends: this.#ends };
    const kstats: Kstat[] = [];
    const unusable: string[] = [];
    for (const { head, shape, first } of this.#done) {
      const kstat = printedKstat(head, shape, values, first);
      if (kstat === undefined) unusable.push(head.id);
      else kstats.push(kstat);
    }
    // The sample keeps its values, so the next one gets room of its own: as much as this one needed.
    this.#bytes = new Uint8Array(Math.max(64 * 1024, 2 * this.#used));
    this.#ends = new Int32Array(Math.max(4096, this.#values + (this.#values >> 2)));
    this.#reset();
    return { kstats, unusable };
  }

  /** Forgets the lines since the last sample. */
  abandon(): void {
    this.#head = null;
    this.#reset();
  }

  #reset(): void {
    this.#done = [];
    this.#used = 0;
    this.#values = 0;
    this.#textBytes = 0;
    this.#place = -1;
    this.#changed = false;
  }

  /** @returns where the value starts if the line is this head's statistic; -1 otherwise */
  #matched(bytes: Uint8Array, at: number, head: KstatHead, shape: KstatShape, index: number): number {
    const { prefix } = head;
    const { bytes: names, ends } = shape;
    const start = index === 0 ? 0 : (ends[index - 1] ?? 0);
    const end = ends[index] ?? 0;
    if (at + prefix.length + end - start > bytes.length) return -1;
    for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return -1;
    at += prefix.length;
    for (let i = start; i < end; i++) if (bytes[at++] !== names[i]) return -1;
    return at;
  }

  /** Copies up to the newline or `to`. @returns the newline's place; -1 where there is none before `to` */
  #copyValue(bytes: Uint8Array, from: number, to: number): number {
    if (this.#bytes.length - this.#used < this.#maxLineBytes + 1) this.#growBytes();
    const target = this.#bytes;
    let put = this.#used;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] ?? NEWLINE;
      if (byte === NEWLINE) break;
      target[put++] = byte;
    }
    this.#put = put;
    return at < to ? at : -1;
  }

  /** Where the value that was copied last ends, until `#endValue` makes it count. */
  #put = 0;

  #endValue(lineBytes: number): void {
    if (this.#values === this.#ends.length) this.#growEnds();
    this.#used = this.#put;
    this.#ends[this.#values++] = this.#put;
    this.#index += 1;
    this.#textBytes += lineBytes + 1;
  }

  #growBytes(): void {
    const grown = new Uint8Array(2 * this.#bytes.length);
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }

  #growEnds(): void {
    const grown = new Int32Array(2 * this.#ends.length);
    grown.set(this.#ends);
    this.#ends = grown;
  }

  /** Opens the kstat whose first line is not the expected one. */
  #openById(id: string, statistic: string, makeHead: () => KstatHead): void {
    const next = this.#place + 1;
    const place = this.#expected[next]?.id === id ? next : this.#places.get(id);
    const known = place === undefined ? undefined : this.#expected[place];
    const head = known ?? makeHead();
    if (place !== next) this.#changed = true;
    this.#open(head, head.shape, place ?? this.#place);
    if (head.shape.names[0] !== statistic) this.#differ(statistic);
  }

  #open(head: KstatHead, shape: KstatShape, place: number): void {
    this.#close();
    this.#head = head;
    this.#shape = shape;
    this.#index = 0;
    this.#first = this.#values;
    this.#place = place;
  }

  /** The open kstat's next statistic is not what its last shape says. */
  #differ(statistic: string): void {
    if (this.#shape !== null) this.#names = this.#shape.names.slice(0, this.#index);
    this.#shape = null;
    this.#names.push(statistic);
  }

  #firstName(): string | undefined {
    return this.#index === 0 ? undefined : (this.#shape?.names[0] ?? this.#names[0]);
  }

  #close(): void {
    const head = this.#head;
    if (head === null) return;
    let shape = this.#shape;
    if (shape?.names.length !== this.#index) {
      shape = this.#shapeOf(shape === null ? this.#names : shape.names.slice(0, this.#index));
    }
    head.shape = shape;
    this.#done.push({ head, shape, first: this.#first });
    this.#head = null;
  }

  #shapeOf(names: readonly string[]): KstatShape {
    const key = names.join("\t");
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      shape = new KstatShape(names);
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  #expect(heads: readonly KstatHead[]): void {
    this.#expected = heads;
    const places = new Map<string, number>();
    heads.forEach((head, place) => {
      if (!places.has(head.id)) places.set(head.id, place);
    });
    this.#places = places;
  }
}

/** Never looks past `to`, which indexOf would: a line is read at the cost of a line. @returns `to` where there is none */
function find(bytes: Uint8Array, byte: number, from: number, to: number): number {
  while (from < to && bytes[from] !== byte) from++;
  return Math.min(from, to);
}

/** A C int: kstats of no instance in particular may have -1. */
function isInstance(bytes: Uint8Array, from: number, to: number): boolean {
  const digits = bytes[from] === MINUS ? from + 1 : from;
  return to - digits <= 10 && isWhole(bytes, digits, to);
}
