/** What one reader may take of the engine, and what stays for inserts: threads, memory, caches, sessions. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BOMBS } from "../../bench/bombs.ts";
import { OperationalError } from "../../core/errors.ts";
import { engineConfig, engineUsers, readersBytes } from "../../store/engine-config.ts";
import { type Share, Shares } from "../../store/engine-shares.ts";
import { ENDLESS, type TestEngine, startTestEngine } from "../store/engine-fixture.ts";
import { until } from "../until.ts";

describe("the shares of statements that read", () => {
  const limits = { lanes: 8, threads: 4, budgetBytes: 1000 };

  test("one alone has all threads and a good part of the memory, each that joins has less", () => {
    const shares = new Shares(limits);
    const taken = Array.from({ length: 8 }, () => shares.take());
    assert.deepEqual(
      taken.map((share) => share.threads),
      [4, 2, 2, 1, 1, 1, 1, 1],
    );
    assert.equal(taken[0]?.memoryBytes, 300);
    assert.equal(taken[1]?.memoryBytes, 210);
    assert.ok(taken.every((share) => share.memoryBytes >= 40 && share.aloneBytes === 300));
  });

  test("in any order of coming and going they never add up to more than the budget", () => {
    const shares = new Shares(limits);
    const running: Share[] = [];
    let seed = 1;
    for (let step = 0; step < 5000; step++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      if (running.length < 8 && seed % 3 > 0) running.push(shares.take());
      else {
        const [gone] = running.splice(seed % Math.max(1, running.length), 1);
        if (gone !== undefined) shares.giveBack(gone);
      }
      const sum = running.reduce((bytes, share) => bytes + share.memoryBytes, 0);
      assert.ok(sum <= limits.budgetBytes, `step ${step}: ${sum}`);
      assert.ok(running.every((share) => share.memoryBytes > 0 && share.threads >= 1));
    }
  });
});

const FAILING = "SELECT length(groupArray(number)) FROM numbers(100000000)";

describe("the engine's limits", () => {
  let t: TestEngine;
  before(async () => void (t = await startTestEngine()));
  after(() => t.close());

  const settings = async (): Promise<Map<string, string>> => {
    const rows = await t.client.query<{ name: string; value: string }>(
      "SELECT name, value FROM system.server_settings UNION ALL SELECT name, value FROM system.merge_tree_settings",
    );
    return new Map(rows.map(({ name, value }) => [name, value]));
  };

  test("its memory, caches and pools are those of its configuration, not those of a machine of its own", async () => {
    const memoryBytes = 2 ** 30;
    const limits = { memoryBytes, threads: 2, freeDiskBytes: 2 ** 29 };
    const paths = { usersFile: "/u", backupDirs: ["/b"], database: "isotherm" };
    const configured = [...engineConfig(limits, paths).matchAll(/<(\w+)>(\d+)</g)];
    const inForce = await settings();
    const checked = configured.filter(([, name]) => inForce.has(name ?? ""));
    assert.ok(checked.length >= 15, `${checked.length} settings are known to the engine`);
    for (const [, name = "", value] of checked) assert.equal(inForce.get(name), value, name);
    const caches = [...inForce].filter(([name]) =>
      /^(mark|primary_index|uncompressed|index_\w+)_cache_size$/.test(name),
    );
    assert.ok(
      caches.reduce((sum, [, bytes]) => sum + Number(bytes), 0) <= memoryBytes / 4,
      "caches take a quarter at most",
    );
  });

  test("its user knows one database and no source of rows outside it", async () => {
    assert.match(
      engineUsers(
        { memoryBytes: 1, threads: 1, freeDiskBytes: 0 },
        { usersFile: "", backupDirs: [], database: "isotherm" },
      ),
      /GRANT [A-Za-z, ]+ ON isotherm\.\*/,
    );
    const grants = await (await t.http({}, { body: "SHOW GRANTS" })).text();
    assert.match(grants, /GRANT /);
    assert.doesNotMatch(grants, /FILE|URL|REMOTE|S3|SOURCES|READ|WRITE|FUNCTION|USER|ROLE|POLICY|GRANT OPTION/);
    const outside = [
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT * FROM `file`('/etc/passwd', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
      "SELECT * FROM remote('127.0.0.1', 'system.one')",
      "SELECT * FROM cluster('default', 'system.one')",
      "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV')",
      "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
      "SELECT * FROM executable('id', 'TSV', 'a String')",
      "SELECT * FROM python('x')",
      "SELECT * FROM mergeTreeIndex('default', 'x')",
      "CREATE TABLE x (a String) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
      "CREATE TABLE x (a String) ENGINE = File('CSV', '/tmp/x')",
      "CREATE TABLE x (a String) ENGINE = Distributed('c', 'd', 't')",
      "CREATE FUNCTION f AS (x) -> x",
      "CREATE USER u",
      "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:1/' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
      "BACKUP TABLE windows TO File('/tmp/x')",
      "BACKUP TABLE windows TO S3('http://127.0.0.1:1/x')",
      "SYSTEM SHUTDOWN",
      "SELECT 1 INTO OUTFILE '/tmp/isotherm-outfile'",
    ];
    for (const body of outside) {
      const answer = await t.http({}, { body });
      const text = await answer.text();
      assert.ok(answer.status >= 400, `${body} was answered: ${text.slice(0, 100)}`);
    }
  });

  test("eight query bombs at once refuse no insert, and end when their clients go", async () => {
    await t.client.command("CREATE TABLE beside (a UInt64) ENGINE = MergeTree ORDER BY a");
    const gone = new AbortController();
    const ends = BOMBS.map(async ({ sql }, at) => {
      // One that meets its limit is thrown again, as a page that asks again would.
      while (!gone.signal.aborted) {
        await t.client.query(sql, {}, { signal: gone.signal, queryId: `bomb-${at}` }).catch(() => undefined);
      }
    });
    const bombs =
      "SELECT toUInt32(count()) AS n FROM system.processes WHERE startsWith(Settings['log_comment'], 'bomb')";
    const count = async (): Promise<number> => (await t.client.query<{ n: number }>(bombs))[0]?.n ?? 0;
    await until("bombs run", async () => (await count()) >= 4);
    for (let a = 0; a < 8; a++) assert.deepEqual(await t.client.insertRows("beside", [{ a }]), { writtenRows: 1 });
    assert.ok((await count()) >= 4, "the bombs have run all the time");
    gone.abort();
    await Promise.all(ends);
    await until("the bombs are gone", async () => (await count()) === 0);
    assert.deepEqual(await t.client.query("SELECT toUInt32(count()) AS n FROM beside"), [{ n: 8 }]);
    assert.equal(t.engine.restarts, 0);
  });

  test("a reader that needs more memory than is left is told to come back, one that needs too much to ask for less", async () => {
    const codeOf = async (): Promise<string> =>
      t.client.query(FAILING, {}, { settings: { max_threads: 1 } }).then(
        () => "answered",
        (error: unknown) => (error instanceof OperationalError ? error.code : "other"),
      );
    assert.equal(await codeOf(), "QUERY_TOO_LARGE");
    const gone = new AbortController();
    const others = [1, 2].map((n) =>
      t.client
        .query(ENDLESS, {}, { signal: gone.signal, queryId: `other-${n}`, settings: { max_threads: 1 } })
        .catch(() => 0),
    );
    const seen = "SELECT 1 FROM system.processes WHERE startsWith(Settings['log_comment'], 'other')";
    await until("others run", async () => (await t.client.query(seen)).length === 2);
    assert.equal(await codeOf(), "STORE_UNAVAILABLE");
    gone.abort();
    await Promise.all(others);
  });

  test("statements that failed hold no memory while a long one runs", async () => {
    const gone = new AbortController();
    const long = t.client.query(ENDLESS, {}, { signal: gone.signal, settings: { max_threads: 1 } }).catch(() => 0);
    for (let n = 0; n < 5; n++) {
      await t.client.query(FAILING, {}, { settings: { max_memory_usage: 50_000_000 } }).catch(() => 0);
    }
    // The long one and the one that looks.
    assert.deepEqual(await t.client.query("SELECT toUInt32(count()) AS n FROM system.processes"), [{ n: 2 }]);
    gone.abort();
    await long;
  });

  test("keeps most of a small budget for readers, and never all of it", () => {
    for (const memoryBytes of [2 ** 30, 2 ** 32, 2 ** 36]) {
      const readers = readersBytes({ memoryBytes, threads: 1, freeDiskBytes: 0 });
      assert.ok(readers > 0.4 * memoryBytes && readers <= 0.7 * memoryBytes);
    }
  });
});
