/**
 * Saved reports, from saving to a receiver, on an imported history and a clock that the test moves: each due run is made once, by one of
 * two instances, also where the one that ran it dies before it could say so, and after a week in which nobody was there.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { capacityCommand } from "../../cli/capacity.ts";
import type { DeliveriesPage, NewHookInfo } from "../../core/alerts/api.ts";
import type { ErrorBody } from "../../core/api.ts";
import { OperationalError } from "../../core/errors.ts";
import type { CapacityReport } from "../../core/capacity.ts";
import type { ReportMessage, SavedReportInfo, SavedReportsPage } from "../../core/reports/api.ts";
import { createQueryApi, type QueryApi } from "../../query-api/app.ts";
import { Hooks } from "../../query-api/alerts/hooks.ts";
import { isSigned } from "../../query-api/alerts/send.ts";
import { ReportRuns } from "../../query-api/capacity/report-runs.ts";
import { SavedReports } from "../../query-api/capacity/saved-reports.ts";
import { Expectations } from "../../query-api/expected.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import type { StoreClient } from "../../store/client.ts";
import { forgetCopies, KEEP_RUNS, putCopy, readCopy, sweepCopies } from "../../store/report-copies.ts";
import { openReports, type ReportTables } from "../../store/reports.ts";
import { startReceiver, type Receiver } from "../alerts/bed.ts";
import { askingOf, startCapacity, type CapacityBed } from "./capacity-bed.ts";
import { until } from "../until.ts";

const LEASE = { ttlMs: 6000, beatMs: 200 };
const DAY_MS = 86_400_000;

describe("a saved report", () => {
  let bed: CapacityBed;
  let receiver: Receiver;
  let secret: string;
  /** How far the clock of what is due is ahead. */
  let aheadMs = 0;
  const nowMs = (): number => Date.now() + aheadMs;

  before(async () => {
    receiver = await startReceiver();
    const alerting = { allowTargets: [receiver.target], lease: LEASE, nowMs };
    bed = await startCapacity(["cpu", "cap"], { alerting });
    const hook = await bed.api.operator.post<NewHookInfo>("/v1/alerts/hooks", { name: "pager", url: receiver.url });
    secret = hook.secret;
  });
  after(async () => {
    await bed.api.close();
    await receiver.close();
  });

  const { zones } = askingOf(() => bed);
  const save = (body: object): Promise<SavedReportInfo> =>
    bed.api.operator.post<SavedReportInfo>("/v1/capacity/reports", { hook: "pager", ...body });
  const look = (id: string): Promise<SavedReportInfo> => bed.api.operator.json(`/v1/capacity/reports/${id}`);
  const messages = (name: string): { message: ReportMessage; key: string; text: string; signature: string }[] =>
    receiver.received.flatMap(({ text, headers }) => {
      const message = JSON.parse(text) as ReportMessage;
      const [key, signature] = [String(headers["idempotency-key"]), String(headers["isotherm-signature"])];
      return message.report.name === name ? [{ message, key, text, signature }] : [];
    });
  const ran = (id: string, what: string, is: (info: SavedReportInfo) => boolean): Promise<SavedReportInfo> =>
    until(what, async () => {
      const info = await look(id);
      return is(info) ? info : undefined;
    });
  const startInstance = async (reports: ReportTables): Promise<QueryApi> => {
    const { state, store, ingest } = bed.api.services;
    const api = await createQueryApi({
      ...{ ...state, reports, store, feed: ingest.feed, log: silentLog(), metrics: new Metrics(), version: "test" },
      ...{ simulated: false, signInCode: null, webDir: null, programOf: () => null, ready: () => store.ping() },
      alerting: { allowTargets: [receiver.target], lease: LEASE, nowMs },
    });
    await api.app.ready();
    return api;
  };

  test("that is asked for is made and sent: signed, with what is reached first, and links to the same report", async () => {
    const { endTs } = bed.fleet;
    aheadMs = endTs * 1000 - Date.now();
    const made = await save({ name: "asked", rangeDays: 300, horizonDays: 180, items: 5 });
    assert.deepEqual([made.nextMs, made.isWaiting, made.last, made.problem], [null, false, null, ""]);
    const asked = await bed.api.operator.post<SavedReportInfo>(`/v1/capacity/reports/${made.id}/run`, {});
    assert.equal(asked.isWaiting, true);
    await receiver.until("the report", () => messages("asked").length > 0);
    const [sent] = messages("asked");
    assert.ok(sent && isSigned(sent.signature, secret, sent.text, Date.now() / 1000));
    const { message } = sent;
    assert.deepEqual([message.status, message.run.missed, message.run.isLate, message.of], ["made", 0, false, "all"]);
    const info = await ran(made.id, "the run is stored", ({ last }) => last !== null);
    assert.deepEqual([info.isWaiting, info.last?.isAsked, info.last?.delivery], [false, true, sent.key]);
    const json = message.links.json.slice(bed.api.url.length);
    const report = await bed.api.operator.json<CapacityReport>(json);
    assert.deepEqual([report.fromTs, report.toTs], [message.range.fromTs, message.range.toTs]);
    assert.equal(report.growth[0]?.items.length, zones().length, "it is of something");
    const first = report.growth
      .flatMap(({ items }) => items)
      .filter(({ reaches }) => reaches !== null && (reaches.reached || reaches.earliestTs !== null));
    assert.deepEqual(new Set(message.reaches.map(({ key }) => key)), new Set(first.map(({ key }) => key)));
    assert.match(message.text, /^asked: (\d+ of \d+ may reach|none of \d+)/);
    const fetched = (link: string): Promise<Response> => bed.api.operator.fetch(link.slice(bed.api.url.length));
    assert.match((await fetched(message.links.page)).headers.get("content-type") ?? "", /^text\/html/);
    const csv = await (await fetched(message.links.csv)).text();
    assert.equal(csv.trim().split("\n").length - 1, report.growth.flatMap(({ items }) => items).length);
    const parquet = Buffer.from(await (await fetched(message.links.parquet)).arrayBuffer());
    assert.equal(parquet.subarray(0, 4).toString(), "PAR1");
    const { deliveries } = await bed.api.operator.json<DeliveriesPage>("/v1/alerts/deliveries");
    assert.equal(deliveries.find(({ id }) => id === sent.key)?.report, made.id);
  });

  test("runs by its schedule once, and once for all that were missed, and says for how many it stands", async () => {
    const soon = new Date(nowMs() + 60_000).toISOString().slice(11, 16);
    const schedule = { every: "day", at: soon };
    const made = await save({ name: "daily", rangeDays: 60, horizonDays: 30, items: 2, schedule });
    assert.ok(made.nextMs !== null && made.nextMs - nowMs() <= DAY_MS);
    aheadMs += made.nextMs - nowMs() + 1000;
    await receiver.until("the first run", () => messages("daily").length === 1);
    const first = await ran(made.id, "the first run is stored", ({ last }) => last?.dueMs === made.nextMs);
    assert.deepEqual([first.last?.missed, first.last?.isAsked, first.nextMs], [0, false, made.nextMs + DAY_MS]);
    // Nobody was there for five days.
    aheadMs += 5 * DAY_MS + 3_600_000;
    await receiver.until("the run after them", () => messages("daily").length === 2);
    const second = await ran(made.id, "it is stored", ({ last }) => last?.dueMs === (made.nextMs ?? 0) + 5 * DAY_MS);
    assert.equal(second.last?.missed, 4);
    const { message } = messages("daily")[1] ?? assert.fail();
    assert.deepEqual([message.run.missed, message.run.isLate], [4, true]);
    assert.equal(message.range.toTs * 1000, second.last.dueMs, "it is of the time at which it was due");
    assert.equal(second.nextMs, second.last.dueMs + DAY_MS);
    await bed.api.operator.fetch(`/v1/capacity/reports/${made.id}`, { method: "DELETE" });
  });

  test("that was sent shows what was sent then, whatever has become of the data since, and its range can be read again", async () => {
    const made = await save({ name: "mailed", rangeDays: 200, horizonDays: 30, items: 3 });
    await bed.api.operator.post(`/v1/capacity/reports/${made.id}/run`, {});
    await receiver.until("the report", () => messages("mailed").length === 1);
    const { links, range } = messages("mailed")[0]?.message ?? assert.fail();
    const fetched = (link: string): Promise<Response> => bed.api.operator.fetch(link.slice(bed.api.url.length));
    const then = (await (await fetched(links.json)).json()) as CapacityReport;
    assert.ok((then.growth[0]?.items.length ?? 0) > 0, "it is of something");
    // All that the report was made of goes, as it does when its time is over.
    const { store } = bed.api.services;
    const rows = await store.query("SELECT * FROM windows_1h LIMIT 1");
    assert.equal(rows.length, 1);
    await store.command("RENAME TABLE windows_1h TO windows_1h_kept");
    await store.command("CREATE TABLE windows_1h AS windows_1h_kept");
    try {
      assert.deepEqual(await (await fetched(links.json)).json(), then);
      const page = await (await fetched(links.page)).text();
      assert.match(page, /<p>As mailed was sent, due \d{4}-\d\d-\d\dT\d\d:\d\dZ\.<\/p>/);
      const csv = await (await fetched(links.csv)).text();
      assert.equal(csv.trim().split("\n").length - 1, then.growth.flatMap(({ items }) => items).length);
      const again = await (await fetched(links.again)).text();
      assert.match(again, /Nothing is known/, "what is read now is another report");
    } finally {
      await store.command("DROP TABLE windows_1h");
      await store.command("RENAME TABLE windows_1h_kept TO windows_1h");
    }
    assert.equal(then.toTs, range.toTs);
    const info = await ran(made.id, "the run is stored", ({ last }) => last !== null);
    assert.equal(info.last?.links.json, links.json.slice(bed.api.url.length), "the list leads to the same copy");
    const [stranger] = bed.fleet.tenants.map(({ id }) => bed.api.tenant(id));
    assert.equal((await stranger?.fetch(info.last.links.json))?.status, 404, "it is its owner's");
    const unknown = await bed.api.operator.fetch(`/v1/capacity/reports/${made.id}/runs/${"0".repeat(32)}`);
    assert.deepEqual([unknown.status, ((await unknown.json()) as ErrorBody).code], [404, "RUN_NOT_KEPT"]);
    await bed.api.operator.fetch(`/v1/capacity/reports/${made.id}`, { method: "DELETE" });
    assert.equal((await fetched(links.json)).status, 404, "a report that is deleted takes what it sent with it");
  });

  test("leaves the newest 35 copies, none older than 400 days, and none that is too large", async () => {
    const { store } = bed.api.services;
    const report = "c".repeat(16);
    const runId = (i: number): string => i.toString(16).padStart(32, "0");
    const put = (i: number, ranMs: number, body = "{}"): Promise<boolean> =>
      putCopy(store, { report, run: runId(i), dueMs: ranMs, ranMs, body });
    const now = 1_800_000_000_000;
    for (let i = 0; i < KEEP_RUNS + 2; i++) await put(i, now - i * DAY_MS);
    await put(99, now - 401 * DAY_MS);
    assert.equal(await put(100, now, "x".repeat(8_000_001)), false);
    await sweepCopies(store, report, now);
    const kept = async (i: number): Promise<boolean> => (await readCopy(store, report, runId(i))) !== null;
    await until("the old ones are gone", async () => ((await kept(KEEP_RUNS)) ? undefined : true));
    assert.deepEqual(await Promise.all([0, KEEP_RUNS - 1, KEEP_RUNS, KEEP_RUNS + 1, 99, 100].map(kept)), [
      ...[true, true, false, false, false, false],
    ]);
    await forgetCopies(store, report);
  });

  test("whose runner dies between sending it and saying so is not sent again by its successor", async () => {
    const { services } = bed.api;
    // What says that it was run does not reach the store; all else does.
    let dead = false;
    const lossy: StoreClient = {
      ...services.store,
      insertRows: (table, rows, ...rest) =>
        dead && table === "capacity_report_runs"
          ? Promise.reject(new Error("it died"))
          : services.store.insertRows(table, rows, ...rest),
    };
    const second = await startInstance(services.state.reports);
    const reports = openReports(lossy);
    await reports.refresh();
    const dying = await startInstance(reports);
    await dying.alerts.start("http://dying.example");
    await services.query.alerts.close();
    await until("it holds the lease", () => Promise.resolve(dying.alerts.isEvaluating ? true : undefined));
    dead = true;
    const made = await save({ name: "survived", rangeDays: 60, horizonDays: 30, items: 2 });
    await bed.api.operator.post(`/v1/capacity/reports/${made.id}/run`, {});
    await reports.refresh();
    await receiver.until("it is sent", () => messages("survived").length === 1);
    assert.equal((await look(made.id)).last, null, "nobody knows that it was run");
    await dying.app.close();
    await second.alerts.start("http://second.example");
    const info = await ran(made.id, "the successor finds it", ({ last }) => last !== null);
    const [sent, ...again] = messages("survived");
    assert.deepEqual([info.last?.delivery, again], [sent?.key, []]);
    // And the next asking is another run.
    await bed.api.operator.post(`/v1/capacity/reports/${made.id}/run`, {});
    await receiver.until("the second run", () => messages("survived").length === 2);
    assert.notEqual(messages("survived")[1]?.key, sent?.key);
    await second.app.close();
  });

  test("that cannot be made is tried three times a minute apart, and then its hook is told that", async () => {
    const { state, store, query } = bed.api.services;
    let tries = 0;
    const fails = (): Promise<never> => Promise.reject(new OperationalError("STORE_UNAVAILABLE", "query"));
    const broken: StoreClient = { ...store, query: fails, queryArrow: fails, queryStream: fails };
    const saved = new SavedReports(state.reports, new Hooks(state.alerts, state.reports), nowMs);
    const expectations = new Expectations(state.ownership, state.hosts);
    const runs = new ReportRuns({
      ...{ ...state, store: broken, instrumentations: query.instrumentations, saved, log: silentLog(), nowMs },
      expectedFor: (tenant) => expectations.of(tenant),
      // Asked once for each report that is begun.
      nowSec: () => {
        tries += 1;
        return nowMs() / 1000;
      },
    });
    const sent: ReportMessage[] = [];
    const enqueue = ({ body }: { readonly body: string }): Promise<void> => {
      sent.push(JSON.parse(body) as ReportMessage);
      return Promise.resolve();
    };
    const sending = { outbox: { has: () => Promise.resolve(false), enqueue }, mayBegin: () => true, baseUrl: "" };
    const made = await save({ name: "broken" });
    await bed.api.operator.post(`/v1/capacity/reports/${made.id}/run`, {});
    await until("the first try", () => {
      runs.run(sending);
      return Promise.resolve(tries === 1 ? true : undefined);
    });
    for (let i = 0; i < 5; i++) runs.run(sending);
    assert.equal(tries, 1, "not before a minute has passed");
    await until("it is given up", () => {
      aheadMs += 61_000;
      runs.run(sending);
      return Promise.resolve(sent.length > 0 ? true : undefined);
    });
    await runs.close();
    const [message, ...others] = sent;
    assert.deepEqual([tries, others], [3, []]);
    assert.deepEqual([message?.status, message?.reaches], ["failed", []]);
    assert.match(message?.text ?? "", /^broken: no report: /);
    assert.match(saved.info(saved.tables.reports.get(made.id) ?? assert.fail()).last?.problem ?? "", /query/);
  });

  test("of a tenant is of its own zones; another tenant finds neither it nor its hook", async () => {
    const [own, other] = bed.fleet.tenants.map(({ id }) => bed.api.tenant(id));
    assert.ok(own && other);
    const refused = async (body: object): Promise<readonly string[]> => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await own.fetch("/v1/capacity/reports", init);
      const { code, errors } = (await response.json()) as ErrorBody;
      return [code, ...errors.map(({ field, message }) => `${field}: ${message}`)];
    };
    assert.deepEqual(await refused({ name: "x", hook: "pager" }), [
      ...["INVALID_INPUT", "hook: expected the name of one of the owner's hooks"],
    ]);
    assert.deepEqual(await refused({ name: "x", tenant: bed.fleet.tenants[1]?.id }), ["NOT_FOUND"]);
    const made = await own.post<SavedReportInfo>("/v1/capacity/reports", { name: "own" });
    assert.deepEqual(await refused({ name: "own" }), ["NAME_TAKEN"]);
    assert.equal((await other.fetch(`/v1/capacity/reports/${made.id}`)).status, 404);
    assert.deepEqual((await other.json<SavedReportsPage>("/v1/capacity/reports")).reports, []);
    const run = await own.fetch(`/v1/capacity/reports/${made.id}/run`, { method: "POST" });
    assert.deepEqual([run.status, ((await run.json()) as ErrorBody).code], [409, "NO_HOOK"]);
    assert.ok(zones().some(({ owner }) => owner === made.owner));
  });

  test("is saved, listed, asked for and deleted by the command", async () => {
    const folder = await mkdtemp(join(tmpdir(), "isotherm-test-"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, bed.api.operator.token);
    const run = async (...args: string[]): Promise<string> => {
      let printed = "";
      const command = capacityCommand();
      const all = (each: typeof command): (typeof command)[] => [each, ...each.commands.flatMap((one) => all(one))];
      for (const each of all(command)) each.exitOverride().configureOutput({ writeOut: (text) => (printed += text) });
      await command.parseAsync(["reports", ...args, "--url", bed.api.url, "--token-file", tokenFile], { from: "user" });
      return printed;
    };
    const saved = await run("save", "monday", "--every", "week", "--weekday", "1", "--hook", "pager");
    assert.match(saved, /^NAME .*\nmonday +every Monday at 06:00 UTC +pager +\d{4}-\d\d-\d\dT06:00Z +-\n$/);
    // The same name: changed, and not another.
    assert.match(
      await run("save", "monday", "--every", "day", "--at", "07:30", "--hook", "pager"),
      /every day at 07:30/,
    );
    const list = JSON.parse(await run("list", "--json")) as { reports: SavedReportInfo[] };
    assert.equal(list.reports.filter(({ name }) => name === "monday").length, 1);
    assert.match(await run("run", "monday"), /^monday will be made/);
    assert.equal((JSON.parse(await run("show", "monday")) as SavedReportInfo).schedule?.at, "07:30");
    assert.equal(await run("delete", "monday"), "monday is deleted\n");
    await assert.rejects(run("show", "monday"), /there is no saved report "monday"/);
    await assert.rejects(run("save", "x", "--every", "hour", "--hook", "pager"), /schedule.every: expected one of day/);
    await rm(folder, { recursive: true });
  });
});
