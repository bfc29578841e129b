/**
 * The cluster's configuration is loaded, and its schema made, by a real engine: deploy/clickhouse as it stands, with a keeper
 * inside the process in place of the three, which no data flows through.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ChdbSession, openChdbSession } from "../../store/chdb.ts";
import {
  CLUSTER,
  EMBEDDED,
  clusterScript,
  createTable,
  deleteRows,
  dropPartition,
  localName,
} from "../../store/ddl.ts";
import { MIGRATIONS } from "../../store/migrations.ts";
import { TABLES, WINDOWS } from "../../store/tables.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/clickhouse/", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const usersSql = (): string =>
  readFileSync(join(DEPLOY, "users.sql"), "utf8").replace(/\$\{\w+_SHA256\}/g, "ab".repeat(32));
const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
/** A number as it stands in a source: 4_000, or 1 << 24; null for anything else. */
const numberIn = (text: string): number | null => {
  const [, base, shift = "0"] = /^([\d_]+)(?: << (\d+))?$/.exec(text.trim()) ?? [];
  return base === undefined ? null : Number(base.replaceAll("_", "")) * 2 ** Number(shift);
};
const onThisServer = (sql: string): string => sql.replaceAll(" ON CLUSTER isotherm", "");

describe("deploy/clickhouse", () => {
  let dir: string;
  let session: ChdbSession;
  const rows = async <T>(sql: string): Promise<T[]> => {
    const { bytes } = await session.run(sql, "JSONEachRow");
    const text = Buffer.from(bytes).toString("utf8").trim();
    return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as T);
  };
  const columnsOf = (database: string, table: string): Promise<unknown[]> =>
    rows(
      `SELECT name, type, compression_codec AS codec FROM system.columns
       WHERE database = '${database}' AND table = '${table}' ORDER BY position`,
    );
  const parses = async (sql: string): Promise<void> => {
    await session.run(`EXPLAIN AST ${sql}`, "TSV").catch((cause: unknown) => {
      throw new Error(`does not parse: ${sql}`, { cause });
    });
  };

  before(() => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-cluster-"));
    for (const folder of ["config.d", "users.d"])
      cpSync(join(DEPLOY, "server", folder), join(dir, folder), { recursive: true });
    cpSync(join(DEPLOY, "keeper", "keeper_config.xml"), join(dir, "config.d", "keeper.xml"));
    Object.assign(process.env, {
      ISOTHERM_SHARD: "2",
      ISOTHERM_REPLICA: "1",
      ISOTHERM_CLUSTER_SECRET: "secret",
      ISOTHERM_KEEPER_ID: "3",
    });
    for (const name of ["cold", "backups"]) mkdirSync(join(dir, name));
    writeFileSync(join(dir, "config.xml"), `<clickhouse><users_config>${dir}/users.xml</users_config></clickhouse>`);
    writeFileSync(
      join(dir, "users.xml"),
      `<clickhouse><profiles><default/></profiles><quotas><default/></quotas>
       <users><default><password/><profile>default</profile><quota>default</quota></default></users></clickhouse>`,
    );
    // The last file in order: what a test machine has in place of keepers, disks and a log.
    writeFileSync(
      join(dir, "config.d", "zz-test.xml"),
      `<clickhouse>
        <logger><level>none</level><console remove="1"/></logger>
        <zookeeper replace="replace"><implementation>testkeeper</implementation></zookeeper>
        <query_log remove="1"/><part_log remove="1"/>
        <storage_configuration><disks>
          <cold><path>${dir}/cold/</path></cold><backups><path>${dir}/backups/</path></backups>
        </disks></storage_configuration>
      </clickhouse>`,
    );
    session = openChdbSession(join(dir, "data"), join(dir, "config.xml"));
  });
  after(() => {
    session.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("names two shards of two replicas each, and three keepers", async () => {
    assert.deepEqual(
      await rows(
        "SELECT toString(shard_num) AS shard, host_name AS host FROM system.clusters WHERE cluster = 'isotherm' ORDER BY shard, host",
      ),
      [
        { shard: "1", host: "ch-1-1" },
        { shard: "1", host: "ch-1-2" },
        { shard: "2", host: "ch-2-1" },
        { shard: "2", host: "ch-2-2" },
      ],
    );
    assert.deepEqual(await rows("SELECT macro, substitution FROM system.macros ORDER BY macro"), [
      { macro: "replica", substitution: "1" },
      { macro: "shard", substitution: "2" },
    ]);
    const keeper = readFileSync(join(DEPLOY, "keeper", "keeper_config.xml"), "utf8");
    const server = readFileSync(join(DEPLOY, "server/config.d/isotherm.xml"), "utf8");
    const hosts = [...keeper.matchAll(/<id>(\d)<\/id><hostname>([\w-]+)</g)].map((match) => match.slice(1));
    assert.deepEqual(hosts, [
      ["1", "keeper-1"],
      ["2", "keeper-2"],
      ["3", "keeper-3"],
    ]);
    const asked = [...server.matchAll(/<node><host>([\w-]+)<\/host><port>(\d+)</g)];
    assert.deepEqual(
      asked.map((match) => match[1]),
      hosts.map((host) => host[1]),
    );
    assert.ok(asked.every((match) => keeper.includes(`<tcp_port>${match[2]}</tcp_port>`)));
  });

  test("has a hot and a cold volume, and the limits that it says", async () => {
    assert.deepEqual(
      await rows(
        "SELECT volume_name AS volume, disks, round(move_factor, 2) AS move FROM system.storage_policies WHERE policy_name = 'isotherm_tiered'",
      ),
      [
        { volume: "hot", disks: ["default"], move: 0.1 },
        { volume: "cold", disks: ["cold"], move: 0.1 },
      ],
    );
    const settings = await rows<{ name: string; value: string }>(
      "SELECT name, value FROM system.merge_tree_settings WHERE name IN ('replicated_deduplication_window', 'replicated_deduplication_window_seconds') ORDER BY name",
    );
    assert.deepEqual(
      settings.map(({ value }) => value),
      ["100000", "604800"],
    );
  });

  test("its schema parses, every statement and every migration of it", async () => {
    const script = clusterScript(TABLES, CLUSTER);
    assert.ok(script.length > 30);
    const alters = [dropPartition(WINDOWS, 20_240_101, CLUSTER), deleteRows(WINDOWS, 20_240_101, "seq = 1", CLUSTER)];
    const statements = [...script, ...MIGRATIONS.flatMap(({ statements }) => statements(CLUSTER)), ...alters];
    for (const sql of statements) await parses(sql);
    const unlike = statements.filter((sql) => !sql.includes(" ON CLUSTER isotherm"));
    assert.deepEqual(unlike, [], "each is said to all nodes");
  });

  test("its tables are made for real: types and codecs as in the embedded form, keys, TTL, volumes, sharding", async () => {
    // First, and the replicas one at a time: with several, whose keeper is a toy, the engine soon waits for itself.
    await session.run("CREATE DATABASE embedded ENGINE = Atomic", "Null");
    await session.run("USE embedded", "Null");
    const embedded = new Map<string, unknown[]>();
    for (const table of TABLES) {
      for (const sql of createTable(table, EMBEDDED)) await session.run(sql, "Null");
      embedded.set(table.name, await columnsOf("embedded", table.name));
    }
    await session.run(onThisServer(clusterScript([], CLUSTER)[0] ?? ""), "Null");
    await session.run("USE isotherm", "Null");
    for (const table of TABLES) {
      const local = localName(table, CLUSTER);
      for (const sql of createTable(table, CLUSTER)) await session.run(onThisServer(sql), "Null");
      const [found] = await rows<{ engine: string; sorting_key: string; sql: string }>(
        `SELECT engine, sorting_key, create_table_query AS sql FROM system.tables WHERE database = 'isotherm' AND name = '${local}'`,
      );
      assert.match(found?.engine ?? "none", /^Replicated(Replacing)?MergeTree$/, table.name);
      assert.equal(found?.sorting_key.replace(/^\((\w+)\)$/, "$1"), table.orderBy.join(", "));
      assert.deepEqual(await columnsOf("isotherm", local), embedded.get(table.name), `${table.name}, embedded`);
      for (const { name, type, codec } of table.columns) {
        const column = await rows(
          `SELECT type, compression_codec AS codec FROM system.columns WHERE database = 'isotherm' AND table = '${local}' AND name = '${name}'`,
        );
        const written = (codec ?? "").replace(/^(?=.)/, "CODEC(").replace(/(?<=.)$/, ")");
        assert.deepEqual(
          column.map((each) =>
            JSON.stringify(each)
              .replace("Delta(1)", "Delta")
              .replace(/Delta\(\d\)/, "Delta"),
          ),
          [JSON.stringify({ type, codec: written }).replace(/Delta\(\d\)/, "Delta")],
          `${local}.${name}`,
        );
      }
      if (table.tier !== undefined) assert.match(found.sql, / TTL .*toIntervalDay\(\d+\)/, local);
      if (table.shardBy !== undefined) {
        assert.match(found.sql, /TO VOLUME 'cold'.*storage_policy = 'isotherm_tiered'/s, local);
        const [over] = await rows<{ full: string }>(
          `SELECT engine_full AS full FROM system.tables WHERE database = 'isotherm' AND name = '${table.name}'`,
        );
        assert.match(over?.full ?? "", new RegExp(`^Distributed\\('isotherm', 'isotherm', '${local}', `), table.name);
      }
      for (const name of new Set([table.name, local])) await session.run(`DROP TABLE ${name} SYNC`, "Null");
    }
  });

  test("a tenant's zone lies on one shard whether raw or rolled up, and a tenant's zones on several", async () => {
    const where = WINDOWS.shardBy ?? "";
    const sharded = TABLES.filter((table) => table.shardBy !== undefined);
    assert.ok(sharded.length >= 3 && sharded.every((table) => table.shardBy === where));
    const [spread] = await rows<{ zones: number; shards: number }>(
      `SELECT toUInt32(uniqExact(zone)) AS zones, toUInt32(uniqExact(shard)) AS shards FROM (
         SELECT 1 AS kind, 'acme' AS tenant, toString(number % 40) AS zone, toString(number) AS host, (${where}) % 2 AS shard FROM numbers(400)
         ) GROUP BY tenant`,
    );
    assert.deepEqual(spread, { zones: 40, shards: 2 });
    const split = await rows(
      `SELECT zone FROM (SELECT 1 AS kind, 'acme' AS tenant, toString(number % 40) AS zone, toString(number) AS host, (${where}) % 2 AS shard FROM numbers(400))
       GROUP BY zone HAVING uniqExact(shard) > 1`,
    );
    assert.deepEqual(split, []);
  });

  test("its readers may set what the query API sets, and as far as it does", async () => {
    const profile = /PROFILE OR REPLACE isotherm_limits [^;]*SETTINGS([^;]*)TO/.exec(usersSql())?.[1] ?? "";
    const rules = new Map(
      [...profile.matchAll(/(\w+) = '?\w+'?(?: MIN (\d+))?(?: MAX (\d+))? (CHANGEABLE_IN_READONLY|CONST)/g)].map(
        ([, name = "", min = "0", max = "Infinity", word]) => [name, { min, max, isFree: word !== "CONST" }],
      ),
    );
    const known = new Set((await rows<{ name: string }>("SELECT name FROM system.settings")).map(({ name }) => name));
    const sent = [...sources("query-api"), join(ROOT, "store/client.ts")].flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\b([a-z0-9]+(?:_[a-z0-9]+)+): ([^,\n]+)/g)].map(
        ([, name = "", value = ""]) => ({ name, value: numberIn(value), file }),
      ),
    );
    const settings = sent.filter(({ name }) => known.has(name));
    assert.ok(settings.length >= 25, "the sources were understood");
    for (const { name, value, file } of settings) {
      const rule = rules.get(name);
      assert.ok(rule?.isFree, `${name} of ${file} may be set`);
      if (value === null) continue;
      assert.ok(value >= Number(rule.min) && value <= Number(rule.max), `${name}: ${value} of ${file} is within`);
    }
  });

  test("its users, roles, quotas and policies parse, and each tenant's table has its policies", async () => {
    const text = usersSql();
    const statements = text
      .replace(/^--.*$/gm, "")
      .split(/;\s*$/m)
      .map((sql) => sql.trim())
      .filter((sql) => sql !== "");
    assert.ok(statements.length >= 15);
    for (const sql of statements) {
      await parses(sql);
      assert.match(sql, / ON CLUSTER isotherm\b/);
    }
    const access = clusterScript(TABLES, CLUSTER).filter((sql) => sql.startsWith("CREATE ROW POLICY"));
    for (const table of TABLES.filter((each) => each.perTenant === true)) {
      for (const target of [table.name, localName(table, CLUSTER)]) {
        const own = access.filter((sql) => sql.includes(` ON isotherm.${target} `));
        assert.ok(
          own.some((sql) => / AS RESTRICTIVE TO isotherm_reading$/.test(sql)),
          target,
        );
        assert.ok(text.includes(`isotherm.${target}`), `${target} in users.sql`);
      }
    }
    assert.match(clusterScript(TABLES, CLUSTER).join("\n"), /KEYED BY client_key/);
    assert.match(readFileSync(join(DEPLOY, "server/config.d/isotherm.xml"), "utf8"), /<secret from_env/);
  });
});
