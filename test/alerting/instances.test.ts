/**
 * Two instances on one store and the same rules: a receiver is told once, also when the one that tells goes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createQueryApi } from "../../query-api/app.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import { HOSTS, startBed, startReceiver, startTelling, ZONES } from "../alerts/bed.ts";
import { until } from "../until.ts";

describe("two instances on the same rules", () => {
  test("evaluate and tell once, and the second goes on where the first ended", async () => {
    const receiver = await startReceiver();
    const lease = { ttlMs: 6000, beatMs: 200 };
    const bed = await startBed({ allowTargets: [receiver.target], lease });
    const { services } = bed.api;
    const other = await createQueryApi({
      ...services.state,
      ...{
        store: services.store,
        feed: services.ingest.feed,
        log: silentLog(),
        metrics: new Metrics(),
        version: "test",
        simulated: false,
      },
      ...{ signInCode: null, webDir: null, programOf: () => null, ready: () => services.store.ping() },
      alerting: { allowTargets: [receiver.target], lease },
    });
    await other.app.ready();
    await other.alerts.start("http://other.example");
    const stop = startTelling(bed, () => ({
      seconds: [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 7 }],
    }));
    await bed.api.operator.post("/v1/alerts/hooks", {
      name: "pager",
      url: receiver.url,
      groupWaitSec: 0,
      groupIntervalSec: 1,
    });
    const rule = {
      instrumentation: bed.instrumentation,
      everySec: 1,
      condition: { kind: "rate", windowSec: 1, above: 0 },
    };
    await bed.api.operator.post("/v1/alerts/rules", { ...rule, name: "first" });
    const [mine, theirs] = [services.query.alerts, other.alerts];
    await receiver.until("the first", (received) => received.length > 0);
    assert.ok(mine.isEvaluating !== theirs.isEvaluating, "one evaluates");
    const holder = mine.isEvaluating ? mine : theirs;
    const second = mine.isEvaluating ? theirs : mine;
    await holder.close();
    await until("the second takes over", () => Promise.resolve(second.isEvaluating ? true : undefined), 20_000);
    await bed.api.operator.post("/v1/alerts/rules", { ...rule, name: "second" });
    await receiver.until("the second", (received) => received.some(({ text }) => text.includes('"second"')));
    assert.equal(
      receiver.received.filter(({ text }) => text.includes('"first"')).length,
      1,
      "what fired through the change was told once",
    );
    await stop();
    await other.app.close();
    await bed.close();
    await receiver.close();
  });
});
