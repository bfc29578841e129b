/**
 * kstat-sample.ts: kstats as they were printed, with their values still text.
 *
 * A host with 100 zones prints 10,000 values a second and most are never asked for, so a value is a range of bytes until
 * somebody reads it. What repeats from sample to sample is shared: the head of a kstat (module, instance, name) and the
 * shape (its statistics, in the order of printing), which all kstats of a class have in common.
 */
import { view } from "./aggregation-bytes.ts";
import { nanosecondsOf, wholeOf, type Exact } from "./kstat-number.ts";

export interface Kstat {
  /** `module:instance:name:`, as printed. */
  readonly id: string;
  /** The id and the zone's whole name, which the id may have but the start of: what the kstat is known by on its host. */
  readonly key: string;
  readonly module: string;
  readonly instance: number;
  /** Cut at 30 characters by the kernel; may hold colons. */
  readonly name: string;
  readonly class: string;
  /** When it was made, and when it was read: ns since the host booted. */
  readonly crtime: bigint;
  readonly snaptime: bigint;
  /** In the order of printing. */
  readonly statistics: readonly string[];
  has(statistic: string): boolean;
  /** The value as printed; undefined where there is no such statistic. */
  get(statistic: string): string | undefined;
  /** A whole number; undefined where there is none, or something else. */
  whole(statistic: string): Exact | undefined;
  /** Seconds with decimals, as whole ns; undefined where there is none, or something else. */
  nanoseconds(statistic: string): Exact | undefined;
}

export interface KstatSample {
  /** The host's clock when the sample was taken. */
  readonly epochSec: number;
  /** In the order of printing. */
  readonly kstats: readonly Kstat[];
  /** Lines, and statistics of unusable kstats, that were not understood. */
  readonly skippedLines: number;
}

/** The statistics that kstats of one class have, in the order of printing. */
export class KstatShape {
  readonly names: readonly string[];
  /** All names, each followed by a tab. */
  readonly bytes: Uint8Array;
  /** Name i is at ends[i-1] .. ends[i] of `bytes`, with its tab; the first starts at 0. */
  readonly ends: Int32Array;
  /** Whether what every kstat prints is there. */
  readonly complete: boolean;
  readonly #places = new Map<string, number>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.bytes = Buffer.from(names.map((name) => `${name}\t`).join(""));
    this.ends = new Int32Array(names.length);
    let end = 0;
    names.forEach((name, i) => {
      end += Buffer.byteLength(name) + 1;
      this.ends[i] = end;
      if (!this.#places.has(name)) this.#places.set(name, i);
    });
    this.complete = ["class", "crtime", "snaptime"].every((name) => this.#places.has(name));
  }

  placeOf(statistic: string): number | undefined {
    return this.#places.get(statistic);
  }
}

/** What names a kstat: the same object from sample to sample while the kstat is printed. */
export class KstatHead {
  readonly id: string;
  readonly prefix: Uint8Array;
  readonly module: string;
  readonly instance: number;
  readonly name: string;
  /** How it was last printed. */
  shape: KstatShape;
  #zonename = "";
  #key: string;

  constructor(id: string, module: string, instance: number, name: string, shape: KstatShape) {
    this.id = id;
    this.prefix = Buffer.from(id);
    this.module = module;
    this.instance = instance;
    this.name = name;
    this.shape = shape;
    this.#key = `${id}\t`;
  }

  /** The same string object for the same zone, so that looking it up costs no hashing. */
  keyOf(zonename: string): string {
    if (zonename !== this.#zonename) {
      this.#zonename = zonename;
      this.#key = `${this.id}\t${zonename}`;
    }
    return this.#key;
  }
}

/** The values of one sample: value i is at ends[i-1] .. ends[i] of `bytes`. */
export interface KstatValues {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
}

/**
 * One kstat of a sample.
 *
 * @param first the place of its first value
 * @returns undefined where class, crtime or snaptime is missing or makes no sense: nothing can be said of such a kstat
 */
export function printedKstat(
  head: KstatHead,
  shape: KstatShape,
  values: KstatValues,
  first: number,
): Kstat | undefined {
  if (!shape.complete) return undefined;
  const kstat = new PrintedKstat(head, shape, values, first);
  const crtime = kstat.nanoseconds("crtime");
  const snaptime = kstat.nanoseconds("snaptime");
  if (crtime === undefined || snaptime === undefined) return undefined;
  kstat.crtime = BigInt(crtime);
  kstat.snaptime = BigInt(snaptime);
  return kstat;
}

class PrintedKstat implements Kstat {
  crtime = 0n;
  snaptime = 0n;
  readonly #head: KstatHead;
  readonly #shape: KstatShape;
  readonly #values: KstatValues;
  readonly #first: number;
  /** Every metric of the host asks for these. */
  #key: string | undefined;
  #class: string | undefined;
  #zonename: string | undefined;

  constructor(head: KstatHead, shape: KstatShape, values: KstatValues, first: number) {
    this.#head = head;
    this.#shape = shape;
    this.#values = values;
    this.#first = first;
  }

  get id(): string {
    return this.#head.id;
  }

  get key(): string {
    this.#key ??= this.#head.keyOf(this.get("zonename") ?? "");
    return this.#key;
  }

  get module(): string {
    return this.#head.module;
  }

  get instance(): number {
    return this.#head.instance;
  }

  get name(): string {
    return this.#head.name;
  }

  get class(): string {
    this.#class ??= this.#text("class") ?? "";
    return this.#class;
  }

  get statistics(): readonly string[] {
    return this.#shape.names;
  }

  has(statistic: string): boolean {
    return this.#shape.placeOf(statistic) !== undefined;
  }

  get(statistic: string): string | undefined {
    if (statistic === "zonename") {
      this.#zonename ??= this.#text(statistic);
      return this.#zonename;
    }
    return this.#text(statistic);
  }

  whole(statistic: string): Exact | undefined {
    const place = this.#place(statistic);
    return place < 0 ? undefined : wholeOf(this.#values.bytes, this.#start(place), this.#end(place));
  }

  nanoseconds(statistic: string): Exact | undefined {
    const place = this.#place(statistic);
    return place < 0 ? undefined : nanosecondsOf(this.#values.bytes, this.#start(place), this.#end(place));
  }

  #text(statistic: string): string | undefined {
    const place = this.#place(statistic);
    return place < 0 ? undefined : view(this.#values.bytes).toString("utf8", this.#start(place), this.#end(place));
  }

  #place(statistic: string): number {
    const place = this.#shape.placeOf(statistic);
    return place === undefined ? -1 : this.#first + place;
  }

  #start(place: number): number {
    return place === 0 ? 0 : (this.#values.ends[place - 1] ?? 0);
  }

  #end(place: number): number {
    return this.#values.ends[place] ?? 0;
  }
}
