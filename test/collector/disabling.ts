/**
 * disabling.ts: what drops and an abort by the kernel do to an enabling.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DROP_LINES } from "../../collectors/simulator/faults.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

export function disabling(): void {
  describe("an enabling", { concurrency: true }, () => {
    const DROPS = assignment(1);
    const ABORTED = assignment(2, { decomposition: ["execname"] });
    const OTHER = assignment(3, { metric: "proc.execs", decomposition: [] });
    let bed: Bed;
    before(async () => {
      bed = await startBed({ hosts: 2, zonesPerHost: 1 }, { limits: { retryMs: [500] } });
      bed.fleet.host("cn-01").fail({ kind: "drops", tick: 3, lines: DROP_LINES, lostRows: 1 }, { spec: DROPS.id });
      // As often as it is tried, until it is made anew.
      bed.fleet.host("cn-02").fail({ kind: "unresponsive", tick: 1 }, { spec: ABORTED.id, times: 2 });
      bed.assign(DROPS, ABORTED, OTHER);
    });
    after(() => bed.close());

    test("has every kind of drop on the window that it spoils, and on no other", async () => {
      const rows = await until("five windows", () => {
        const seen = bed.coverage.filter((row) => row.host === "cn-01" && row.spec === DROPS.id && row.tick > 0);
        return seen.length >= 5 ? seen : undefined;
      });
      const spoilt = rows.filter((row) => row.status === "partial");
      assert.deepEqual([spoilt.length, spoilt[0]?.tick], [1, 3]);
      const { uncounted_events: uncounted, ...kinds } = JSON.parse(spoilt[0]?.detail ?? "") as Record<string, number>;
      assert.deepEqual(kinds, {
        principal_drops: 14 + 1 + 19,
        aggregation_drops: 5_027_700,
        dynamic_drops: 3 * 42,
        speculation_failed: 24,
        speculative_drops: 3,
      });
      assert.ok((uncounted ?? 0) > 0);
      assert.equal(spoilt[0]?.dropped, Math.max(5_027_700, uncounted ?? 0) + 3 * 42);
      const status = await until("the totals are reported", () => {
        const now = bed.status("cn-01", DROPS.id);
        return now?.losses["principal_drops"] === 34 ? now : undefined;
      });
      assert.ok((status.eventsPerSec ?? 0) > 0 && (status.dropsPerSec ?? 0) > 0);
    });

    test("that the kernel aborts is tried again, then left alone until it is made anew; a reconnect changes nothing", async () => {
      const host = bed.fleet.host("cn-02");
      const disabled = (retried: boolean) =>
        until(retried ? "disabled for good" : "disabled", () => {
          const now = bed.status("cn-02", ABORTED.id);
          return now?.state === "disabled" && (now.retryAtMs === null) === retried ? now : undefined;
        });
      assert.match((await disabled(false)).reason, /systemic unresponsiveness/);
      const { sinceMs } = await disabled(true);
      host.dropConnections();
      const cutMs = Date.now();
      await until("the others are back", () =>
        bed.coverage.some(
          (row) => row.host === "cn-02" && row.spec === OTHER.id && row.tick > 0 && row.ts * 1000 > cutMs,
        ),
      );
      assert.equal((await disabled(true)).sinceMs, sinceMs, "as before");
      await until("its columns are gaps because of that", () =>
        bed.coverage.some((row) => row.spec === ABORTED.id && row.reason === "disabled" && row.ts * 1000 > sinceMs),
      );
      bed.assign(DROPS, OTHER);
      await until("it is forgotten", () => bed.status("cn-02", ABORTED.id) === undefined);
      bed.assign(DROPS, ABORTED, OTHER);
      await until("it runs", () => bed.status("cn-02", ABORTED.id)?.state === "running");
    });
  });
}
