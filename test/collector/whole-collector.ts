/**
 * whole-collector.ts: assignments that make no sense, hosts that never come, ends at any moment, and kstats that come and go.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assignment, startBed } from "./bed.ts";
import { until } from "../until.ts";

export function wholeCollector(): void {
  describe("a collector", { concurrency: true }, () => {
    test("runs the other assignments when one makes no sense to it", async () => {
      const bed = await startBed({ hosts: 1, zonesPerHost: 1 });
      try {
        const wrong = [
          assignment(1, { metric: "no.such" }),
          assignment(2, { predicate: { eq: ["nosuchfield", "x"] } }),
          assignment(3, { metric: "fs.slow_ops", decomposition: ["latency"], predicate: { gt: ["latency", 7] } }),
        ];
        bed.assign(...wrong, assignment(4));
        await until("the good one runs", () => bed.status("cn-01", assignment(4).id)?.state === "running");
        for (const { id } of wrong) {
          const status = await until(`${id} is reported`, () => bed.status("cn-01", id));
          assert.deepEqual([status.state, status.cause], ["unsupported", "cannot_compile"]);
          assert.notEqual(status.reason, "");
          await until("its columns say so", () =>
            bed.coverage.some((row) => row.spec === id && row.reason === "unsupported"),
          );
        }
      } finally {
        await bed.close();
      }
    });

    test("declares gaps for a host that was never up", async () => {
      const bed = await startBed({ hosts: 1, zonesPerHost: 1 });
      try {
        const [host] = bed.fleet.hosts;
        if (host) host.refusing = true;
        host?.dropConnections();
        bed.assign(assignment(1));
        const gaps = await until("gaps", () => {
          const rows = bed.coverage.filter((row) => row.reason === "ssh_down");
          return rows.length >= 2 ? rows : undefined;
        });
        assert.deepEqual(new Set(gaps.map((row) => row.status)), new Set(["gap"]));
      } finally {
        await bed.close();
      }
    });

    test("that is closed in the middle of anything leaves nothing running", async () => {
      for (const delayMs of [0, 5, 20, 50, 120, 300]) {
        const bed = await startBed({ hosts: 3, zonesPerHost: 1 });
        bed.assign(assignment(1), assignment(2, { metric: "cpu.usage", decomposition: [] }));
        const until_ = Date.now() + delayMs;
        await until("its moment", () => Date.now() >= until_);
        await bed.collector.close(0);
        await until("no connection is left", () => bed.fleet.hosts.every((host) => host.connections === 0));
        assert.ok(bed.fleet.hosts.every((host) => host.running.size === 0));
        await bed.close();
      }
    });
  });

  describe("kstats", { concurrency: true }, () => {
    test("of a metric that is added, or that is taken away, cost no other metric a window", async () => {
      const bed = await startBed({ hosts: 1, zonesPerHost: 2 });
      try {
        const disk = assignment(1, { metric: "fs.slow_ops", decomposition: ["latency"] });
        const cpu = assignment(2, { metric: "cpu.usage", decomposition: ["cpumode"] });
        const rowsOf = (id: string) => bed.coverage.filter((row) => row.spec === id);
        const ok = (id: string) => rowsOf(id).filter((row) => row.status === "ok");
        bed.assign(disk);
        await until("two windows", () => ok(disk.id).length >= 2);
        bed.assign(cpu, disk);
        await until("windows of both", () => ok(cpu.id).length >= 2);
        bed.assign(cpu);
        const seen = ok(cpu.id).length;
        await until("more of the second", () => ok(cpu.id).length >= seen + 2);
        for (const { id } of [cpu, disk]) {
          const known = ok(id).map((row) => row.ts);
          assert.equal(new Set(known).size, known.length, "no column twice");
          assert.equal((known.at(-1) ?? 0) - (known[0] ?? 0) + 1, known.length, `no hole in ${known.join(" ")}`);
          const ids = ok(id).map((row) => `${row.enabling} ${row.tick}`);
          assert.equal(new Set(ids).size, ids.length);
        }
        assert.ok((ok(cpu.id)[0]?.events ?? 0) > 0, "the first window of the second is no false zero");
        assert.ok(
          bed.fleet.ledger.samples().some((sample) => sample.run > 1),
          "the command was started again",
        );
      } finally {
        await bed.close();
      }
    });
  });
}
