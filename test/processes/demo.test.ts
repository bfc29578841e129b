/**
 * `isotherm demo` where it is ended early, started twice, or finds its port in use.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { Demos, descendants, END_MS, isAlive, isEngine } from "../demo/process.ts";
import { LONG } from "../long.ts";

describe("a demo and others", () => {
  let dataDir: string;
  const demos = new Demos();
  before(async () => (dataDir = await mkdtemp(join(tmpdir(), "isotherm-demo-"))));
  // A test that failed half-way leaves nothing that the next one would trip over.
  afterEach(() => demos.end());
  after(() => rm(dataDir, { recursive: true, force: true }));

  for (const afterMs of LONG ? [0, 300, 800, 1500] : [0, 800]) {
    test(`Ctrl-C ${afterMs} ms after the engine's process began, while parts are missing, leaves nothing either`, async () => {
      const demo = demos.run(["--data", `${dataDir}-early`, "--port", "0"]);
      const begun = (): boolean => descendants(demo.process.pid ?? 0).some(isEngine);
      while (!begun()) await new Promise((wake) => setTimeout(wake, 10));
      await new Promise((wake) => setTimeout(wake, afterMs));
      const started = descendants(demo.process.pid ?? 0);
      const pressedMs = performance.now();
      // A terminal sends it to all processes of the group.
      for (const pid of [demo.process.pid ?? 0, ...started.filter(isEngine)]) process.kill(pid, "SIGINT");
      const status = await demo.exit();
      const tookMs = performance.now() - pressedMs;
      assert.ok(tookMs < END_MS, `Ctrl-C took ${tookMs} ms`);
      assert.deepEqual([status, demo.errors()], [0, ""]);
      assert.deepEqual(started.filter(isAlive), [], "no process is left");
      await rm(`${dataDir}-early`, { recursive: true, force: true });
    });
  }

  test("opens its store again, counts nothing twice, and tells a second process that it is in use", async () => {
    const first = demos.run(["--data", dataDir, "--port", "0", "--backfill", "0"]);
    await first.url();
    first.process.kill("SIGTERM");
    assert.equal(await first.exit(), 0);
    const demo = demos.run(["--data", dataDir, "--port", "0", "--backfill", "0"]);
    const url = await demo.url();
    assert.match(demo.output(), /tokens were shown when this data directory was made/);
    const second = demos.run(["--data", dataDir, "--port", "0"]);
    assert.equal(await second.exit(), 1);
    assert.match(second.errors(), /^isotherm: .*another process uses this directory/m);
    assert.equal((await fetch(`${new URL(url).origin}/readyz`)).status, 200, "the first goes on");
    demo.process.kill("SIGTERM");
    assert.equal(await demo.exit(), 0);
  });

  test("says that a port is in use, and how to choose another", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const demo = demos.run(["--data", `${dataDir}-port`, "--port", String(port)]);
    assert.equal(await demo.exit(), 1);
    assert.match(demo.errors(), new RegExp(`^isotherm: .*127\\.0\\.0\\.1:${port}.*in use.*--port`, "m"));
    server.close();
    await rm(`${dataDir}-port`, { recursive: true, force: true });
  });

  test("says what is wrong with its options in one line, with exit status 2", async () => {
    const demo = demos.run(["--hosts", "0"]);
    assert.equal(await demo.exit(), 2);
    assert.match(demo.errors(), /^isotherm: .*--hosts.*"0".*whole number from 1 to 500[^\n]*\n$/);
  });
});
