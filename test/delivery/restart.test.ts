/**
 * A collector that dies and comes back: what nobody watched meanwhile is a gap that says why, and the query API shows no zero for it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newestSpooledTs } from "../../collectors/spool-open.ts";
import type { Heatmap } from "../../core/api.ts";
import { startCollector } from "../../collectors/collector.ts";
import { startStack } from "../e2e/stack.ts";
import { wait } from "./delivery-bed.ts";
import { until } from "../until.ts";

test("windows between a collector's last one and its start are gaps (collector_down), and null to readers", async () => {
  const stack = await startStack({ hosts: 1, zonesPerHost: 2, tenants: 1, seed: 3 });
  try {
    const { id } = await stack.services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["latency"],
    });
    const read = async (fromTs: number): Promise<Heatmap> =>
      stack.operator.json<Heatmap>(
        `/v1/instrumentations/${id}/heatmap?from=${fromTs}&to=${Math.floor(Date.now() / 1000) + 1}&columns=4000`,
      );
    const fromTs = Math.floor(Date.now() / 1000) - 2;
    const isWatched = async (afterTs: number): Promise<Heatmap | undefined> => {
      const heatmap = await read(fromTs);
      return heatmap.columns.some(({ ts, total }) => ts > afterTs && total !== null) ? heatmap : undefined;
    };
    await until("a column", () => isWatched(fromTs));
    // As after a kill: the directory is all that its successor has.
    await stack.collector.close(0);
    const lastTs = await newestSpooledTs(stack.collectorOptions.spoolDirectory);
    assert.ok(lastTs > fromTs);
    await wait(3_000);
    const startTs = Math.floor(Date.now() / 1000);
    const again = await startCollector(stack.collectorOptions);
    try {
      const heatmap = await until("columns again", () => isWatched(startTs));
      const missed = heatmap.columns.filter(({ ts }) => ts > lastTs && ts < startTs);
      assert.ok(missed.length >= 2, JSON.stringify(heatmap.columns));
      assert.deepEqual(
        missed.map(({ total, reason }) => [total, reason]),
        missed.map(() => [null, "collector_down"]),
      );
      const before = heatmap.columns.filter(({ ts }) => ts > fromTs + 2 && ts <= lastTs);
      assert.ok(before.every(({ reason }) => reason !== "collector_down"));
    } finally {
      await again.close(0);
    }
  } finally {
    await stack.close();
  }
});
