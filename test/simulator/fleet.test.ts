/**
 * fleet.test.ts: hosts, zones, owners and links, and that nothing is left when a fleet is closed.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Client } from "ssh2";
import { makeKeys } from "../../collectors/simulator/ssh-server.ts";
import { connect, exec, makeBed, makeHead, run, settle, START_MS } from "./client.ts";
import { frames } from "./frames.ts";

async function output(client: Client, command: string): Promise<string> {
  const done = await exec(client, command);
  assert.equal(await done.ended, 0);
  return done.stdout;
}

/** Not `once`, which takes the reset that comes before for a failure. */
function closed(client: Client): Promise<void> {
  return new Promise((resolve) => client.once("close", () => resolve()));
}

describe("a fleet", () => {
  test("answers version, zones and vms as the wrapper does", async () => {
    const { fleet } = await makeBed();
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const version = await output(client, "version");
    assert.match(
      version,
      /^wrapper 2\nshare 16\nhostname cn-01\nboot \d+\nnow \d+\.\d{9}\nplatform joyent_\w+\ndtrace [\d.]+\n$/,
    );
    const zones = await output(client, "zones");
    assert.match(
      zones,
      /^0:global:running:\/::liveimg:shared:0\n(?:(\d+):([0-9a-f-]{36}):running:\/zones\/\2:\2:joyent:excl:\1\n){4}$/,
    );
    const vms = JSON.parse(await output(client, "vms")) as Record<string, unknown>[];
    assert.deepEqual(
      vms.map((vm) => [vm["uuid"], vm["owner_uuid"], vm["alias"]]),
      fleet.zones.map((zone) => [zone.name, zone.ownerUuid, zone.alias]),
    );
    client.end();
    await fleet.close();
  });

  test("refuses every other command, and everything that is no command", async () => {
    const { fleet } = await makeBed();
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const hostile = [
      "id",
      "",
      "version;id",
      "run",
      "run zz",
      "kstat",
      "kstat $(id)",
      "kstat a:b:c:d:e",
      "kstat :::nread",
      "kstat -p:::",
      "zones -p",
      "run " + "0".repeat(33),
    ];
    for (const command of hostile) {
      const done = await exec(client, command);
      assert.equal(await done.ended, 126, command);
      assert.match(done.stderr, /^wrapper: refused\n$/);
    }
    await assert.rejects(
      new Promise((resolve, reject) => client.shell((error) => (error ? reject(error) : resolve(0)))),
    );
    await assert.rejects(
      new Promise((resolve, reject) => client.sftp((error) => (error ? reject(error) : resolve(0)))),
    );
    await assert.rejects(
      new Promise((resolve, reject) =>
        client.forwardOut("127.0.0.1", 1, "127.0.0.1", 22, (error) => (error ? reject(error) : resolve(0))),
      ),
    );
    const pty = new Promise((resolve, reject) =>
      client.exec("version", { pty: true }, (error) => (error === undefined ? resolve(0) : reject(error))),
    );
    await assert.rejects(pty);
    client.end();
    await fleet.close();
  });

  test("lets in only the one key", async () => {
    const { fleet } = await makeBed();
    const [host] = fleet.hosts;
    assert.ok(host);
    const stranger = makeKeys();
    await assert.rejects(connect(host, { privateKey: stranger.private }), /authentication methods failed/);
    let seen = "";
    const client = await connect(host, {
      hostVerifier: (key: Buffer) => {
        seen = key.toString("base64");
        return true;
      },
    });
    assert.equal(host.hostKey.split(" ")[1], seen);
    client.end();
    await fleet.close();
  });

  test("is the same again for the same seed, and another for another", async () => {
    const runs = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const { fleet } = await makeBed({ seed, backfillSec: 5 });
        const [host] = fleet.hosts;
        assert.ok(host);
        const client = await connect(host);
        const command = await run(client, makeHead({ nonce: "ab".repeat(16), keys: ["zonename", "execname", "pid"] }));
        const read = (await command.until(frames(5))).slice(0, 5);
        const vms = await output(client, "vms");
        client.end();
        await fleet.close();
        return { read, vms };
      }),
    );
    assert.deepEqual(runs[0], runs[1]);
    assert.notDeepEqual(runs[0]?.vms, runs[2]?.vms);
  });

  test("tells of a new owner, a new zone and one that is gone at once; counts follow", async () => {
    const { fleet, clock } = await makeBed();
    const [host] = fleet.hosts;
    const [zone, doomed] = fleet.zones;
    assert.ok(host && zone && doomed);
    const client = await connect(host);
    const command = await run(client, makeHead());
    await settle(client);
    fleet.setOwner(zone.name, "00000000-0000-4000-8000-00000000beef");
    const born = fleet.createZone(host.name, { role: "db", alias: "db-new", name: "odd:name" });
    fleet.destroyZone(doomed.name);
    assert.match(await output(client, "zones"), /:odd\\:name:running:\/zones\/odd\\:name:/);
    const vms = JSON.parse(await output(client, "vms")) as Record<string, unknown>[];
    assert.equal(vms.find((vm) => vm["uuid"] === zone.uuid)?.["owner_uuid"], "00000000-0000-4000-8000-00000000beef");
    assert.ok(vms.some((vm) => vm["alias"] === "db-new") && !vms.some((vm) => vm["uuid"] === doomed.uuid));
    clock.advance(3000);
    const read = await command.until(frames(3));
    const last = read.at(-1)?.rows.map((row) => row.keys[0]);
    assert.ok(last?.includes(born.name) && !last.includes(doomed.name));
    client.end();
    await fleet.close();
  });

  test("an incident makes the disk slow while it lasts", async () => {
    const at = { fromMs: START_MS - 60_000, toMs: START_MS - 30_000 };
    const { fleet } = await makeBed({ backfillSec: 90, incident: { kind: "slow-disk", ...at } });
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const predicate = { and: [{ eq: ["syscall", "fdsync"] }, { gt: ["latency", 20_000_000] }] };
    const command = await run(client, makeHead({ predicate, numeric: null, scheme: null }));
    const read = await command.until(frames(90));
    const slow = (fromMs: number, toMs: number): number =>
      read.reduce((sum, frame) => {
        const ms = Number(frame.walltimestampNs / 1_000_000n);
        return sum + (ms > fromMs && ms <= toMs ? frame.events : 0);
      }, 0);
    const during = slow(at.fromMs + 5000, at.toMs - 5000);
    const before = slow(at.fromMs - 25_000, at.fromMs - 5000);
    assert.ok(during > 200 && during > 20 * before, `${during} during, ${before} before`);
    client.end();
    await fleet.close();
  });

  test("a clock that is wrong shows in the stamps, not in the ticks", async () => {
    const { fleet, clock } = await makeBed();
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const command = await run(client, makeHead());
    await settle(client);
    clock.advance(1000);
    host.clockOffsetMs = -3_600_000;
    clock.advance(1000);
    const [first, second] = await command.until(frames(2));
    assert.deepEqual([first?.tick, second?.tick], [1, 2]);
    assert.equal(Math.round(Number((second?.walltimestampNs ?? 0n) - (first?.walltimestampNs ?? 0n)) / 1e9), -3599);
    client.end();
    await fleet.close();
  });

  test("a reboot cuts the link, changes the boot time, and gives zones new ids", async () => {
    const { fleet } = await makeBed();
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const before = await output(client, "version");
    const ids = fleet.zones.map((zone) => zone.id);
    host.reboot();
    await closed(client);
    const again = await connect(host);
    assert.notEqual(/boot \d+/.exec(await output(again, "version"))?.[0], /boot \d+/.exec(before)?.[0]);
    assert.notDeepEqual(
      fleet.zones.map((zone) => zone.id),
      ids,
    );
    again.end();
    await fleet.close();
  });

  test("a dropped link ends its programs; a host that refuses cannot be reached", async () => {
    const { fleet } = await makeBed({ backfillSec: 3 });
    const [host] = fleet.hosts;
    assert.ok(host);
    const client = await connect(host);
    const command = await run(client, makeHead());
    await command.until(frames(3));
    host.dropConnections();
    await closed(client);
    assert.equal(host.running.size, 0);
    host.refusing = true;
    await assert.rejects(connect(host));
    host.refusing = false;
    (await connect(host)).end();
    await fleet.close();
  });

  test("close leaves no command, no timer and no port behind", async () => {
    const { fleet, clock } = await makeBed({ hosts: 3 });
    const clients = await Promise.all(fleet.hosts.map((host) => connect(host)));
    await Promise.all(
      clients.map(async (client) => [await run(client, makeHead()), await exec(client, "kstat zones:::")]),
    );
    await Promise.all(clients.map(settle));
    assert.ok(clock.pending > 0);
    const ports = fleet.hosts.map((host) => host.port);
    await fleet.close();
    assert.equal(clock.pending, 0);
    assert.ok(fleet.hosts.every((host) => host.running.size === 0 && host.connections === 0));
    assert.ok(ports.every((port) => port > 0));
  });
});
