/**
 * support.ts: what hosts can measure, found out by compiling it there, and what of their kstats is missing.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dtraceMetrics, supportProgram } from "../../collectors/support.ts";
import { metricName } from "../../core/metric.ts";
import { readHead } from "../../d-scripts/head.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

export function support(): void {
  describe("a fleet of one platform image", { concurrency: true }, () => {
    let bed: Bed;
    let compiles = 0;
    before(async () => {
      bed = await startBed({ hosts: 4, zonesPerHost: 1 });
      for (const host of bed.fleet.hosts) {
        const add = host.running.add.bind(host.running);
        // A compile is a command that runs without ticks: counted as it begins.
        host.running.add = (running) => {
          if (running.constructor === Object) compiles += 1;
          return add(running);
        };
      }
      bed.assign(assignment(1), assignment(2, { metric: "cpu.usage", decomposition: ["cpumode"] }));
    });
    after(() => bed.close());

    test("compiles each DTrace metric once, and every host reports all of them", async () => {
      const names = dtraceMetrics("smartos").map(({ metric }) => metricName(metric));
      const known = (host: string) =>
        (bed.reports.get(host)?.detail?.metrics ?? []).filter(
          (each) => each.supported !== null && names.includes(each.metric),
        );
      await until("all is known everywhere", () =>
        bed.fleet.hosts.every((host) => known(host.name).length === names.length),
      );
      for (const host of bed.fleet.hosts) {
        const mysql = known(host.name).find((each) => each.metric === "mysql.queries");
        assert.equal(mysql?.supported, false);
        assert.match(mysql.reason, /does not match any probes/);
        assert.deepEqual(
          known(host.name).find((each) => each.metric === "syscall.ops"),
          {
            metric: "syscall.ops",
            supported: true,
            reason: "",
            missing: [],
          },
        );
      }
      assert.equal(compiles, names.length, "once in the fleet, not once a host");
    });

    test("measures meanwhile", async () => {
      await until("every host has columns", () =>
        bed.fleet.hosts.every(({ name }) => bed.coverage.some((row) => row.host === name && row.status === "ok")),
      );
    });

    test("says which statistics its kstats lack, of the metrics that run", async () => {
      const report = await until("the kstat metric is in the report", () =>
        bed.reports.get("cn-01")?.detail?.metrics.find((each) => each.metric === "cpu.usage"),
      );
      assert.deepEqual(report, { metric: "cpu.usage", supported: true, reason: "", missing: [] });
    });

    test("tells zones once, and how it is every now and then", async () => {
      await until("zones are told", () => (bed.reportCounts.get("cn-01")?.withZones ?? 0) > 0);
      const before = bed.reportCounts.get("cn-01")?.all ?? 0;
      await until("several reports more", () => (bed.reportCounts.get("cn-01")?.all ?? 0) > before + 3);
      assert.equal(bed.reportCounts.get("cn-01")?.withZones, 1);
    });
  });

  test("the program that stands for a metric names it, on every platform that has it", () => {
    for (const platform of ["smartos", "linux"] as const) {
      for (const entry of dtraceMetrics(platform)) {
        const head = readHead(supportProgram(entry, platform, "0".repeat(32)));
        assert.equal(head.metric, metricName(entry.metric));
        assert.equal(
          head.numeric === null,
          !entry.metric.fields.some((field) => field.arity === "numeric"),
          head.metric,
        );
      }
    }
  });
}
