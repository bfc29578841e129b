/**
 * inventory.ts: which hosts there are, from any number of sources, now and whenever that changes.
 *
 * A source that cannot be read keeps what it said last: a damaged file, or an API that is away, never takes hosts away. Of two
 * hosts of one name the first source's counts.
 */
import { errorChain } from "../core/errors.ts";
import type { Platform } from "../d-scripts/recipe.ts";
import type { Log } from "../server/log.ts";

export interface InventoryHost {
  readonly name: string;
  /** Where to connect, if not to the name. */
  readonly address?: string;
  readonly port: number;
  readonly username: string;
  readonly platform: Platform;
  readonly owner?: string;
}

export interface InventorySource {
  readonly name: string;
  /** What it has now. @throws where that cannot be known */
  list(): Promise<readonly InventoryHost[]>;
  /** Calls back when `list` may have another answer. @returns what ends it */
  watch(changed: () => void): () => void;
  /** Whose a zone is, where the source knows; undefined: it does not. */
  ownerOf?(zone: string): string | undefined;
}

export interface InventoryOptions {
  readonly sources: readonly InventorySource[];
  /** Called once for each change, with all hosts. */
  readonly onChange: (hosts: readonly InventoryHost[]) => void;
  readonly log: Log;
}

export class Inventory {
  readonly #options: InventoryOptions;
  readonly #known = new Map<InventorySource, readonly InventoryHost[]>();
  readonly #ends = new Map<InventorySource, () => void>();
  #sources: readonly InventorySource[];
  readonly #troubles = new Map<InventorySource, string>();
  #closed = false;
  #told = "";

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#sources = options.sources;
  }

  /** @returns the hosts at the start; changes are told from then on */
  async start(): Promise<readonly InventoryHost[]> {
    await Promise.all(this.#sources.map((source) => this.#read(source)));
    const hosts = this.hosts;
    this.#told = JSON.stringify(hosts);
    for (const source of this.#sources) this.#watch(source);
    return hosts;
  }

  /** Other sources from now on. Those that stay keep what they said last; of a new one that cannot be read there are no hosts yet. */
  async setSources(sources: readonly InventorySource[]): Promise<void> {
    const added = sources.filter((source) => !this.#sources.includes(source));
    await Promise.all(added.map((source) => this.#read(source)));
    if (this.#isClosed()) return;
    for (const source of this.#sources.filter((each) => !sources.includes(each))) {
      this.#ends.get(source)?.();
      this.#ends.delete(source);
      this.#known.delete(source);
    }
    this.#sources = sources;
    for (const source of added) this.#watch(source);
    this.#tell("its sources");
  }

  #watch(source: InventorySource): void {
    let reading = Promise.resolve();
    // One after the other: an older answer must not replace a newer one.
    this.#ends.set(
      source,
      source.watch(() => void (reading = reading.then(() => this.#again(source)))),
    );
  }

  get hosts(): readonly InventoryHost[] {
    const byName = new Map<string, InventoryHost>();
    for (const source of this.#sources) {
      for (const host of this.#known.get(source) ?? []) if (!byName.has(host.name)) byName.set(host.name, host);
    }
    return [...byName.values()];
  }

  ownerOf(zone: string): string | undefined {
    for (const source of this.#sources) {
      const owner = source.ownerOf?.(zone);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends.values()) end();
  }

  async #again(source: InventorySource): Promise<void> {
    await this.#read(source);
    // It may have been taken out meanwhile.
    if (this.#sources.includes(source)) this.#tell(source.name);
  }

  #tell(source: string): void {
    const { hosts } = this;
    const told = JSON.stringify(hosts);
    if (this.#isClosed() || told === this.#told) return;
    this.#told = told;
    this.#options.log.info({ source, hosts: hosts.length }, "the inventory has changed");
    this.#options.onChange(hosts);
  }

  async #read(source: InventorySource): Promise<void> {
    const { log } = this.#options;
    try {
      this.#known.set(source, await source.list());
      if (this.#troubles.delete(source)) log.info({ source: source.name }, "the inventory can be read again");
    } catch (error) {
      const trouble = errorChain(error);
      if (this.#troubles.get(source) === trouble || this.#isClosed()) return;
      this.#troubles.set(source, trouble);
      log.warn({ source: source.name, chain: trouble }, "the inventory cannot be read: what it said last holds");
    }
  }

  /** A method, because the compiler would otherwise remember what it was before an await. */
  #isClosed(): boolean {
    return this.#closed;
  }
}

/** Hosts that are written down once and for all. */
export function fixedSource(name: string, hosts: readonly InventoryHost[]): InventorySource {
  return { name, list: () => Promise.resolve(hosts), watch: () => () => undefined };
}
