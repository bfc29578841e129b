/** The life of the embedded engine's process: it is kept alive, owns its directory alone, and never outlives its parent. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { OperationalError } from "../../core/errors.ts";
import { createStoreClient } from "../../store/client.ts";
import { makeScratch } from "../../store/engine-scratch.ts";
import { startEngine } from "../../store/engine.ts";
import { ENDLESS, startTestEngine } from "../store/engine-fixture.ts";
import { until } from "../until.ts";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("every acknowledged row survives kill -9 of the engine under inserts", async (context) => {
  const t = await startTestEngine();
  context.after(() => t.close());
  await t.client.command("CREATE TABLE acked (writer UInt8, seq UInt32) ENGINE = MergeTree ORDER BY (writer, seq)");
  const kills = 3;
  let done = false;
  const acknowledged: number[] = [0, 0, 0];
  const refused = new Set<string>();
  const write = async (writer: number): Promise<void> => {
    for (let seq = 0; !done;) {
      try {
        // What the protocol does after an unknown outcome: look before inserting again.
        const [high] = await t.client.query<{ n: number }>(
          "SELECT toUInt32(count()) AS n FROM acked WHERE writer = {writer:UInt8}",
          { writer },
        );
        assert.ok((high?.n ?? 0) >= seq, `writer ${writer}: ${seq} acknowledged, ${high?.n ?? 0} stored`);
        seq = high?.n ?? 0;
        await t.client.insertRows("acked", [{ writer, seq }]);
        acknowledged[writer] = ++seq;
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error;
        refused.add(error.code);
        await setTimeout(10);
      }
    }
  };
  const writers = Promise.all([0, 1, 2].map(write));
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const enough = acknowledged.map((n) => n + 5);
      await until("rows are acknowledged", () => acknowledged.every((n, at) => n >= (enough[at] ?? 0)));
      const startedAt = performance.now();
      process.kill(t.engine.pid ?? 0, "SIGKILL");
      await until("it is back", () => t.engine.restarts === kill);
      const backMs = performance.now() - startedAt;
      assert.ok(backMs < 5000, `back after ${backMs} ms`);
    }
  } finally {
    done = true;
    await writers;
  }
  const rows = await t.client.query<{ n: number; d: number }>(
    "SELECT toUInt32(count()) AS n, toUInt32(uniqExact(seq)) AS d FROM acked GROUP BY writer ORDER BY writer",
  );
  rows.forEach(({ n, d }, writer) => {
    assert.equal(d, n, "a row came twice");
    assert.ok(n >= (acknowledged[writer] ?? 0), "an acknowledged row is gone");
  });
  assert.deepEqual([...refused], ["STORE_UNAVAILABLE"]);
});

test("a directory belongs to one engine at a time, and its data to the next", async () => {
  const t = await startTestEngine();
  await t.client.command("CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a");
  await t.client.insertRows("kept", [{ a: 42 }]);
  await assert.rejects(startEngine({ dataDir: t.dataDir }), { code: "DATA_DIRECTORY_IN_USE" });
  assert.deepEqual(await t.client.query("SELECT a FROM kept"), [{ a: "42" }], "the refused one has done harm");
  await t.engine.close();
  const again = await startEngine({ dataDir: t.dataDir });
  const client = createStoreClient(again);
  assert.deepEqual(await client.query("SELECT a FROM kept"), [{ a: "42" }]);
  await client.close();
  await again.close();
  await t.close();
});

test("close ends the process within 3 s, also under a running query, and leaves nothing", async () => {
  const t = await startTestEngine();
  assert.equal(scratch(t.dataDir).length, 1);
  const pid = t.engine.pid ?? 0;
  const exits: boolean[] = [];
  t.engine.onExit(({ restarting }) => exits.push(restarting));
  const cut = assert.rejects(t.client.query(ENDLESS, {}, { queryId: "long" }), OperationalError);
  const list = "SELECT 1 FROM system.processes WHERE Settings['log_comment'] = 'long'";
  await until("the query runs", async () => (await t.client.query(list)).length > 0);
  const startedAt = performance.now();
  await t.engine.close();
  assert.ok(performance.now() - startedAt < 3000);
  await cut;
  assert.equal(alive(pid), false);
  assert.deepEqual(exits, [false]);
  await assert.rejects(t.client.ping(), { code: "STORE_UNAVAILABLE" });
  await t.engine.close();
  assert.deepEqual(scratch(t.dataDir), []);
  await t.close();
});

/** Directories of an engine on `dataDir` for pipes and bodies. */
function scratch(dataDir: string): string[] {
  const probe = makeScratch(dataDir, dataDir);
  const prefix = basename(probe.dir).slice(0, -6);
  probe.remove();
  return readdirSync(dirname(probe.dir)).filter((name) => name.startsWith(prefix));
}

test("an engine whose parent is killed ends by itself", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "isotherm-engine-"));
  const program = `
    import { startEngine } from ${JSON.stringify(new URL("../../store/engine.ts", import.meta.url).href)};
    startEngine({ dataDir: ${JSON.stringify(dataDir)} }).then((engine) => console.log(engine.pid));`;
  const args = [...process.execArgv.filter((flag) => !flag.startsWith("--test")), "--input-type=module", "-e", program];
  const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const pid = Number(
    await new Promise<string>((resolve) => createInterface({ input: parent.stdout }).once("line", resolve)),
  );
  assert.ok(alive(pid));
  parent.kill("SIGKILL");
  await until("the engine is gone", () => !alive(pid));
  rmSync(dataDir, { recursive: true, force: true });
});

test("a directory that cannot be made is said so, and an abort closes", async () => {
  await assert.rejects(startEngine({ dataDir: "/dev/null/x" }), { code: "ENGINE_START_FAILED" });
  const dataDir = mkdtempSync(join(tmpdir(), "isotherm-engine-"));
  const stop = new AbortController();
  const engine = await startEngine({ dataDir, signal: stop.signal });
  const pid = engine.pid ?? 0;
  stop.abort();
  await until("the engine is gone", () => !alive(pid));
  rmSync(dataDir, { recursive: true, force: true });
});
