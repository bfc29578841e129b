/**
 * Control tables where clocks go back and reports come late. The store is a list of what was written.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { QUARANTINE } from "../../core/window.ts";
import type { StoreClient } from "../../store/client.ts";
import { Ownership } from "../../store/ownership.ts";
import { openTenants } from "../../store/tenants.ts";

type Stored = Record<string, unknown> & { version: number };

/** What ReplacingMergeTree does: of one key the highest version, of equal versions the last. */
class FakeStore {
  readonly rows: Stored[] = [];
  readonly #key: (row: Stored) => string;
  hold: Promise<void> | undefined;

  constructor(key: (row: Stored) => string) {
    this.#key = key;
  }

  get client(): StoreClient {
    return {
      insertRows: async (_table: string, rows: readonly Stored[]) => {
        const { hold } = this;
        this.hold = undefined;
        await hold;
        this.rows.push(...rows);
        return { writtenRows: rows.length };
      },
      query: () => {
        const newest = new Map<string, Stored>();
        for (const row of this.rows) {
          if (row.version >= (newest.get(this.#key(row))?.version ?? 0)) newest.set(this.#key(row), row);
        }
        return Promise.resolve([...newest.values()]);
      },
    } as unknown as StoreClient;
  }
}

describe("a control table", () => {
  const byId = (row: Stored): string => String(row["id"]);

  test("the last write wins even when another process, or an earlier day, had a clock that was ahead", async () => {
    const store = new FakeStore(byId);
    store.rows.push({ id: "a", name: "old", created_ms: 1, version: Date.now() + 3_600_000 });
    const table = openTenants(store.client);
    await table.refresh();
    await table.put([{ id: "a", name: "new", createdMs: 1 }]);
    await table.refresh();
    assert.equal(table.get("a")?.name, "new");
  });

  test("of two writes under way at once the later wins, whichever ends first", async () => {
    const store = new FakeStore(byId);
    const table = openTenants(store.client);
    let release = (): void => undefined;
    store.hold = new Promise<void>((resolve) => (release = resolve));
    const first = table.put([{ id: "a", name: "first", createdMs: 1 }]);
    await table.put([{ id: "a", name: "second", createdMs: 1 }]);
    release();
    await first;
    assert.equal(table.get("a")?.name, "second");
  });

  test("a row that has not changed stays the same object, and nothing counts as changed", async () => {
    const store = new FakeStore(byId);
    const table = openTenants(store.client);
    await table.put([{ id: "a", name: "x", createdMs: 1 }]);
    const { revision } = table;
    const row = table.get("a");
    await table.refresh();
    assert.equal(table.get("a"), row);
    assert.equal(table.revision, revision);
    await table.put([{ id: "a", name: "y", createdMs: 1 }]);
    assert.notEqual(table.revision, revision);
  });
});

describe("ownership", () => {
  const open = (): Ownership => {
    const key = (row: Stored): string => [row["zone"], row["host"], row["from_ms"]].join();
    return new Ownership(new FakeStore(key).client);
  };
  const zone = (name: string, owner: string) => ({ name, owner, alias: "", state: "running" });

  test("a report that was overtaken by a newer one changes nothing", async () => {
    const ownership = open();
    await ownership.report("cn", [zone("a", "acme")], 1000);
    await ownership.report("cn", [zone("a", "globex"), zone("b", "acme")], 3000);
    await ownership.report("cn", [zone("a", "acme")], 2000);
    assert.equal(ownership.ownerAt("cn", "a", 4000), "globex");
    assert.equal(ownership.ownerAt("cn", "b", 4000), "acme");
  });

  test("a clock that was set back by hours is believed, or zones made since would have no owner until it has caught up", async () => {
    const ownership = open();
    await ownership.report("cn", [zone("a", "acme")], 10_000_000);
    await ownership.report("cn", [zone("a", "acme"), zone("b", "globex")], 1_000_000);
    assert.equal(ownership.ownerAt("cn", "b", 1_000_000), "globex");
  });

  test("a zone that vanishes from one report and is back in the next had the same owner meanwhile", async () => {
    const ownership = open();
    await ownership.report("cn", [zone("a", "acme")], 1000);
    await ownership.report("cn", [], 2000);
    assert.equal(ownership.ownerAt("cn", "a", 2500), QUARANTINE);
    await ownership.report("cn", [zone("a", "acme")], 3000);
    assert.equal(ownership.ownerAt("cn", "a", 2500), "acme");
    assert.equal(ownership.all().length, 1);
  });

  test("a zone that is back with another owner was nobody's meanwhile", async () => {
    const ownership = open();
    await ownership.report("cn", [zone("a", "acme")], 1000);
    await ownership.report("cn", [], 2000);
    await ownership.report("cn", [zone("a", "globex")], 3000);
    assert.equal(ownership.ownerAt("cn", "a", 1500), "acme");
    assert.equal(ownership.ownerAt("cn", "a", 2500), QUARANTINE);
    assert.equal(ownership.ownerAt("cn", "a", 3500), "globex");
  });
});
