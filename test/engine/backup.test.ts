/** A backup is taken while batches are stored, is refused when it is not whole, and a store made of it goes on exactly. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { backupCommand, restoreCommand } from "../../cli/backup.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Batch } from "../../core/window.ts";
import { startIngest, type IngestService } from "../../ingest/service.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import { backUpDirectory, restoreDirectory } from "../../store/backup-directory.ts";
import { checkBackup } from "../../store/backup-manifest.ts";
import { PARTS, backupSql, restoreSql, type Place } from "../../store/backup-sql.ts";
import { createStoreClient, type StoreClient } from "../../store/client.ts";
import { CLUSTER, EMBEDDED } from "../../store/ddl.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { startEngine, type Engine } from "../../store/engine.ts";
import { migrate } from "../../store/migrations.ts";
import { openState, type State } from "../../store/state.ts";

/** Rows of today: neither late nor of two days. */
const SEC = Math.floor(Date.now() / 86_400_000) * 86_400;

/** What the store holds, as far as a backup must keep it: exact sums, coverage, and who may do what. */
interface Contents {
  readonly batches: readonly {
    readonly batch: string;
    readonly rows: number;
    readonly events: number;
    readonly covered: number;
  }[];
  readonly control: unknown;
}

async function contents(store: StoreClient): Promise<Contents> {
  const batches = await store.query<Contents["batches"][number]>(
    `SELECT concat(stream, '/', toString(seq)) AS batch, toUInt32(count()) AS rows,
       toUInt32(sum(arraySum(count))) AS events, toUInt32(countIf(kind = 0)) AS covered
     FROM windows GROUP BY stream, seq ORDER BY stream, seq`,
  );
  const control: unknown[] = [];
  for (const table of ["tenants", "tokens", "ownership", "instrumentations"]) {
    control.push(await store.query(`SELECT * EXCEPT version FROM ${table} FINAL ORDER BY tuple(*)`));
  }
  return { batches, control };
}

function batchOf(seq: number): Batch {
  const builder = new BatchBuilder();
  const row = { spec: "s", enabling: "e", host: "cn-01", tick: seq, ts: SEC + (seq % 3600) };
  builder.addWindow({ ...row, zone: "zone-a", keys: ["k"], bucket: [1, 2], count: [seq, 1], value: 0 });
  const quality = { dropped: 0, events: seq + 1, endedMs: 0, receivedMs: 0, elapsedNs: 0, detail: "" };
  builder.addCoverage({ ...row, ...quality, status: "ok", reason: "" });
  return builder.finish();
}

/** The store's half of the services: engine, control state and ingest. */
interface Half {
  readonly engine: Engine;
  readonly store: StoreClient;
  readonly state: State;
  readonly ingest: IngestService;
  readonly token: string;
  close(): Promise<void>;
}

/** @param token a collector's that the store knows already; a new one by default */
async function start(dataDir: string, token?: string): Promise<Half> {
  const engine = await startEngine({ dataDir: join(dataDir, "store") });
  const store = createStoreClient(engine);
  await migrate(store, Date.now());
  const state = await openState(store, (error) => assert.ifError(error));
  const log = silentLog();
  const ingest = await startIngest({ store, state, log, metrics: new Metrics(true), host: "127.0.0.1", port: 0 });
  const close = async (): Promise<void> => {
    await ingest.close();
    state.close();
    await store.close();
    await engine.close();
  };
  return { engine, store, state, ingest, close, token: token ?? (await state.tokens.create("collector", "", "test")) };
}

