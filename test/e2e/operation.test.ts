/**
 * What the services say of themselves while they work: metrics of every stage, one name for a batch in every log, and readiness
 * that is true.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { format } from "prettier";
import { readConfig } from "../../cli/config.ts";
import { followMetrics } from "../../cli/query.ts";
import { Reloads } from "../../cli/reload.ts";
import { infoMetric } from "../../cli/role.ts";
import { startServices, type Services } from "../../cli/services.ts";
import { startCollector, type Collector } from "../../collectors/collector.ts";
import { CollectorMetrics } from "../../collectors/collector-metrics.ts";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { createApp, NO_TOKENS } from "../../server/http.ts";
import { silentLog, type Log } from "../../server/log.ts";
import { operations } from "../../server/operations.ts";
import { listOfPage, metricsTable, pageWith } from "../deploy/metrics-page.ts";
import { Client } from "./stack.ts";
import { until } from "../until.ts";

interface Line {
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

/** A log that is kept; children add their facts. */
function keptLog(lines: Line[], bound: object = {}): Log {
  const say = (facts: object, message: string): unknown => lines.push({ message, facts: { ...bound, ...facts } });
  const child = (more: object): Log => keptLog(lines, { ...bound, ...more });
  return Object.assign(silentLog(), { debug: say, info: say, warn: say, error: say, child });
}

