/**
 * A host with more programs than channels: those beyond four share one, and each fares as if it were alone.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SharedRun } from "../../collectors/simulator/shared-run.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

describe("a host with more programs than channels", { concurrency: 1 }, () => {
  const MANY = Array.from({ length: 8 }, (_, i) =>
    assignment(i + 1, { metric: "proc.execs", decomposition: [], predicate: { ne: ["execname", `e${i}`] } }),
  );
  const SPACE = assignment(100, { metric: "zfs.pool", decomposition: ["zpool", "space"] });
  const DISKS = assignment(101, { metric: "disk.physio_ops", decomposition: ["disk", "optype"] });
  let bed: Bed;
  let most = 0;
  let watch: NodeJS.Timeout;
  before(async () => {
    bed = await startBed({ hosts: 1, zonesPerHost: 1 });
    watch = setInterval(() => (most = Math.max(most, bed.fleet.hosts[0]?.running.size ?? 0)), 5);
    bed.assign(SPACE, DISKS, ...MANY);
  });
  after(async () => {
    clearInterval(watch);
    await bed.close();
  });

  const okOf = (id: string) => bed.coverage.filter((row) => row.spec === id && row.status === "ok");
  const shared = () => [...(bed.fleet.hosts[0]?.running ?? [])].find((each) => each instanceof SharedRun);

  test("runs them all, exactly, on fewer than ten channels", async () => {
    await until("windows of all", () => MANY.every(({ id }) => okOf(id).length >= 2));
    assert.ok(most <= 8, `${most} commands at once, and one short one`);
    assert.equal(shared()?.size, MANY.length - 4);
    for (const { id } of MANY) {
      const printed = new Map(
        bed.fleet.ledger
          .frames({ spec: id })
          .map((frame) => [`${frame.nonce.slice(0, 16)} ${frame.tick}`, frame.events]),
      );
      for (const row of okOf(id)) assert.equal(row.events, printed.get(`${row.enabling} ${row.tick}`), id);
    }
  });

  test("lets one fail without the others: its reason is its own, and they lose no window", async () => {
    const host = bed.fleet.host("cn-01");
    const failing = assignment(50, { metric: "proc.forks", decomposition: [] });
    host.fail(
      { kind: "exit", status: 1, afterTick: 1, stderr: "dtrace: processing aborted: oops\n" },
      { spec: failing.id, times: 9 },
    );
    const sinceTs = Date.now() / 1000;
    bed.assign(SPACE, DISKS, ...MANY, failing);
    const status = await until("it has failed", () => {
      const now = bed.status("cn-01", failing.id);
      return now?.state === "resting" ? now : undefined;
    });
    assert.match(status.reason, /exit status 1: processing aborted: oops/);
    await until("three more windows of the others", () =>
      MANY.every(({ id }) => okOf(id).filter((row) => row.ts > sinceTs).length >= 3),
    );
    const gaps = bed.coverage.filter((row) => row.spec !== failing.id && row.status === "gap" && row.ts > sinceTs);
    assert.deepEqual(gaps, []);
  });

  test("measures pools and disks meanwhile, on streams of their own", async () => {
    await until("windows of both", () => [SPACE, DISKS].every(({ id }) => okOf(id).length >= 2));
    assert.ok(okOf(DISKS.id).some((row) => row.events > 0));
  });

  test("ends each when it is deleted, and the channel with the last of them", async () => {
    bed.assign(...MANY.slice(0, 5));
    await until("what is deleted has ended", () => bed.fleet.hosts[0]?.running.size === 5);
    bed.assign(...MANY.slice(0, 4));
    await until("nothing is shared", () => shared() === undefined);
    bed.assign();
    await until("nothing runs", () => bed.fleet.hosts[0]?.running.size === 0);
    assert.equal(bed.fleet.hosts[0]?.connections, 1);
  });

  test("starts them again when the channel is cut, and says why when tracing is switched off", async () => {
    const host = bed.fleet.host("cn-01");
    bed.assign(...MANY.slice(0, 6));
    await until("all run", () => MANY.slice(0, 6).every(({ id }) => bed.status("cn-01", id)?.state === "running"));
    host.switchOff();
    for (const { id } of MANY.slice(0, 6)) {
      const status = await until(`${id} is off`, () => {
        const now = bed.status("cn-01", id);
        return now?.cause === "kill_switch" ? now : undefined;
      });
      assert.equal(status.state, "disabled");
      assert.match(status.reason, /exit status 75: wrapper: switched off by \/var\/run\/isotherm\.off/);
    }
    assert.equal(host.running.size, 0);
  });
});
