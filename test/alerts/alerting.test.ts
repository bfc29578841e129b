/**
 * Alerting from stored batches to a receiver: what fires, what it says, who sees it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertTest, NewHookInfo } from "../../core/alerts/api.ts";
import { isSigned } from "../../query-api/alerts/send.ts";
import { HOSTS, startBed, startReceiver, startTelling, ZONES, type Bed, type Receiver } from "./bed.ts";
import { until } from "../until.ts";

const SLOW_NS = 20_000_000;

interface Payload {
  readonly version: string;
  readonly status: string;
  readonly groupLabels: Record<string, string>;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly generatorURL: string;
    readonly isotherm: {
      readonly value: number;
      readonly selection: { readonly instrumentation: string; readonly low: number | null };
      readonly breakdown: { readonly text: string; readonly total: number };
      readonly heatmap: string;
      readonly permalink: string;
    };
  }[];
}

describe("alerting", () => {
  let bed: Bed;
  let receiver: Receiver;
  let stop: () => Promise<void>;
  let slow = false;

  before(async () => {
    receiver = await startReceiver();
    bed = await startBed({ allowTargets: [receiver.target] });
    stop = startTelling(bed, () => ({
      seconds: [
        { host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count: 100 },
        { host: HOSTS[0], zone: ZONES[0], latencyNs: slow ? SLOW_NS : 2000, count: 87 },
        { host: HOSTS[0], zone: ZONES[0], execname: "nginx", latencyNs: slow ? SLOW_NS : 2000, count: 13 },
        { host: HOSTS[1], zone: ZONES[1], latencyNs: 2000, count: 50 },
      ],
    }));
  });
  after(async () => {
    await stop();
    await bed.close();
    await receiver.close();
  });

  test("a zone whose latency rises fires by itself, is told once, and is resolved when it has fallen", async () => {
    const hook = await bed.api.operator.post<NewHookInfo>("/v1/alerts/hooks", {
      name: "pager",
      url: receiver.url,
      groupWaitSec: 0,
      groupIntervalSec: 1,
    });
    await bed.api.operator.post("/v1/alerts/rules", {
      ...{
        name: "slow",
        instrumentation: bed.instrumentation,
        per: "zonename",
        everySec: 1,
        labels: { severity: "page" },
      },
      condition: { kind: "quantile", q: 0.9, windowSec: 3, above: 10_000_000, resolve: 5_000_000 },
      annotations: { summary: "{{ key }}: p90 is {{ value }}, above {{ threshold }}" },
    });
    slow = true;
    await receiver.until("the alert", (received) => received.length > 0);
    const [first] = receiver.received;
    assert.ok(first);
    const payload = JSON.parse(first.text) as Payload;
    assert.equal(payload.version, "4");
    assert.equal(payload.status, "firing");
    assert.deepEqual(payload.groupLabels, { alertname: "slow" });
    assert.deepEqual(
      payload.alerts.map(({ labels }) => labels),
      [{ severity: "page", zonename: ZONES[0], alertname: "slow" }],
    );
    const [alert] = payload.alerts;
    assert.ok(alert);
    assert.match(alert.annotations["summary"] ?? "", /^web-0: p90 is \d+(\.\d+)? ms, above 10 ms$/);
    assert.match(alert.isotherm.breakdown.text, /^87 % of the [\d,]+ operations ≥ 10 ms are postgres in zone web-0$/);
    assert.equal(alert.isotherm.selection.low, 10_000_000);
    assert.match(alert.isotherm.permalink, new RegExp(`/#i=${bed.instrumentation}&from=`));
    assert.ok(isSigned(String(first.headers["isotherm-signature"]), hook.secret, first.text, Date.now() / 1000));
    assert.match(String(first.headers["idempotency-key"]), /^[0-9a-f]{32}$/);
    const picture = await bed.api.operator.fetch(alert.isotherm.heatmap.slice(bed.api.url.length));
    assert.equal(picture.headers.get("content-type"), "image/png");
    slow = false;
    await receiver.until("the end", (received) =>
      received.some(({ text }) => (JSON.parse(text) as Payload).status === "resolved"),
    );
    assert.equal(receiver.received.length, 2, "once for each change");
    assert.equal(new Set(receiver.received.map(({ headers }) => headers["idempotency-key"])).size, 2);
  });

  test("a tenant's rule sees the tenant's data and hosts only, and another tenant sees neither rule nor alert", async () => {
    const rule = {
      name: "own",
      instrumentation: bed.instrumentation,
      everySec: 1,
      condition: { kind: "rate", windowSec: 2, above: 0 },
    };
    const made = await bed.globex.post<{ id: string }>("/v1/alerts/rules", rule);
    const alert = await until("globex' alert", async () =>
      (await bed.alerts(bed.globex)).find(({ name, status }) => name === "own" && status === "firing"),
    );
    // Globex has 50 a second, acme 200.
    assert.equal(alert.value, 50);
    assert.equal(alert.isPartial, false);
    assert.deepEqual(
      (await bed.alerts(bed.acme)).filter(({ name }) => name === "own"),
      [],
    );
    assert.equal((await bed.acme.fetch(`/v1/alerts/rules/${made.id}`)).status, 404);
    const foreign = await bed.acme.fetch("/v1/alerts/rules", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...rule, tenant: alert.owner }),
    });
    assert.equal(foreign.status, 400);
    const hostname = { ...rule, per: "hostname", condition: { kind: "absent" } };
    assert.equal(
      (
        await bed.acme.fetch("/v1/alerts/rules", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(hostname),
        })
      ).status,
      400,
    );
  });

  test("a rule can be tried against what was before it is saved", async () => {
    const rule = {
      ...{ name: "tried", instrumentation: bed.instrumentation, per: "zonename", everySec: 1 },
      condition: { kind: "share", over: 10_000_000, windowSec: 2, above: 0.4 },
    };
    const tried = await bed.api.operator.post<AlertTest>("/v1/alerts/test", { rule, from: -60 });
    assert.deepEqual(
      tried.alerts.map(({ key }) => key),
      [ZONES[0]],
    );
    assert.equal(tried.alerts[0]?.worst, 0.5);
    assert.ok(tried.alerts[0].toTs !== null);
  });

  test("what is silenced fires and is not told", async () => {
    const before = receiver.received.length;
    await bed.api.operator.post("/v1/alerts/silences", {
      matchers: [{ name: "alertname", value: "quiet" }],
      endsMs: Date.now() + 600_000,
      comment: "known",
    });
    const rule = {
      name: "quiet",
      instrumentation: bed.instrumentation,
      everySec: 1,
      condition: { kind: "rate", windowSec: 1, above: 0 },
    };
    await bed.api.operator.post("/v1/alerts/rules", rule);
    await bed.api.operator.post("/v1/alerts/rules", { ...rule, name: "loud" });
    await receiver.until("the loud one", (received) =>
      received.slice(before).some(({ text }) => text.includes('"loud"')),
    );
    const quiet = (await bed.alerts()).find(({ name }) => name === "quiet");
    assert.equal(quiet?.status, "firing");
    assert.equal(quiet.isSilenced, true);
    assert.ok(!receiver.received.some(({ text }) => text.includes('"quiet"')));
  });
});
