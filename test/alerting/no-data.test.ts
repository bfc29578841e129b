/**
 * Nothing happened, the host is down, dtrace is dead: zero, no data, no data. A threshold fires on none of them, "no data" on the last two; late data are
 * evaluated again, once.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertInfo, AlertTest } from "../../core/alerts/api.ts";
import { HOSTS, startBed, startTelling, ZONES, type Bed } from "../alerts/bed.ts";
import { until } from "../until.ts";

describe("no events, and no data", () => {
  let bed: Bed;
  let stop: () => Promise<void>;
  let [events, watched]: [number, readonly string[]] = [5, HOSTS];
  const untold: number[] = [];

  before(async () => {
    bed = await startBed();
    stop = startTelling(bed, (ts) => {
      if (!watched.includes(HOSTS[0])) untold.push(ts);
      const seconds =
        events === 0 || !watched.includes(HOSTS[0])
          ? []
          : [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: events }];
      return { seconds, watched };
    });
    const rule = { instrumentation: bed.instrumentation, everySec: 1 };
    const post = (change: object) => bed.acme.post("/v1/alerts/rules", { ...rule, ...change });
    await post({ name: "low", condition: { kind: "rate", windowSec: 2, below: 1 } });
    await post({ name: "high", condition: { kind: "rate", windowSec: 2, above: 50 } });
    await post({ name: "gone", condition: { kind: "absent", windowSec: 3 } });
    await bed.api.operator.post("/v1/alerts/rules", {
      ...rule,
      name: "hosts",
      per: "hostname",
      condition: { kind: "absent", windowSec: 3 },
    });
  });
  after(async () => {
    await stop();
    await bed.close();
  });

  const find = async (name: string, status: string): Promise<AlertInfo | undefined> =>
    (await bed.alerts()).find((each) => each.name === name && each.status === status);

  test("no events are zero: a rule on too few fires, and none of no data does", async () => {
    events = 0;
    const low = await until("too few", () => find("low", "firing"), 30_000);
    assert.equal(low.value, 0);
    assert.equal(low.isPartial, false);
    assert.equal(await find("gone", "firing"), undefined);
    events = 5;
    await until("enough again", () => find("low", "resolved"), 30_000);
  });

  test("a host that is silent is no data: the rule on too few does not fire, that on no data does, and names the host", async () => {
    watched = [HOSTS[1]];
    await until("no data", () => find("gone", "firing"), 30_000);
    const hosts = await until("the host", () => find("hosts", "firing"), 30_000);
    assert.equal(hosts.key, HOSTS[0]);
    assert.equal(await find("low", "firing"), undefined, "not known is not zero");
    assert.equal(await find("high", "firing"), undefined);
    const tried = await bed.acme.post<AlertTest>("/v1/alerts/test", {
      ...{
        rule: {
          name: "x",
          instrumentation: bed.instrumentation,
          everySec: 1,
          condition: { kind: "rate", windowSec: 2, below: 1 },
        },
        from: -8,
      },
    });
    assert.deepEqual(tried.alerts, []);
    assert.ok(tried.unknown > 0);
  });

  test("data that come late are evaluated again, once, and say so", async () => {
    // The collector had it all in its spool, and it was very much.
    for (const ts of untold.splice(0))
      await bed.tell(ts, [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 90 }], [HOSTS[0]]);
    const late = await until(
      "the late alert",
      async () => (await bed.alerts()).find(({ name, isLate }) => name === "high" && isLate),
      30_000,
    );
    assert.ok(late.status === "firing" || late.status === "resolved");
    assert.ok((late.startsMs ?? 0) < Date.now() - 3000, "it began when it happened");
    watched = HOSTS;
    await until("watched again", () => find("gone", "resolved"), 30_000);
  });
});