async function post(to: Half, seq: number, body: Uint8Array): Promise<Response> {
  return fetch(`${to.ingest.url}/v1/batches`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${to.token}`,
      "content-type": "application/vnd.apache.arrow.stream",
      "isotherm-stream": "stream",
      "isotherm-seq": String(seq),
      "isotherm-after": String(seq - 1),
      "isotherm-rows": "2",
      "content-digest": `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
    },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

/** What a restored store holds, seen without services. */
async function look(dataDir: string): Promise<Contents> {
  const engine = await startEngine({ dataDir: join(dataDir, "store") });
  const store = createStoreClient(engine);
  const found = await contents(store);
  await store.close();
  await engine.close();
  return found;
}

describe("a backup", () => {
  let dir: string;
  let data: string;
  let api: Half;
  /** Batches acknowledged so far. */
  let stored = 0;
  const frozen = new Map<number, Uint8Array>();
  const send = async (seq: number, to: Half = api): Promise<string> => {
    // Frozen when first sent, as in a spool: what is sent again is the same bytes.
    const body = frozen.get(seq) ?? encodeBatch(batchOf(seq));
    frozen.set(seq, body);
    const answer = await post(to, seq, body);
    return answer.ok ? ((await answer.json()) as { outcome: string }).outcome : String(answer.status);
  };
  const code = (expected: string, message: RegExp) => (error: unknown) => {
    assert.equal((error as { code?: string }).code, expected, String(error));
    assert.match((error as Error).message, message);
    return true;
  };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-backup-"));
    data = join(dir, "data");
    api = await start(data);
    await api.state.tenants.put([{ id: "acme", name: "Acme", createdMs: 1 }]);
    const zones = [{ name: "zone-a", owner: "acme", alias: "", state: "running" }] as const;
    await api.state.ownership.report("cn-01", zones, SEC * 1000);
    for (; stored < 5; stored++) assert.equal(await send(stored + 1), "stored");
  });
  after(async () => {
    await api.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("taken while batches are stored has every batch acknowledged before it, and each whole or not at all", async () => {
    const before = await contents(api.store);
    const done = new AbortController();
    const ingest = (async () => {
      while (!done.signal.aborted) {
        assert.equal(await send(stored + 1), "stored");
        stored++;
      }
    })();
    const acknowledged = stored;
    const manifest = await backUpDirectory(join(data, "store"), join(dir, "full"), null);
    done.abort();
    await ingest;
    assert.ok(stored > acknowledged, "batches came in meanwhile");
    assert.ok(manifest.files.length > 20 && manifest.base === null);
    assert.deepEqual(readdirSync(join(data, "store", "backups")), [], "nothing is left in the data directory");

    await restoreDirectory(join(dir, "full"), join(dir, "restored"), null);
    // The collector of before, with its token of before.
    const again = await start(join(dir, "restored"), api.token);
    try {
      const found = await contents(again.store);
      const all = await contents(api.store);
      assert.ok(found.batches.length >= acknowledged && found.batches.length <= stored);
      assert.deepEqual(found.batches, all.batches.slice(0, found.batches.length), "sums and coverage up to a moment");
      assert.ok(found.batches.every(({ rows, covered }) => rows >= 2 && covered === 1));
      // The tokens of this start are new; those of before are all there.
      const text = JSON.stringify(found.control);
      for (const rows of before.control as unknown[][])
        for (const row of rows) assert.ok(text.includes(JSON.stringify(row)));

      // A collector sends again what it knows acknowledged, and what came after the backup.
      for (let seq = 1; seq <= stored; seq++) {
        assert.equal(await send(seq, again), seq <= found.batches.length ? "duplicate" : "stored", `batch ${seq}`);
      }
      assert.equal(await send(stored + 1, again), "stored");
      const sums = await contents(again.store);
      assert.deepEqual(sums.batches.slice(0, stored), all.batches);
      assert.equal(sums.batches.length, stored + 1);
    } finally {
      await again.close();
    }
  });

  test("that stands on another stores only what is new, and needs the other", async () => {
    stored++;
    assert.equal(await send(stored), "stored");
    const full = await checkBackup(join(dir, "full"));
    const small = await backUpDirectory(join(data, "store"), join(dir, "incremental"), join(dir, "full"));
    assert.equal(small.base?.id, full.id);
    const has = (part: string) => (file: { path: string }) => file.path.includes(part);
    assert.ok(small.files.length < full.files.length, "files of the full one are not repeated");
    assert.ok(small.files.some(has("rows/data/")), "the new part is there");
    renameSync(join(dir, "full"), join(dir, "moved"));
    await assert.rejects(
      restoreDirectory(join(dir, "incremental"), join(dir, "x"), null),
      code("BACKUP_DAMAGED", /full/),
    );
    await restoreDirectory(join(dir, "incremental"), join(dir, "second"), join(dir, "moved"));
    renameSync(join(dir, "moved"), join(dir, "full"));
    await assert.rejects(
      backUpDirectory(join(data, "store"), join(dir, "third"), join(dir, "incremental")),
      code("BACKUP_TARGET", /stands on another/),
    );
    const [found, all] = [await look(join(dir, "second")), await contents(api.store)];
    assert.deepEqual(found.batches, all.batches);
  });

  test("that is half-written or damaged is refused, and nothing is made of it", async () => {
    const full = join(dir, "full");
    const list = join(full, "isotherm-backup.json");
    const text = readFileSync(list);
    const { files } = await checkBackup(full);
    const big = join(full, files.toSorted((a, b) => b.bytes - a.bytes)[0]?.path ?? "");
    const bytes = readFileSync(big);
    const flipped = Buffer.from(bytes);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    const damages: [what: string, damage: () => void, repair: () => void, says: RegExp][] = [
      ["never finished", () => rmSync(list), () => writeFileSync(list, text), /never finished/],
      ["half a list", () => truncateSync(list, 100), () => writeFileSync(list, text), /cannot be read/],
      ["another format", () => writeFileSync(list, '{"format": 9}'), () => writeFileSync(list, text), /format 9/],
      ["a file cut", () => truncateSync(big, bytes.length - 1), () => writeFileSync(big, bytes), /bytes, expected/],
      ["a file longer", () => appendFileSync(big, "x"), () => writeFileSync(big, bytes), /bytes, expected/],
      ["one bit", () => writeFileSync(big, flipped), () => writeFileSync(big, bytes), /has changed/],
      ["a file gone", () => rmSync(big), () => writeFileSync(big, bytes), /is missing/],
      [
        "a file too many",
        () => writeFileSync(join(full, "more"), "x"),
        () => rmSync(join(full, "more")),
        /more is not a file of it/,
      ],
    ];
    for (const [what, damage, repair, says] of damages) {
      damage();
      await assert.rejects(restoreDirectory(full, join(dir, "none"), null), code("BACKUP_DAMAGED", says), what);
      repair();
    }
    const newer = { ...(JSON.parse(text.toString()) as object), tablesVersion: 999 };
    writeFileSync(list, JSON.stringify(newer));
    await assert.rejects(restoreDirectory(full, join(dir, "none"), null), code("STORE_NEWER", /999/));
    writeFileSync(list, text);
    assert.equal(existsSync(join(dir, "none")), false);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes("restoring")),
      [],
    );
  });

  test("never overwrites, and is never empty by mistake", async () => {
    const full = join(dir, "full");
    await assert.rejects(backUpDirectory(join(data, "store"), full, null), code("BACKUP_TARGET", /not empty/));
    await assert.rejects(restoreDirectory(full, data, null), code("BACKUP_TARGET", /not empty/));
    await assert.rejects(
      backUpDirectory(join(dir, "nowhere"), join(dir, "y"), null),
      code("BACKUP_TARGET", /no store/),
    );
  });

  test("of a cluster is statements that parse, and that do what they say on one server", async () => {
    const { store } = api;
    const disk: Place = { kind: "disk", disk: "backups", folder: "it's monday" };
    const base: Place = { kind: "disk", disk: "backups", folder: "sunday" };
    for (const part of PARTS) {
      for (const sql of [backupSql, restoreSql]) {
        for (const standsOn of [null, base]) {
          const text = sql(part, disk, { form: CLUSTER, database: "isotherm", base: standsOn }, "an-id");
          assert.match(text, / ON CLUSTER isotherm (TO|FROM) Disk\('backups', 'it\\'s monday\/(marks|rows)'\)/);
          const tree = await store.query<{ explain: string }>(`EXPLAIN AST ${text}`);
          assert.ok(tree.length > 0);
        }
      }
    }
    const embedded = backupSql("rows", disk, { form: EMBEDDED, database: "isotherm", base: null }, "i");
    assert.equal(
      embedded,
      "BACKUP DATABASE isotherm EXCEPT TABLES isotherm.rollups TO Disk('backups', 'it\\'s monday/rows') SETTINGS id = 'i' ASYNC",
    );
  });

  test("by the command line: of a server by its URL, and of a store whose services are down", async (context) => {
    const said: string[] = [];
    const through = process.stdout.write.bind(process.stdout);
    const run = async (...args: string[]): Promise<void> => {
      const command = args[0] === "backup" ? backupCommand() : restoreCommand();
      // What the test runner writes meanwhile goes its way.
      const write = context.mock.method(process.stdout, "write", (text: string | Uint8Array) =>
        typeof text === "string" && /^(backed up|restored)/.test(text) ? said.push(text) > 0 : through(text),
      );
      await command.parseAsync(args.slice(1), { from: "user" }).finally(() => write.mock.restore());
    };
    const { engine } = api;
    const url = engine.url.replace("//", `//${engine.username}:${engine.password}@`);
    const there = join(data, "store", "backups", "by-url");
    await run("backup", url, `file:${there}`, "--cluster", "");
    assert.deepEqual(readdirSync(there).toSorted(), ["marks", "rows"]);
    await assert.rejects(run("restore", `file:${there}`, url, "--cluster", ""), code("RESTORE_NOT_EMPTY", /isotherm/));
    await assert.rejects(run("backup", url, "nowhere"), code("INVALID_INPUT", /command line/));
    await assert.rejects(run("backup", url, "backups:x", "--cluster", ""), code("BACKUP_FAILED", /backups:x/));

    const all = await contents(api.store);
    await api.close();
    await run("backup", data, join(dir, "cli"));
    await run("restore", join(dir, "cli"), join(dir, "cli-restored"));
    assert.deepEqual((await look(join(dir, "cli-restored"))).batches, all.batches);
    assert.match(
      said.join(""),
      /^backed up to file:.*\nbacked up to .*: \d+ files, [\d.]+ MB, [\d.]+ s\nrestored to .*, as of 20/,
    );
  });
});
