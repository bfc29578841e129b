/**
 * A clock that is set while rules are evaluated: an hour ahead, and back. What begins to be bad afterwards fires within seconds, and is told.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HOSTS, startBed, startReceiver, startTelling, ZONES, type Bed, type Receiver } from "../alerts/bed.ts";
import { until } from "../until.ts";

const HOUR_MS = 3_600_000;

describe("a clock that is set", () => {
  const real = Date.now;
  let bed: Bed;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    bed = await startBed({ allowTargets: [receiver.target] });
  });
  after(async () => {
    Date.now = real;
    await bed.close();
    await receiver.close();
  });

  test("an hour ahead and back again makes no rule silent for an hour", async () => {
    const { alerts } = bed.api.services.query;
    const rule = { instrumentation: bed.instrumentation, per: "execname", everySec: 1 };
    await bed.api.operator.post("/v1/alerts/hooks", {
      ...{ name: "pager", url: receiver.url, groupWaitSec: 0, groupIntervalSec: 1 },
    });
    await bed.api.operator.post("/v1/alerts/rules", {
      ...{ ...rule, name: "busy", condition: { kind: "rate", windowSec: 2, above: 5 } },
    });
    let execname = "first";
    const stop = startTelling(bed, () => ({
      seconds: [{ host: HOSTS[0], zone: ZONES[0], execname, latencyNs: 2000, count: 7 }],
    }));
    const fires = (key: string): Promise<unknown> =>
      until(
        `${key} fires`,
        async () => (await bed.alerts()).some((each) => each.key === key && each.status === "firing"),
        40_000,
      );
    await fires("first");
    const isAnew = async (what: string): Promise<void> => {
      await until(`${what}: it begins anew`, () => !alerts.isEvaluating, 10_000);
      await until(`${what}: it evaluates again`, () => alerts.isEvaluating, 20_000);
    };
    await stop();
    Date.now = () => real() + HOUR_MS;
    await isAnew("ahead");
    Date.now = real;
    await isAnew("back");
    execname = "second";
    const stopAgain = startTelling(bed, () => ({
      seconds: [{ host: HOSTS[0], zone: ZONES[0], execname, latencyNs: 2000, count: 7 }],
    }));
    await fires("second");
    await receiver.until("and is told", (all) => all.some(({ text }) => text.includes('"second"')));
    await stopAgain();
    const began = (await bed.alerts()).find(({ key }) => key === "second");
    assert.ok(Math.abs((began?.startsMs ?? 0) - real()) < 60_000, "at a time that is now");
  });
});
