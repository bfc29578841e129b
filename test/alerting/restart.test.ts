/**
 * Through deaths: late data that came while nobody evaluated, and a message whose sender died before it had an answer.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { createQueryApi, type QueryApi } from "../../query-api/app.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import type { StoreClient } from "../../store/client.ts";
import { HOSTS, startBed, startTelling, ZONES, type Bed } from "../alerts/bed.ts";
import { until } from "../until.ts";

const LEASE = { ttlMs: 6000, beatMs: 200 };

async function startInstance(bed: Bed, store: StoreClient, allowTargets: readonly string[] = []): Promise<QueryApi> {
  const { services } = bed.api;
  const instance = await createQueryApi({
    ...services.state,
    ...{ store, feed: services.ingest.feed, log: silentLog(), metrics: new Metrics(), version: "test" },
    ...{ simulated: false, signInCode: null, webDir: null, programOf: () => null, ready: () => services.store.ping() },
    alerting: { allowTargets, lease: LEASE },
  });
  await instance.app.ready();
  await instance.alerts.start("http://other.example");
  return instance;
}

describe("an evaluator that ended", () => {
  test("leaves to the next what it lacked: data that came in between are evaluated again, and say so", async () => {
    const bed = await startBed({ lease: LEASE });
    let watched: readonly string[] = HOSTS;
    const untold: number[] = [];
    const stop = startTelling(bed, (ts) => {
      if (!watched.includes(HOSTS[0])) untold.push(ts);
      const event = { host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 5 };
      return { seconds: watched.includes(HOSTS[0]) ? [event] : [], watched };
    });
    const { services } = bed.api;
    const rule = { name: "high", instrumentation: bed.instrumentation, everySec: 1 };
    const made = await bed.acme.post<{ id: string }>("/v1/alerts/rules", {
      ...{ ...rule, condition: { kind: "rate", windowSec: 2, above: 50 } },
    });
    const gapOf = async (): Promise<number> => {
      const sql = "SELECT from_ts AS ts FROM alert_gaps FINAL WHERE rule = {rule:String}";
      return (await services.store.query<{ ts: number }>(sql, { rule: made.id }))[0]?.ts ?? 0;
    };
    await until("it is evaluated", async () => {
      const { rules } = await bed.acme.json<{ rules: { problem: string }[] }>("/v1/alerts/rules");
      return rules[0]?.problem === "" ? true : undefined;
    });
    watched = [HOSTS[1]];
    await until("what it lacks is stored", async () => ((await gapOf()) > 0 ? true : undefined), 30_000);
    // Long enough for the first of them to be late.
    await until("it is late", () => Promise.resolve(untold.length >= 9 ? true : undefined), 30_000);
    await services.query.alerts.close();
    // The host's collector had it all in its spool, and tells it while nobody evaluates.
    watched = HOSTS;
    const told = untold.splice(0);
    for (const ts of told)
      await bed.tell(ts, [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 90 }], [HOSTS[0]]);
    const next = await startInstance(bed, services.store);
    await until("the next evaluates", () => Promise.resolve(next.alerts.isEvaluating ? true : undefined), 20_000);
    const late = await until(
      "the late alert",
      async () => (await bed.alerts()).find(({ name, isLate }) => name === "high" && isLate),
      30_000,
    );
    const [first = 0, last = 0] = [told[0], told.at(-1)];
    assert.ok((late.startsMs ?? 0) / 1000 >= first && (late.startsMs ?? 0) / 1000 <= last + 2, "when it happened");
    await until("nothing is lacked any more", async () => ((await gapOf()) === 0 ? true : undefined), 30_000);
    await stop();
    await next.app.close();
    await bed.close();
  });

  test("in the middle of sending: the next sends the same under the same key, and what was answered is not sent again", async () => {
    const requests: { key: string; text: string; answer: () => void }[] = [];
    const server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      request.on("end", () => {
        const answer = (): void => void response.writeHead(200).end();
        requests.push({ key: String(request.headers["idempotency-key"]), text, answer });
        // The first is not answered before its sender is dead.
        if (requests.length > 1) answer();
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bed = await startBed({ allowTargets: [target], lease: LEASE });
    const { services } = bed.api;
    let isDead = false;
    const whileAlive =
      <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
      (...args: Args): Promise<T> =>
        isDead ? Promise.reject(new Error("it is dead")) : call(...args);
    const mortal: StoreClient = {
      ...services.store,
      query: whileAlive(services.store.query.bind(services.store)) as StoreClient["query"],
      insertRows: whileAlive(services.store.insertRows.bind(services.store)),
      command: whileAlive(services.store.command.bind(services.store)),
    };
    const dying = await startInstance(bed, mortal, [target]);
    await services.query.alerts.close();
    await until("it evaluates", () => Promise.resolve(dying.alerts.isEvaluating ? true : undefined), 20_000);
    const stop = startTelling(bed, () => ({
      seconds: [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 7 }],
    }));
    const hook = { name: "pager", url: `http://${target}/`, groupWaitSec: 0, groupIntervalSec: 1 };
    await bed.api.operator.post("/v1/alerts/hooks", hook);
    const condition = { kind: "rate", windowSec: 1, above: 0 };
    const rule = { instrumentation: bed.instrumentation, everySec: 1, condition };
    await bed.api.operator.post("/v1/alerts/rules", { ...rule, name: "first" });
    await until("it is being sent", () => Promise.resolve(requests.length === 1 ? true : undefined), 30_000);
    isDead = true;
    requests[0]?.answer();
    const next = await startInstance(bed, services.store, [target]);
    await until("the next sends it", () => Promise.resolve(requests.length === 2 ? true : undefined), 30_000);
    assert.equal(dying.alerts.isEvaluating, false, "the dead one had stopped by itself");
    await bed.api.operator.post("/v1/alerts/rules", { ...rule, name: "second" });
    await until("what comes after it", () => Promise.resolve(requests.length === 3 ? true : undefined), 30_000);
    const [sent, again, after] = requests;
    assert.deepEqual([again?.key, again?.text], [sent?.key, sent?.text]);
    assert.ok(after?.text.includes('"second"') && after.key !== sent?.key);
    await stop();
    await next.app.close();
    await dying.app.close();
    await bed.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
});