describe("a service that works", () => {
  let dir: string;
  let services: Services;
  let fleet: Fleet;
  let collector: Collector;
  let operator: Client;
  const lines: Line[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-operation-"));
    const keys = makeKeyPair();
    const log = keptLog(lines);
    const on = { dataDir: dir, host: "127.0.0.1", port: 0, webDir: null, simulated: true, signInCode: null };
    services = await startServices({ ...on, log });
    fleet = await startFleet({ hosts: 1, zonesPerHost: 2, tenants: 1, seed: 3, clientPublicKey: keys.publicKey });
    const known = fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n");
    const { tokens } = services.state;
    collector = await startCollector({
      name: "test",
      spoolDirectory: join(dir, "spool"),
      hosts: fleet.hosts.map(({ name, port }) => ({
        name,
        platform: "smartos",
        target: { host: name, address: "127.0.0.1", port, username: "isotherm", privateKey: keys.privateKey },
      })),
      knownHosts: () => parseKnownHosts(known),
      ingestUrl: services.ingest.url,
      queryUrl: services.query.url,
      token: await tokens.create("collector", "", "test"),
      metrics: new CollectorMetrics(services.metrics),
      log,
    });
    operator = new Client(services.query.url, await tokens.create("operator", "", "test"));
  });
  after(async () => {
    await collector.close(0);
    await fleet.close();
    await services.close();
    await rm(dir, { recursive: true, force: true });
  });

  test("lists each of its metrics in docs/operating.md, and none that it does not have", async () => {
    const file = join(dir, "isotherm.yaml");
    writeFileSync(file, "");
    const { metrics } = services;
    // What the roles add when they are processes of their own.
    infoMetric(metrics, "0");
    followMetrics(
      { connected: { now: 0 }, counts: { gaps: 0, resumed: 0 } } as Parameters<typeof followMetrics>[0],
      metrics,
    );
    const config = await readConfig(file, {});
    new Reloads({ config, about: [], read: () => Promise.resolve(config), log: silentLog(), metrics });
    const app = createApp({ log: silentLog(), tokens: NO_TOKENS, bodyLimitBytes: 1 });
    operations(app, { service: "collector", ready: () => Promise.resolve(), metrics });
    const options = { parser: "markdown", printWidth: 120 };
    const list = (await format(metricsTable(metrics.listed), options)).trim();
    if (process.env["ISOTHERM_WRITE_DOCS"] === "1")
      writeFileSync(new URL("../../docs/operating.md", import.meta.url), await format(pageWith(list), options));
    assert.equal(listOfPage(), list, "ISOTHERM_WRITE_DOCS=1 node --import tsx --test test/e2e/operation.test.ts");
  });

  test("counts at every stage, from the host to the reader", async () => {
    const made = await services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["latency"],
    });
    await until("a column is read", async () => {
      const { columns } = await operator.json<{ columns: { reporting: number }[] }>(
        `/v1/instrumentations/${made.id}/heatmap?from=-10&columns=100`,
      );
      return columns.some(({ reporting }) => reporting > 0) ? columns : undefined;
    });
    const viewer = new AbortController();
    await operator.fetch(`/v1/instrumentations/${made.id}/live`, { signal: viewer.signal });
    const text = await (await fetch(`${services.query.url}/metrics`)).text();
    const value = (name: string, labels = ""): number =>
      Number(new RegExp(`^isotherm_${name}${labels.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
    for (const [name, labels] of [
      ["collector_windows_total", '{status="ok"}'],
      ["collector_events_total", ""],
      ["collector_window_lag_seconds_count", ""],
      ["collector_batches_total", '{outcome="acknowledged"}'],
      ["collector_batch_seconds_count", ""],
      ["collector_delivery_lag_seconds_count", ""],
      ["collector_spool_capacity_bytes", ""],
      ["collector_spool_disk_free_bytes", ""],
      ["ingest_batches_total", '{outcome="stored"}'],
      ["ingest_rows_total", ""],
      ["ingest_lag_seconds_count", ""],
      ["ingest_answers_total", '{status="2xx"}'],
      ["store_seconds_count", '{call="insert"}'],
      ["store_seconds_count", '{call="read"}'],
      ["store_disk_free_bytes", ""],
      ["query_read_seconds_count", '{route="/v1/instrumentations/:id/heatmap"}'],
      ["query_answers_total", '{status="2xx"}'],
    ] as const) {
      assert.ok(value(name, labels) > 0, `${name}${labels} is ${value(name, labels)}`);
    }
    assert.equal(value("collector_hosts", '{state="up"}'), 1);
    assert.equal(value("query_live_viewers"), 1);
    assert.equal(value("collector_lost_windows_total", '{reason="spool_overflow"}'), 0);
    assert.equal(value("store_engine_restarts"), 0);
    viewer.abort();
  });

  test("calls a batch by one name, from the collector to the store", async () => {
    const sent = await until("a batch that was acknowledged", () =>
      Promise.resolve(
        lines.find(({ message, facts }) => message === "batch sent" && facts["outcome"] === "acknowledged"),
      ),
    );
    const { batch } = sent.facts;
    assert.match(String(batch), /^test-[0-9a-f]{12}=\d+$/);
    const [answered] = lines.filter(({ message, facts }) => message === "batch answered" && facts["batch"] === batch);
    assert.equal(answered?.facts["outcome"], "stored");
    const [inserted] = lines.filter(
      ({ message, facts }) => message === "batches inserted" && (facts["batches"] as unknown[]).includes(batch),
    );
    assert.ok(String(inserted?.facts["queryId"]).includes(`/${String(batch)}/`), "the store's own logs know it");
    const [stream = "", seq] = String(batch).split("=");
    const [row] = await services.store.query<{ rows: string }>(
      "SELECT toString(count()) AS rows FROM windows WHERE stream = {stream:String} AND seq = {seq:UInt64}",
      { stream, seq },
    );
    assert.equal(Number(row?.rows), Number(sent.facts["rows"]) + 1, "the rows, and the receipt");
  });

  test("names the batch also where it is refused", async () => {
    // The engine is back within a second, and a batch comes once a second: each new engine is ended until a batch has met none.
    let ended: number | undefined;
    const failed = await until("a refusal in the log", () => {
      const { pid } = services.engine;
      if (pid !== undefined && pid !== ended) {
        process.kill(pid, "SIGKILL");
        ended = pid;
      }
      return Promise.resolve(
        lines.find(({ message, facts }) => message === "a request failed" && facts["batch"] !== undefined),
      );
    });
    assert.match(String(failed.facts["batch"]), /=\d+$/);
  });

  const ready = async (url: string): Promise<[status: number, message: string]> => {
    const response = await fetch(`${url}/readyz`);
    const { message = "" } = (await response.json()) as { message?: string };
    return [response.status, message];
  };

  test("is not ready while the store does not answer, and says so; but it is alive", async () => {
    const { ingest, query, engine } = services;
    const isReady = (): Promise<boolean> => ready(ingest.url).then(([status]) => status === 200);
    await until("the engine is back", async () => ((await isReady()) ? true : undefined));
    const pid = engine.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      for (const { url } of [ingest, query]) {
        assert.deepEqual(await ready(url), [503, "the store does not answer"]);
        assert.equal((await fetch(`${url}/healthz`)).status, 200);
      }
    } finally {
      process.kill(pid, "SIGCONT");
    }
    for (const { url } of [ingest, query]) {
      await until("ready again", async () => ((await ready(url))[0] === 200 ? true : undefined));
    }
  });

  test("ingest is not ready while the store's disk has no room, until an insert is taken", async () => {
    const { ingest, query, store } = services;
    // The engine refuses as it does on a full disk: less would stay free than is set aside.
    await store.command(
      "ALTER TABLE windows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 4611686018427387904",
    );
    const seen = await until("a refusal that /readyz tells", async () => {
      const answer = await ready(ingest.url);
      return answer[0] === 503 ? answer : undefined;
    });
    assert.deepEqual(seen, [503, "the store takes no inserts"]);
    assert.equal((await ready(query.url))[0], 200, "reading goes on");
    await store.command("ALTER TABLE windows RESET SETTING min_free_disk_bytes_to_perform_insert");
    await until("ready again", async () => ((await ready(ingest.url))[0] === 200 ? true : undefined));
  });
});
