/**
 * reload.ts: SIGHUP: the configuration is read again, and what can change while a role runs does.
 *
 *   SIGHUP ──▶ read, check ──▶ every part prepares ──▶ every part applies ──▶ the new one holds
 *                  └────────── one throws: its field is said, and nothing has changed
 *
 * What cannot change is named: it holds from the next start. Nothing is ended and begun anew, so no window is lost.
 */
import { errorChain, InputError } from "../core/errors.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import { CONFIG, isSection, propertiesOf, type ConfigFile, type Node } from "./config-schema.ts";
import type { Config } from "./config.ts";

/** A part of a running role. */
export interface Reloadable {
  /** Its keys; one that ends in a dot stands for all that begin so. */
  readonly keys: readonly string[];
  /**
   * Called at each reload, since files that the keys name may have changed while the keys have not.
   *
   * @returns what makes it so
   * @throws InputError naming a field, where it cannot be so; it must have changed nothing then
   */
  readonly prepare: (config: Config) => (() => Promise<void> | void) | Promise<() => Promise<void> | void>;
}

export interface ReloadsOptions {
  /** As it was at the start. */
  readonly config: Config;
  /** Sections and keys that the role goes by. */
  readonly about: readonly string[];
  readonly read: () => Promise<Config>;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #parts: Reloadable[] = [];
  /** Key by key what holds, as JSON. */
  readonly #holds: Map<string, string>;
  readonly #results;
  readonly #ok;
  readonly #late;
  #started = false;
  #wanted = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#holds = valuesByKey(options.config);
    const { metrics } = options;
    this.#results = metrics.counter("config_reloads_total", "Reloads of the configuration, by result.", ["result"]);
    this.#ok = metrics.gauge("config_reload_ok", "Whether the last reload was taken; 1 before the first.");
    this.#late = metrics.gauge("config_restart_keys", "Keys whose new value holds from the next start only.");
    this.#ok.set(1);
    for (const result of ["ok", "failed"]) this.#results.inc({ result }, 0);
  }

  add(part: Reloadable): void {
    this.#parts.push(part);
  }

  /** The role runs: what was asked for meanwhile is done now. */
  start(): void {
    this.#started = true;
    if (this.#wanted) this.request();
  }

  /** Reads the configuration again, after the reloads before it. Never throws. */
  request(): void {
    this.#wanted = true;
    if (!this.#started) return;
    this.#running = this.#running.then(async () => {
      // Of several that came meanwhile, one reads what all of them meant.
      if (!this.#wanted) return;
      this.#wanted = false;
      await this.#reload();
    });
  }

  /** Settles when nothing is under way. */
  idle(): Promise<void> {
    return this.#running;
  }

  async #reload(): Promise<void> {
    const { log } = this.#options;
    try {
      const config = await this.#options.read();
      const applies = [];
      for (const { prepare } of this.#parts) applies.push(await prepare(config));
      for (const apply of applies) await apply();
      this.#took(config);
    } catch (error) {
      this.#ok.set(0);
      this.#results.inc({ result: "failed" });
      const fields = error instanceof InputError ? error.errors.map(({ field }) => field) : [];
      log.error(
        { chain: errorChain(error), fields },
        "the configuration could not be reloaded: what held before holds",
      );
    }
  }

  #took(config: Config): void {
    const { log } = this.#options;
    const changed: string[] = [];
    const restart: string[] = [];
    for (const [key, value] of valuesByKey(config)) {
      if (this.#holds.get(key) === value) continue;
      if (this.#parts.some(({ keys }) => keys.some((each) => covers(each, key)))) {
        this.#holds.set(key, value);
        changed.push(key);
      } else if (this.#options.about.some((each) => covers(each, key))) restart.push(key);
    }
    this.#ok.set(1);
    this.#results.inc({ result: "ok" });
    this.#late.set(restart.length);
    log.info({ changed }, "the configuration was reloaded");
    if (restart.length > 0) log.warn({ keys: restart }, "these keys hold from the next start");
  }
}

function covers(of: string, key: string): boolean {
  return of.endsWith(".") ? key.startsWith(of) : key === of;
}

/** Values by dotted key, lists whole; "" for what is not set. */
function valuesByKey(config: Config): Map<string, string> {
  const values = new Map<string, string>();
  const walk = (schema: Node, value: Record<string, unknown>, at: string): void => {
    for (const [name, each] of propertiesOf(schema)) {
      if (isSection(each)) walk(each, (value[name] ?? {}) as Record<string, unknown>, `${at}${name}.`);
      else values.set(`${at}${name}`, value[name] === undefined ? "" : JSON.stringify(value[name]));
    }
  };
  walk(CONFIG, config as unknown as Record<string, unknown>, "");
  return values;
}

/** What each role goes by: a change of anything else is none of its business. */
export const ABOUT = {
  serve: ["store.", "ingest.", "query.", "alerts.", "collect.", "tokens.", "log."],
  ingest: ["store.", "ingest.", "tokens.", "log."],
  query: ["store.", "query.", "alerts.", "tokens.", "log."],
  collect: ["store.dataDir", "collect.", "log."],
} as const satisfies Record<string, readonly (`${keyof ConfigFile}.` | "store.dataDir")[]>;
