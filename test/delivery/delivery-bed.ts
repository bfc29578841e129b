/**
 * delivery-bed.ts: an engine, ingest processes and driver processes that may be killed, and the oracle: every window of the
 * ledgers against the store.
 */
import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/peers/peer.ts";
import { createStoreClient, type StoreClient } from "../../store/client.ts";
import { startEngine, type Engine } from "../../store/engine.ts";
import { migrate } from "../../store/migrations.ts";
import { openState, type State } from "../../store/state.ts";
import type { DriverOrder } from "./driver.ts";
import type { IngestOrder } from "./ingest-process.ts";
import { type Line, linesOf, only } from "./ledger.ts";

const INGEST = fileURLToPath(new URL("./ingest-process.ts", import.meta.url));
const DRIVER = fileURLToPath(new URL("./driver.ts", import.meta.url));

export class DeliveryBed {
  readonly directory: string;
  readonly engine: Engine;
  readonly store: StoreClient;
  readonly state: State;
  readonly token: string;
  readonly port: number;
  readonly #children = new Set<ChildProcess>();

  static async open(): Promise<DeliveryBed> {
    const directory = await mkdtemp(join(tmpdir(), "isotherm-delivery-"));
    const engine = await startEngine({ dataDir: join(directory, "store"), memoryBytes: 2 ** 30 });
    const store = createStoreClient(engine);
    await migrate(store, Date.now());
    const state = await openState(store, () => undefined);
    const token = await state.tokens.create("collector", "", "test");
    return new DeliveryBed({ directory, engine, store, state, token, port: await freePort() });
  }

  private constructor(parts: Pick<DeliveryBed, "directory" | "engine" | "store" | "state" | "token" | "port">) {
    this.directory = parts.directory;
    this.engine = parts.engine;
    this.store = parts.store;
    this.state = parts.state;
    this.token = parts.token;
    this.port = parts.port;
  }

  get ingestUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  ledgerOf(name: string): string {
    return join(this.directory, `${name}.ledger`);
  }

  spoolOf(name: string): string {
    return join(this.directory, `${name}.spool`);
  }

  /** Settles when it listens. */
  async ingest(mistake: Pick<IngestOrder, "forgetful"> = {}): Promise<ChildProcess> {
    const { url, username, password, database } = this.engine;
    const order: IngestOrder = { store: { url, username, password, database }, port: this.port, ...mistake };
    return this.#ready(INGEST, { DELIVERY_INGEST: JSON.stringify(order) });
  }

  /** Settles when the spool is open. */
  async driver(order: Partial<DriverOrder> & { readonly name: string }): Promise<ChildProcess> {
    const { name } = order;
    const whole: DriverOrder = {
      ingestUrl: this.ingestUrl,
      token: this.token,
      directory: this.spoolOf(name),
      ledger: this.ledgerOf(name),
      everyMs: 20,
      rows: 40,
      ...order,
    };
    return this.#ready(DRIVER, { DELIVERY_DRIVER: JSON.stringify(whole) });
  }

  /** Lets a driver send all that it has. */
  async stop(driver: ChildProcess): Promise<void> {
    driver.send("stop");
    await ended(driver);
  }

  async kill(child: ChildProcess): Promise<void> {
    child.kill("SIGKILL");
    await ended(child);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.kill(child)));
  }

  /** What the store has of each window, by enabling and tick. */
  async stored(): Promise<Map<string, Stored>> {
    const rows = await this.store.query<Stored & { enabling: string; tick: number }>(
      `SELECT enabling, tick, toUInt32(countIf(kind = 1)) AS rows, toFloat64(sum(arraySum(count))) AS sum,
         toUInt32(countIf(kind = 0 AND status = 'ok')) AS watched
       FROM windows WHERE spec = 'delivery' AND status != 'gap' GROUP BY enabling, tick`,
    );
    return new Map(rows.map(({ enabling, tick, ...rest }) => [`${enabling} ${tick}`, rest]));
  }

  /** Gaps that the store has: how many columns, by reason, host and column. */
  async gaps(): Promise<Gap[]> {
    return this.store.query<Gap>(
      `SELECT host, reason, toUInt32(toUnixTimestamp(ts)) AS ts, toUInt32(max(greatest(1, intDiv(elapsed_ns, 1000000000)))) AS columns
       FROM windows WHERE spec = 'delivery' AND kind = 0 AND status = 'gap' GROUP BY host, reason, ts ORDER BY ts`,
    );
  }

  /**
   * Holds the ledgers against the store.
   *
   * @returns what is not stored: windows that were durable, which must be gaps, and those that were not
   * @throws AssertionError if anything is stored twice, in part, or was never emitted; or a number was given twice
   */
  async account(...names: readonly string[]): Promise<Account> {
    const stored = await this.stored();
    const account: Account = { stored: 0, durableMissing: [], openMissing: [] };
    for (const name of names) {
      const lines = linesOf(this.ledgerOf(name));
      const appends = only(lines, "append");
      const durable = new Set(only(lines, "durable").map(({ seq }) => seq));
      assert.equal(new Set(appends.map(({ seq }) => seq)).size, appends.length, "no number is given twice");
      for (const window of appends) {
        const key = `${window.enabling} ${window.tick}`;
        const found = stored.get(key);
        if (found === undefined) (durable.has(window.seq) ? account.durableMissing : account.openMissing).push(window);
        else {
          assert.deepEqual(found, { rows: window.rows, sum: window.sum, watched: 1 }, key);
          account.stored += 1;
          stored.delete(key);
        }
      }
    }
    if (names.length > 0) assert.deepEqual([...stored.keys()], [], "nothing is stored that nobody emitted");
    return account;
  }

  lines(name: string): Line[] {
    return linesOf(this.ledgerOf(name));
  }

  async close(): Promise<void> {
    await this.killAll();
    this.state.close();
    await this.store.close();
    await this.engine.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #ready(script: string, env: Record<string, string>): Promise<ChildProcess> {
    const child = fork(script, {
      env: { ...process.env, ...env },
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    await Promise.race([once(child, "message"), once(child, "exit")]);
    return child;
  }
}

export interface Stored {
  readonly rows: number;
  readonly sum: number;
  readonly watched: number;
}

export interface Gap {
  readonly host: string;
  readonly reason: string;
  readonly ts: number;
  readonly columns: number;
}

interface Missing {
  readonly host: string;
  readonly ts: number;
  readonly tick: number;
  readonly seq: number;
}

export interface Account {
  stored: number;
  readonly durableMissing: Missing[];
  readonly openMissing: Missing[];
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

export function wait(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
