/**
 * The tables: what migrations make of an old database is what store/tables.ts says, and both forms of it are ClickHouse's SQL.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { access, CLUSTER, clusterScript, createTable, EMBEDDED, localName } from "../../store/ddl.ts";
import { MIGRATIONS, migrate } from "../../store/migrations.ts";
import { APPLIED, TABLES, WINDOWS } from "../../store/tables.ts";
import { startTestEngine, type TestEngine } from "./engine-fixture.ts";

describe("the store's tables", () => {
  let engine: TestEngine;
  before(async () => {
    engine = await startTestEngine();
  });
  after(() => engine.close());

  test("a database of the first version, with rows in it, comes to be as the newest, however often it is tried", async () => {
    const { client } = engine;
    for (const statement of [...createTable(APPLIED, EMBEDDED), ...(MIGRATIONS[0]?.statements(EMBEDDED) ?? [])]) {
      await client.command(statement);
    }
    await client.insertRows("migrations", [{ version: 1, name: "first", applied_ms: 1 }]);
    await client.insertRows("windows", [{ kind: 0, spec: "a", ts: 1_700_000_000 }]);
    await client.insertRows("tokens", [{ id: "old", version: 1 }]);
    assert.equal((await migrate(client, 2)).length, MIGRATIONS.length - 1);
    // A crash may have come before the last step was written down: all of its statements, and those of others, run again.
    for (const { statements } of MIGRATIONS) for (const each of statements(EMBEDDED)) await client.command(each);
    assert.deepEqual(await migrate(client, 3), []);
    const [kept] = await client.query<{ n: string }>("SELECT count() AS n FROM windows WHERE spec = 'a'");
    assert.equal(kept?.n, "1");
  });

  test("and then is to the letter what the description makes of nothing", async () => {
    const shown = async (name: string): Promise<string> => {
      const [row] = await engine.client.query<{ statement: string }>(`SHOW CREATE TABLE ${name}`);
      return (row?.statement ?? "").replace(`isotherm.${name}`, "");
    };
    for (const table of TABLES) {
      const fresh = { ...table, name: `fresh_${table.name}` };
      for (const statement of createTable(fresh, EMBEDDED)) await engine.client.command(statement);
      assert.equal(await shown(table.name), await shown(fresh.name), table.name);
    }
  });

  test("a database that a newer program has migrated is refused", async () => {
    await engine.client.insertRows("migrations", [{ version: 9999, name: "from the future", applied_ms: 1 }]);
    await assert.rejects(migrate(engine.client, 4), { code: "STORE_NEWER" });
  });

  test("every statement of the cluster form is one that ClickHouse can parse", async () => {
    const statements = [...clusterScript(TABLES, CLUSTER), ...MIGRATIONS.flatMap((each) => each.statements(CLUSTER))];
    for (const statement of statements) await engine.client.query(`EXPLAIN AST ${statement}`);
  });
});

describe("the cluster form", () => {
  test("replicates within a shard what is sharded, and over all nodes what is not", () => {
    for (const table of TABLES) {
      const [local, distributed] = createTable(table, CLUSTER);
      assert.match(local ?? "", /ENGINE = Replicated(Replacing)?MergeTree\(/, table.name);
      assert.equal(distributed === undefined, table.shardBy === undefined, table.name);
      assert.equal(/tables\/\{shard\}/.test(local ?? ""), table.shardBy !== undefined, table.name);
    }
  });

  test("moves what has an age to the cold volume, then deletes whole parts of it, after our own retention would have", () => {
    const [local] = createTable(WINDOWS, CLUSTER);
    assert.match(local ?? "", /TTL ts \+ INTERVAL 2 DAY TO VOLUME 'cold', ts \+ INTERVAL 11 DAY DELETE/);
    assert.match(local ?? "", /ttl_only_drop_parts = 1/);
  });

  test("holds readers to a tenant on every table that has tenants, under both of its names", () => {
    const policies = access(TABLES, CLUSTER).filter((statement) => statement.includes("AS RESTRICTIVE"));
    const tenants = TABLES.filter(
      (table) => table.columns.some(({ name }) => name === "tenant") && table.name !== "tokens",
    );
    assert.equal(policies.length, 2 * tenants.length);
    for (const table of tenants) {
      assert.ok(policies.some((statement) => statement.includes(`ON isotherm.${localName(table, CLUSTER)} `)));
    }
  });

  test("takes no name that is more than a name", () => {
    assert.throws(() => createTable(WINDOWS, { ...CLUSTER, cluster: "a; DROP TABLE windows" }), RangeError);
  });
});
