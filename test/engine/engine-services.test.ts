/** The services over an engine that is killed: nothing acknowledged is lost, nothing is counted twice, and they serve again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Batch } from "../../core/window.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { postBatch, startApi } from "../api/api-fixture.ts";
import { until } from "../until.ts";

/** Rows must be of one day, and not late. */
const SEC = Math.floor(Date.now() / 86_400_000) * 86_400;

/** One window, whose count is told in the ledger. */
function batchOf(tick: number, events: number): Batch {
  const builder = new BatchBuilder();
  const row = { spec: "s", enabling: "e", host: "cn-01", tick, ts: SEC + (tick % 3600) };
  builder.addWindow({ ...row, zone: "zone-a", keys: ["k"], bucket: [1], count: [events], value: 0 });
  return builder.finish();
}

test("kill -9 of the engine under ingest: the ledger of acknowledged batches holds, and ingest is back within 5 s", async (context) => {
  const api = await startApi([]);
  context.after(() => api.close());
  await api.reportZones("cn-01", [{ name: "zone-a", owner: "acme", alias: "", state: "running" }]);
  const { engine, store } = api.services;
  const ledger = new Map<string, number>();
  const statuses = new Set<number>();
  const done = new AbortController();
  const ended = (): boolean => done.signal.aborted;
  let acknowledgedMs = 0;
  const collector = async (stream: string): Promise<void> => {
    for (let seq = 1; !ended(); seq++) {
      const events = seq * 7 + stream.length;
      const batch = batchOf(seq, events);
      // Frozen, as in a spool.
      const body = encodeBatch(batch);
      for (;;) {
        const { status, text } = await postBatch(api, stream, seq, batch, {
          headers: { "isotherm-after": String(seq - 1) },
          body,
        });
        statuses.add(status);
        if (status === 200) break;
        assert.equal(status, 503, text);
        if (ended()) return;
        await setTimeout(10);
      }
      acknowledgedMs = performance.now();
      ledger.set(`${stream}/${seq}`, events);
    }
  };
  const collectors = Promise.all(["one", "second"].map(collector));
  try {
    for (let kill = 1; kill <= 2; kill++) {
      const before = ledger.size;
      await until("batches are acknowledged", () => ledger.size >= before + 6, 20_000);
      const killedMs = performance.now();
      process.kill(engine.pid ?? 0, "SIGKILL");
      await until("it is another process", () => engine.restarts === kill, 20_000);
      const backMs = await until(
        "a batch is acknowledged",
        () => (acknowledgedMs > killedMs + 100 ? acknowledgedMs - killedMs : null),
        20_000,
      );
      assert.ok(backMs < 5000, `after ${Math.round(backMs)} ms`);
      assert.equal((await fetch(`${api.url}/readyz`)).status, 200, "the query API serves too");
    }
  } finally {
    done.abort();
    await collectors;
  }
  const stored = await store.query<{ batch: string; events: number; n: number }>(
    `SELECT concat(stream, '/', toString(seq)) AS batch, toUInt32(sum(arraySum(count))) AS events, toUInt32(count()) AS n
     FROM windows WHERE kind = 1 GROUP BY stream, seq`,
  );
  for (const [batch, events] of ledger) {
    assert.deepEqual(
      stored.find((row) => row.batch === batch),
      { batch, events, n: 1 },
      "acknowledged",
    );
  }
  // One a collector may be stored whose acknowledgement was never read.
  assert.ok(stored.length <= ledger.size + 2);
  assert.ok(
    stored.every(({ n }) => n === 1),
    "a batch came twice",
  );
  assert.deepEqual([...statuses].toSorted(), [200, 503]);
});
