/**
 * The roles as processes of their own: one engine, simulated hosts, ingest, query API and collector, each by its command.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/peers/peer.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import type { LiveColumn } from "../../core/api.ts";
import { migrate } from "../../store/migrations.ts";
import { startTestEngine, type TestEngine } from "../store/engine-fixture.ts";
import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

describe("the roles", () => {
  let dir: string;
  let engine: TestEngine;
  let fleet: Fleet;
  const running = new Set<ChildProcess>();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-roles-"));
    const keys = makeKeyPair();
    engine = await startTestEngine();
    fleet = await startFleet({ hosts: 2, zonesPerHost: 1, tenants: 1, seed: 1, clientPublicKey: keys.publicKey });
    const known = fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n");
    await writeFile(join(dir, "key"), keys.privateKey, { mode: 0o600 });
    await writeFile(join(dir, "known_hosts"), known);
    await writeFile(join(dir, "password"), `${engine.engine.password}\n`);
  });
  after(async () => {
    for (const child of running) child.kill("SIGKILL");
    await fleet.close();
    await engine.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** What one process says: lines of standard output, and its end. */
  const start = (role: string, file: string): { child: ChildProcess; said: Promise<string>; errors: () => string } => {
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, role, "-c", join(dir, file)]);
    running.add(child);
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    child.once("exit", () => running.delete(child));
    const said = new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`${role} ended with ${String(code)}: ${errors}`)));
    });
    said.catch(() => undefined);
    return { child, said, errors: () => errors };
  };
  const ended = async (child: ChildProcess): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  };

  test("a ClickHouse without tables is left as it is", async () => {
    const { url, username, password } = engine.engine;
    await writeFile(
      join(dir, "bare.yaml"),
      JSON.stringify({ store: { url, username, password, database: engine.engine.database }, ingest: { port: 0 } }),
    );
    const { child, errors } = start("ingest", "bare.yaml");
    assert.equal(await ended(child), 1);
    assert.match(errors(), /^isotherm: open the store: .*run isotherm migrate\n$/);
  });

  test("work together over HTTP, and go on after ingest was killed", async () => {
    await migrate(engine.client, Date.now());
    const [ingestPort, queryPort] = [await freePort(), await freePort()];
    const file = {
      store: {
        url: engine.engine.url,
        username: engine.engine.username,
        passwordFile: "password",
        database: engine.engine.database,
      },
      tokens: { dir: "tokens" },
      ingest: { port: ingestPort },
      query: { port: queryPort, ingestUrls: [`http://127.0.0.1:${ingestPort}/`], web: false },
      collect: {
        ingestUrl: `http://127.0.0.1:${ingestPort}`,
        queryUrl: `http://127.0.0.1:${queryPort}`,
        port: 0,
        tokenFile: "tokens/collector.token",
        keyFile: "key",
        knownHostsFile: "known_hosts",
        spoolDir: "spool",
        hosts: fleet.hosts.map(({ name, port }) => ({ name, address: "127.0.0.1", port, username: "isotherm" })),
      },
      log: { level: "warn" },
    };
    // JSON is YAML.
    await writeFile(join(dir, "three.yaml"), JSON.stringify(file));
    const first = start("ingest", "three.yaml");
    const query = start("query", "three.yaml");
    assert.match(await first.said, new RegExp(`ingest listens on http://127\\.0\\.0\\.1:${ingestPort}$`));
    await query.said;
    assert.equal((await stat(join(dir, "tokens/operator.token"))).mode & 0o777, 0o600);
    const operator = (await readFile(join(dir, "tokens/operator.token"), "utf8")).trim();
    const collect = start("collect", "three.yaml");
    assert.match(await collect.said, /collector collector watches 2 hosts, and answers on http:\/\/127\.0\.0\.1:\d+$/);

    const url = `http://127.0.0.1:${queryPort}`;
    const headers = { authorization: `Bearer ${operator}`, "content-type": "application/json" };
    // The token may be younger than what query knows.
    const { id } = await until(
      "an instrumentation",
      async () => {
        const body = JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"] });
        const response = await fetch(`${url}/v1/instrumentations`, { method: "POST", headers, body });
        return response.ok ? ((await response.json()) as { id: string }) : undefined;
      },
      20_000,
    );
    const live = new LiveReader(`${url}/v1/instrumentations/${id}/live`, headers);
    const counted = (from: number) => () =>
      live.columns.some(({ ts, total, endedMs }) => ts > from && endedMs !== null && (total ?? 0) > 0);
    await until("a live column", counted(0), 40_000);

    first.child.kill("SIGKILL");
    await ended(first.child);
    const second = start("ingest", "three.yaml");
    await second.said;
    const atTs = Math.floor(Date.now() / 1000) + 1;
    await until("a live column after the restart", counted(atTs), 40_000);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /^isotherm_feed_connected 1$/m);
    live.close();

    for (const { child, errors } of [collect, query, second]) {
      child.kill("SIGTERM");
      assert.equal(await ended(child), 0, errors());
    }
  });

  test("serve is all of it, with an engine of its own; who comes second is told why not", async () => {
    const file = {
      store: { dataDir: "served", memoryBytes: 2 ** 30 },
      query: { port: await freePort(), web: false },
      ingest: { port: 0 },
      collect: {
        keyFile: "key",
        knownHostsFile: "known_hosts",
        hosts: fleet.hosts.map(({ name, port }) => ({ name, address: "127.0.0.1", port, username: "isotherm" })),
      },
      log: { level: "error" },
    };
    await writeFile(join(dir, "serve.yaml"), JSON.stringify(file));
    const served = start("serve", "serve.yaml");
    assert.match(await served.said, /2 hosts$/);
    const headers = { authorization: `Bearer ${(await readFile(join(dir, "served/operator.token"), "utf8")).trim()}` };
    await until(
      "both hosts are up",
      async () => {
        const response = await fetch(`http://127.0.0.1:${file.query.port}/v1/hosts`, { headers });
        return (await response.text()).match(/"state":"up"/g)?.length === 2;
      },
      30_000,
    );
    const second = start("serve", "serve.yaml");
    assert.equal(await ended(second.child), 1);
    assert.match(
      second.errors(),
      /^isotherm: listen on 127\.0\.0\.1:\d+: the port is in use by another program.*query\.port.*\n/,
    );
    served.child.kill("SIGTERM");
    assert.equal(await ended(served.child), 0, served.errors());
  });

  test("a role without what it needs says so in one line, and ends with 2", async () => {
    await writeFile(join(dir, "empty.yaml"), "");
    const wanted = { ingest: "store.url", query: "query.ingestUrls", collect: "collect.ingestUrl" };
    for (const [role, key] of Object.entries(wanted)) {
      const { child, errors } = start(role, "empty.yaml");
      assert.equal(await ended(child), 2, role);
      assert.match(errors(), new RegExp(`^isotherm: .*empty\\.yaml: ${key} is missing, expected .*\\n$`));
    }
  });
});

/** Follows live columns, and asks again when it is let go. */
class LiveReader {
  readonly columns: LiveColumn[] = [];
  readonly #stop = new AbortController();

  constructor(url: string, headers: Record<string, string>) {
    void this.#run(url, headers);
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(url: string, headers: Record<string, string>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const { body } = await fetch(url, { headers, signal });
        let text = "";
        for await (const piece of (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(
          new TextDecoderStream(),
        )) {
          const events = (text + piece).split("\n\n");
          text = events.pop() ?? "";
          for (const event of events) {
            const data = /^event: column\n(?:id: .*\n)?data: (.*)$/m.exec(event)?.[1];
            if (data !== undefined) this.columns.push(JSON.parse(data) as LiveColumn);
          }
        }
      } catch {
        await new Promise((wake) => setTimeout(wake, 50));
      }
    }
  }
}
