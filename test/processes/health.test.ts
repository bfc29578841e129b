/**
 * What a collector says of itself while it cannot deliver: full, failing and denied spools, on /readyz and /metrics of `isotherm collect`
 * as a process.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { assignment } from "../collector/bed.ts";
import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** In place of ingest and the query API: what is assigned, and an answer to every batch that the test chooses. */
class Services {
  status = 503;
  readonly #server: Server = createServer((request, response) => {
    request.resume();
    if (request.url === "/v1/assignments") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: assignments\ndata: ${JSON.stringify([assignment(1)])}\n\n`);
      return;
    }
    const isBatch = request.url === "/v1/batches";
    response.writeHead(isBatch ? this.status : 200).end('{"outcome":"stored"}');
  });

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe("a collector that cannot deliver", () => {
  let dir: string;
  let small: string;
  let isSmall: boolean;
  let fleet: Fleet;
  let url: string;
  let child: ChildProcess;
  const services = new Services();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-health-"));
    small = await mkdtemp(join(tmpdir(), "isotherm-small-"));
    isSmall = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", small]).status === 0;
    const keys = makeKeyPair();
    fleet = await startFleet({ hosts: 2, zonesPerHost: 3, tenants: 1, seed: 2, clientPublicKey: keys.publicKey });
    await writeFile(join(dir, "key"), keys.privateKey, { mode: 0o600 });
    await writeFile(join(dir, "token"), "iso_0\n");
    const known = fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n");
    await writeFile(join(dir, "known_hosts"), known);
    const there = await services.listen();
    const collect = {
      port: 0,
      ingestUrl: there,
      queryUrl: there,
      tokenFile: "token",
      keyFile: "key",
      knownHostsFile: "known_hosts",
      spoolDir: join(small, "spool"),
      spoolBytes: 65_536,
      hosts: fleet.hosts.map(({ name, port }) => ({ name, address: "127.0.0.1", port, username: "isotherm" })),
    };
    await writeFile(join(dir, "isotherm.yaml"), JSON.stringify({ collect, log: { level: "silent" } }));
    child = spawn(process.execPath, ["--import", "tsx", MAIN, "collect", "-c", join(dir, "isotherm.yaml")]);
    assert.ok(child.stdout !== null);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    url = /answers on (\S+)$/.exec(line)?.[1] ?? "";
  });
  after(async () => {
    child.kill("SIGKILL");
    services.close();
    await fleet.close();
    if (isSmall) spawnSync("umount", ["-l", small]);
    for (const each of [dir, small]) await rm(each, { recursive: true, force: true });
  });

  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`${url}/readyz`);
    const { message } = (await response.json()) as { message?: string };
    if (response.status !== 200) assert.deepEqual([response.status, message], [503, "windows are lost"]);
    return response.status === 200;
  };
  const value = async (metric: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`isotherm_${metric} `))
        ?.split(" ")
        .at(-1),
    );
  };
  const when = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    await until(what, async () => ((await holds()) ? true : undefined));
  };

  test("is ready while ingest is away, keeps what it has, and says how much and how old", async () => {
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    await when("something waits", async () => (await value("collector_spool_oldest_seconds")) > 0.5);
    assert.ok((await value("collector_spool_bytes")) > 0);
    assert.equal(await value("collector_spool_capacity_bytes"), 65_536);
    assert.ok((await value('collector_batches_total{outcome="failed"}')) > 0);
    assert.equal(await isReady(), true);
  });

  test("is not ready once its spool is full, and counts what it gives up", async () => {
    await when("the spool is full", async () => !(await isReady()));
    await when(
      "losses are counted",
      async () => (await value('collector_lost_windows_total{reason="spool_overflow"}')) > 0,
    );
    assert.equal((await fetch(`${url}/healthz`)).status, 200, "it is alive");
  });

  test("counts what its disk refuses", { skip: false }, async (context) => {
    if (!isSmall) {
      context.skip("a small file system cannot be mounted here (needs root)");
      return;
    }
    const ballast = join(small, "ballast");
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=64k"]);
    await when("the disk fails", async () => (await value("collector_spool_errors_total")) > 0);
    assert.equal(await isReady(), false);
    assert.equal(await value("collector_spool_disk_free_bytes"), 0);
    await rm(ballast);
    await when("there is room again", async () => (await value("collector_spool_disk_free_bytes")) > 0);
  });

  test("is not ready while ingest does not accept its token, and is again when all is delivered", async () => {
    services.status = 401;
    await when("denials are counted", async () => (await value('collector_batches_total{outcome="denied"}')) > 0);
    assert.equal(await isReady(), false);
    services.status = 200;
    await when("all is delivered", async () => (await value('collector_batches_total{outcome="acknowledged"}')) > 0);
    // Full it is said to be for a minute after its last loss.
    await when("it is ready", isReady);
  });
});
