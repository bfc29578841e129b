/**
 * One holder at a time: over a store that is slow and answers out of turn, for processes that stop and come back.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import type { StoreClient } from "../../store/client.ts";
import { Lease } from "../../store/lease.ts";
import { LONG } from "../long.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * A store in memory on a clock of its own: what is inserted is seen from some moment within the call on, and a call takes its time.
 */
class SlowStore {
  readonly #rows = new Map<string, Row>();
  readonly #events: { atMs: number; order: number; run: () => void }[] = [];
  readonly #random: () => number;
  /** What a mutant changes of what is written. */
  readonly #change: (row: Row) => Row | null;
  nowMs = 0;
  #order = 0;

  constructor(seed: number, change: (row: Row) => Row | null) {
    this.#random = seeded(seed);
    this.#change = change;
  }

  readonly client = {
    insertRows: async (_table: string, rows: readonly Row[]) => {
      await this.sleep(this.#latency());
      for (const row of rows) {
        const changed = this.#change(row);
        const holder = String(row["holder"]);
        if (changed !== null && Number(row["version"]) >= Number(this.#rows.get(holder)?.["version"] ?? 0))
          this.#rows.set(holder, changed);
      }
      await this.sleep(this.#latency());
      return { writtenRows: rows.length };
    },
    query: async () => {
      await this.sleep(this.#latency());
      const rows = [...this.#rows.values()];
      await this.sleep(this.#latency());
      return rows;
    },
  } as unknown as StoreClient;

  sleep(ms: number): Promise<void> {
    return new Promise((run) => this.#events.push({ atMs: this.nowMs + ms, order: this.#order++, run }));
  }

  /** Lets time pass. */
  async runUntil(endMs: number, look: () => void): Promise<void> {
    for (;;) {
      await settle();
      this.#events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#events[0];
      if (next === undefined || next.atMs > endMs) return;
      this.#events.shift();
      this.nowMs = next.atMs;
      next.run();
      await settle();
      look();
    }
  }

  /** Mostly fast, sometimes longer than a lease. */
  #latency(): number {
    const draw = this.#random();
    return draw < 0.9 ? draw * 20 : draw < 0.98 ? draw * 500 : 2000;
  }
}

async function settle(): Promise<void> {
  await new Promise((run) => setImmediate(run));
}

const TTL_MS = 1000;

/** @returns how often two held it at once, and how often one did */
async function contend(
  seed: number,
  change: (row: Row) => Row | null = (row) => row,
): Promise<{ both: number; one: number }> {
  const store = new SlowStore(seed, change);
  const random = seeded(seed + 1_000_000);
  const leases = Array.from({ length: 3 }, (_, i) => {
    const options = { store: store.client, name: "x", holder: `p${2 - i}`, onError: () => undefined };
    return new Lease({ ...options, now: () => store.nowMs, ttlMs: TTL_MS });
  });
  for (const lease of leases) {
    void (async () => {
      for (;;) {
        await lease.beat();
        // Now and then a process stands still.
        await store.sleep(random() < 0.05 ? 1500 : 100 * random());
      }
    })();
  }
  let [both, one] = [0, 0];
  await store.runUntil(20_000, () => {
    const holders = leases.filter((lease) => lease.mayBegin()).length;
    if (holders > 1) both += 1;
    if (holders === 1) one += 1;
  });
  return { both, one };
}

describe("a lease", () => {
  test("is held by one at a time, whatever the store and the processes do", async () => {
    let held = 0;
    for (let seed = 1; seed <= (LONG ? 2000 : 25); seed++) {
      const { both, one } = await contend(seed);
      assert.equal(both, 0, `seed ${seed}`);
      held += one;
    }
    assert.ok(held > 300, "and it is held");
  });

  test("would be held by two if nobody said that it was choosing", async () => {
    let both = 0;
    const silent = (row: Row): Row | null => (row["choosing"] === true ? null : row);
    for (let seed = 1; seed <= 200 && both === 0; seed++) both += (await contend(seed, silent)).both;
    assert.ok(both > 0);
  });
});
