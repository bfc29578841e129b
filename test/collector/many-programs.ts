/**
 * many-programs.ts: a host that is to run more programs than it has channels for, and whose wrapper cannot share one.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

export function manyPrograms(): void {
  describe("a host with more programs than it may run", { concurrency: 1 }, () => {
    const MANY = Array.from({ length: 9 }, (_, i) => assignment(i + 1, { predicate: { eq: ["execname", `e${i}`] } }));
    const KSTAT = assignment(100, { metric: "cpu.usage", decomposition: [] });
    let bed: Bed;
    let most = 0;
    let watch: NodeJS.Timeout;
    before(async () => {
      bed = await startBed({ hosts: 1, zonesPerHost: 1 }, { zonesEveryMs: 200 });
      bed.fleet.host("cn-01").share = 0;
      watch = setInterval(() => (most = Math.max(most, bed.fleet.hosts[0]?.running.size ?? 0)), 1);
      bed.assign(KSTAT, ...MANY);
    });
    after(async () => {
      clearInterval(watch);
      await bed.close();
    });

    const states = () => MANY.map(({ id }) => bed.status("cn-01", id)?.cause ?? "");

    test("runs five, and says of the others that they wait", async () => {
      await until("five run", () => states().filter((each) => each === "running").length === 5);
      await until("four wait", () => states().filter((each) => each === "waiting_for_channel").length === 4);
      assert.ok(most <= 8, `${most} channels at once`);
    });

    test("starts those that wait when others are deleted, and ends what is deleted", async () => {
      bed.assign(KSTAT, ...MANY.slice(5));
      await until("the rest runs", () =>
        states()
          .slice(5)
          .every((each) => each === "running"),
      );
      await until("five channels", () => bed.fleet.hosts[0]?.running.size === 5);
      bed.assign();
      await until("nothing runs", () => bed.fleet.hosts[0]?.running.size === 0);
      assert.equal(bed.fleet.hosts[0]?.connections, 1);
    });
  });
}
