/**
 * main.test.ts: a fleet as a child process.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FleetReady } from "../../collectors/simulator/main.ts";
import { CLIENT } from "./client.ts";

test("a child process tells where its hosts listen, and ends when its parent hangs up", async () => {
  const path = fileURLToPath(new URL("../../collectors/simulator/main.ts", import.meta.url));
  const child = fork(path, { execArgv: ["--import", "tsx"] });
  child.send({ type: "start", options: { hosts: 2, clientPublicKey: CLIENT.public } });
  const [ready] = (await once(child, "message")) as [FleetReady];
  assert.equal(ready.type, "ready");
  assert.deepEqual(
    ready.hosts.map((host) => host.name),
    ["cn-01", "cn-02"],
  );
  assert.ok(ready.hosts.every((host) => host.port > 0 && /^ssh-ed25519 AAAA/.test(host.hostKey)));
  assert.deepEqual(
    ready.tenants.map((tenant) => tenant.name),
    ["acme", "globex", "initech"],
  );
  const exit = once(child, "exit");
  child.disconnect();
  assert.deepEqual(await exit, [0, null]);
});
