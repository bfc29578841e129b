/**
 * What becomes of a message whose receiver fails, hangs or refuses: from a rule that fires to the last attempt. The clock of what waits is the
 * test's, so that hours of backoff take none.
 */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { DeliveriesPage, DeliveryInfo, NewHookInfo } from "../../core/alerts/api.ts";
import { HOSTS, startBed, startReceiver, startTelling, ZONES, type Bed, type Receiver } from "./bed.ts";
import { until } from "../until.ts";

describe("a message", () => {
  let bed: Bed;
  let receiver: Receiver;
  let stop: () => Promise<void>;
  /** Takes requests and never answers. */
  let hanging: Server;
  let hangingPort = 0;
  let hung: { readonly key: string; readonly atMs: number }[] = [];
  let aheadMs = 0;

  before(async () => {
    receiver = await startReceiver();
    hanging = createServer((request) => {
      hung.push({ key: String(request.headers["idempotency-key"]), atMs: Date.now() });
    });
    await new Promise<void>((listening) => hanging.listen(0, "127.0.0.1", listening));
    hangingPort = (hanging.address() as AddressInfo).port;
    const allowTargets = [receiver.target, `127.0.0.1:${hangingPort}`];
    // What is due goes by this clock; the rules go by the time of their data.
    bed = await startBed({ allowTargets, nowMs: () => Date.now() + aheadMs });
    stop = startTelling(bed, () => ({ seconds: [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 7 }] }));
  });
  after(async () => {
    await stop();
    await bed.close();
    await receiver.close();
    hanging.closeAllConnections();
    await new Promise((closed) => hanging.close(closed));
  });

  const hook = (name: string, url = receiver.url): Promise<NewHookInfo> =>
    bed.api.operator.post("/v1/alerts/hooks", { name, url, groupWaitSec: 0, groupIntervalSec: 1 });
  const fire = (name: string, ...hooks: string[]): Promise<unknown> =>
    bed.api.operator.post("/v1/alerts/rules", {
      ...{ name, instrumentation: bed.instrumentation, everySec: 1, hooks },
      condition: { kind: "rate", windowSec: 1, above: 0 },
    });
  const deliveryOf = async ({ id }: NewHookInfo): Promise<DeliveryInfo | undefined> => {
    const { deliveries } = await bed.api.operator.json<DeliveriesPage>("/v1/alerts/deliveries");
    return deliveries.find((each) => each.hook === id);
  };
  const told = (of: NewHookInfo, what: string, is: (delivery: DeliveryInfo) => boolean): Promise<DeliveryInfo> =>
    until(what, async () => {
      const delivery = await deliveryOf(of);
      return delivery !== undefined && is(delivery) ? delivery : undefined;
    });

  test("that fails is tried again with growing waits, under one key, until it is a dead letter; by hand it goes once more", async () => {
    receiver.answer = () => 500;
    const failing = await hook("failing");
    await fire("fails", "failing");
    const waits: number[] = [];
    let delivery = await told(failing, "the first attempt", ({ attempts }) => attempts === 1);
    for (let attempt = 1; attempt < 12; attempt++) {
      assert.equal(delivery.status, "waiting");
      assert.equal(delivery.problem, "send to a hook: the answer is 500");
      waits.push((delivery.nextMs ?? 0) - (Date.now() + aheadMs));
      aheadMs += Math.max(0, waits.at(-1) ?? 0) + 1000;
      delivery = await told(failing, `attempt ${attempt + 1}`, ({ attempts }) => attempts === attempt + 1);
    }
    assert.equal(delivery.status, "dead");
    assert.equal(receiver.received.length, 12);
    waits.forEach((wait, i) => {
      const usual = Math.min(300_000, 1000 * 2 ** i);
      // Spread by a quarter; less by what the looks took, which is a second or so of each.
      assert.ok(wait <= usual * 1.25 && wait >= usual * 0.75 - 5000, `wait ${i}: ${wait} ms`);
    });
    receiver.answer = () => 200;
    await bed.api.operator.post(`/v1/alerts/deliveries/${delivery.id}/retry`, {});
    aheadMs += 10_000;
    const sent = await told(failing, "it is sent", ({ status }) => status === "sent");
    assert.equal(sent.attempts, 14);
    assert.equal(receiver.received.length, 13);
    assert.deepEqual(new Set(receiver.received.map(({ headers }) => headers["idempotency-key"])), new Set([sent.id]));
    assert.equal(new Set(receiver.received.map(({ text }) => text)).size, 1, "and it says the same each time");
  });

  test("that is refused is a dead letter at once", async () => {
    receiver.answer = () => 410;
    const refusing = await hook("refusing");
    await fire("refused", "refusing");
    const delivery = await told(refusing, "it is given up", ({ status }) => status === "dead");
    assert.deepEqual([delivery.attempts, delivery.problem], [1, "send to a hook: the answer is 410"]);
    receiver.answer = () => 200;
  });

  test("to a receiver that hangs ends after its three seconds, and keeps no other waiting", async () => {
    const slow = await hook("slow", `http://127.0.0.1:${hangingPort}/`);
    const quick = await hook("quick");
    const begunMs = Date.now();
    await fire("both", "slow", "quick");
    await told(quick, "the other has it", ({ status }) => status === "sent");
    const delivery = await told(slow, "its deadline", ({ attempts }) => attempts === 1);
    assert.deepEqual([delivery.status, delivery.problem], ["waiting", "send to a hook: no answer within 3000 ms"]);
    assert.ok(Date.now() - begunMs >= 2990, "timers may be a little early");
    const arrived = receiver.received.at(-1);
    assert.ok((arrived?.atMs ?? Infinity) < (hung[0]?.atMs ?? 0) + 3000, "the other had it while this one hung");
    aheadMs += 10_000;
    await until("the second attempt", () => Promise.resolve(hung.length >= 2 ? true : undefined));
    assert.deepEqual(new Set(hung.map(({ key }) => key)), new Set([delivery.id]));
    hung = [];
    // A hook that is pointed elsewhere gets there what waits for it.
    const before = receiver.received.length;
    const changed = await bed.api.operator.fetch(`/v1/alerts/hooks/${slow.id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: receiver.url }),
    });
    assert.equal(changed.status, 200);
    await told(slow, "its second deadline", ({ attempts }) => attempts >= 2);
    aheadMs += 60_000;
    await told(slow, "it has arrived", ({ status }) => status === "sent");
    assert.deepEqual(
      receiver.received.slice(before).map(({ headers }) => headers["idempotency-key"]),
      [delivery.id],
    );
  });

  test("of the list is on one page, and all of them on all pages, the newest first", async () => {
    const all = await bed.api.operator.json<DeliveriesPage>("/v1/alerts/deliveries");
    assert.equal(all.next, null);
    const seen: string[] = [];
    for (let before = ""; ;) {
      const path = `/v1/alerts/deliveries?limit=1${before === "" ? "" : `&before=${before}`}`;
      const { deliveries, next } = await bed.api.operator.json<DeliveriesPage>(path);
      seen.push(...deliveries.map(({ id }) => id));
      if (next === null) break;
      before = next;
    }
    assert.deepEqual(
      seen,
      all.deliveries.map(({ id }) => id),
    );
    const foreign = await bed.acme.json<DeliveriesPage>("/v1/alerts/deliveries");
    assert.deepEqual(foreign, { deliveries: [], next: null });
    assert.equal((await bed.api.operator.fetch("/v1/alerts/deliveries?before=x")).status, 400);
  });
});
