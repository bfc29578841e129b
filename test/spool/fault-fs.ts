/**
 * fault-fs.ts: a disk in memory that loses power: what was not synced is kept, dropped, torn or extended by zeros, each write by
 * itself, and names come and go likewise.
 *
 * At the `cutAt`th operation the power fails within it: that one and all later ones never return. `restart` gives the disk as
 * the next start finds it.
 */
import type { SpoolFile, SpoolFs } from "../../collectors/spool-fs.ts";

export type Random = () => number;

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number };

class Node {
  durable = new Uint8Array(0);
  bytes = new Uint8Array(0);
  unsynced: Change[] = [];

  change(change: Change): void {
    this.bytes = applied(this.bytes, change);
    this.unsynced.push(change);
  }

  sync(): void {
    // Every change makes an array of its own.
    this.durable = this.bytes;
    this.unsynced = [];
  }

  losePower(random: Random): void {
    if (this.unsynced.length === 0) return;
    let bytes = this.durable;
    for (const change of this.unsynced) bytes = partly(bytes, change, random);
    this.bytes = bytes;
    this.sync();
  }
}

function applied(bytes: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  if ("size" in change) return sized(bytes, change.size);
  const grown = sized(bytes, Math.max(bytes.length, change.offset + change.bytes.length));
  grown.set(change.bytes, change.offset);
  return grown;
}

function sized(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}

function partly(bytes: Uint8Array<ArrayBuffer>, change: Change, random: Random): Uint8Array<ArrayBuffer> {
  const fate = random();
  if (fate < 0.25) return bytes;
  if ("size" in change || fate < 0.55) return applied(bytes, change);
  const length = change.bytes.length;
  if (fate < 0.7) return sized(bytes, Math.max(bytes.length, change.offset + length));
  const from = fate < 0.85 ? 0 : Math.floor(random() * length);
  const to = from + Math.floor(random() * (length - from + 1));
  const whole = fate < 0.85 ? bytes : sized(bytes, Math.max(bytes.length, change.offset + length));
  return applied(whole, { offset: change.offset + from, bytes: change.bytes.subarray(from, to) });
}

type Naming = readonly (readonly [name: string, node: Node | undefined])[];

export class FaultFs implements SpoolFs {
  operations = 0;
  isCut = false;
  /** When the power fails. */
  readonly died: Promise<void>;
  /** The next operations of these kinds fail with this code, without the power failing. */
  failing: { readonly code: string; readonly kinds: readonly string[] } | undefined;
  readonly #random: Random;
  readonly #cutAt: number;
  #names: Map<string, Node>;
  #durableNames: Map<string, Node>;
  #unsynced: Naming[] = [];
  #die: () => void = () => undefined;

  constructor(random: Random, cutAt = Infinity, names = new Map<string, Node>()) {
    this.#random = random;
    this.#cutAt = cutAt;
    this.#names = new Map(names);
    this.#durableNames = new Map(names);
    this.died = new Promise((resolve) => (this.#die = resolve));
  }

  /** The disk after the power failed. */
  restart(cutAt = Infinity): FaultFs {
    const names = new Map(this.#durableNames);
    for (const naming of this.#unsynced) if (this.#random() < 0.5) rename(names, naming);
    for (const node of new Set(names.values())) node.losePower(this.#random);
    return new FaultFs(this.#random, cutAt, names);
  }

  list(): Promise<{ name: string; isFile: boolean }[]> {
    return this.#do("list", () => [...this.#names.keys()].map((name) => ({ name, isFile: true })));
  }

  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#do("read", () => this.#names.get(name)?.bytes);
  }

  readRange(name: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#do("read", () => this.#node(name).bytes.slice(offset, offset + length));
  }

  create(name: string): Promise<SpoolFile> {
    return this.#do("create", () => {
      const old = this.#names.get(name);
      if (old !== undefined) old.change({ size: 0 });
      else this.#rename([[name, new Node()]]);
      return this.#file(this.#node(name));
    });
  }

  open(name: string): Promise<SpoolFile> {
    return this.#do("open", () => this.#file(this.#node(name)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do("rename", () =>
      this.#rename([
        [to, this.#node(from)],
        [from, undefined],
      ]),
    );
  }

  remove(name: string): Promise<void> {
    return this.#do("remove", () => this.#rename([[name, undefined]]));
  }

  syncDirectory(): Promise<void> {
    return this.#do(
      "syncDirectory",
      () => {
        this.#durableNames = new Map(this.#names);
        this.#unsynced = [];
      },
      true,
    );
  }

  #file(node: Node): SpoolFile {
    return {
      write: (bytes, offset) => this.#do("write", () => node.change({ offset, bytes })),
      truncate: (size) => this.#do("truncate", () => node.change({ size })),
      datasync: () => this.#do("datasync", () => node.sync(), true),
      sync: () => this.#do("sync", () => node.sync(), true),
      close: () => this.#do("close", () => undefined),
    };
  }

  #rename(naming: Naming): void {
    rename(this.#names, naming);
    this.#unsynced.push(naming);
  }

  #node(name: string): Node {
    const node = this.#names.get(name);
    if (node === undefined) throw Object.assign(new Error(`no such file: ${name}`), { code: "ENOENT" });
    return node;
  }

  #do<T>(kind: string, act: () => T, isSync = false): Promise<T> {
    this.operations++;
    const cutHere = !this.isCut && this.operations >= this.#cutAt;
    if (this.isCut || cutHere) {
      // A sync that the power failed in has promised nothing; another operation may have been under way.
      if (cutHere && !isSync && this.#random() < 0.7) act();
      this.isCut = true;
      this.#die();
      return new Promise(() => undefined);
    }
    if (this.failing?.kinds.includes(kind) === true) {
      return Promise.reject(Object.assign(new Error(`${kind} fails`), { code: this.failing.code }));
    }
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function rename(names: Map<string, Node>, naming: Naming): void {
  for (const [name, node] of naming) {
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
}
