/**
 * session.ts: connections that are cut, hosts that reboot, links that go dead without a word, keys that are not the host's.
 */
import assert from "node:assert/strict";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { HostSession } from "../../collectors/host-session.ts";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { startFleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { Turns } from "../../collectors/turns.ts";
import { assignment, startBed, type Bed, type Seen } from "./bed.ts";
import { until } from "../until.ts";

const SPEC = assignment(1);
/** Longer than the grace before columns are declared: what was not known then is corrected. */
const AWAY_MS = 4_500;
const KSTAT = assignment(2, { metric: "cpu.usage", decomposition: ["cpumode"] });

/** Columns by what is known of them last, in order; a column that was declared a gap and then came counts once. */
function columns(rows: readonly Seen[]): Map<number, string> {
  const known = new Map<number, string>();
  for (const row of rows) {
    const was = known.get(row.ts);
    if (row.status === "gap") known.set(row.ts, was === "ok" || was === "twice" ? was : row.reason);
    else known.set(row.ts, was === undefined || was !== "ok" ? "ok" : "twice");
  }
  return new Map([...known].sort(([a], [b]) => a - b));
}

export function sessions(): void {
  describe("a host that goes away", { concurrency: true }, () => {
    let bed: Bed;
    before(async () => {
      bed = await startBed({ hosts: 3, zonesPerHost: 1 });
      bed.assign(SPEC, KSTAT);
      await until("columns of all", () =>
        [SPEC, KSTAT].every(
          ({ id }) => bed.coverage.filter((row) => row.spec === id && row.status === "ok").length > 4,
        ),
      );
    });
    after(() => bed.close());

    const rowsOf = (host: string, spec: string) => bed.coverage.filter((row) => row.host === host && row.spec === spec);
    const resumed = (host: string, spec: string, sinceMs: number) =>
      until(`${host} is back`, () =>
        rowsOf(host, spec).some((row) => row.status === "ok" && row.ts * 1000 > sinceMs + 3_000),
      );

    for (const [name, host, reason, act] of [
      ["whose connection is cut", "cn-01", "ssh_down", (each: Bed["fleet"]["hosts"][number]) => each.dropConnections()],
      ["that reboots", "cn-02", "host_reboot", (each: Bed["fleet"]["hosts"][number]) => each.reboot()],
    ] as const) {
      test(`${name} leaves a gap that says so, and no window twice`, async () => {
        const cutMs = Date.now();
        bed.fleet.host(host).refusing = true;
        act(bed.fleet.host(host));
        await until("some time passes", () => Date.now() > cutMs + AWAY_MS);
        bed.fleet.host(host).refusing = false;
        for (const { id } of [SPEC, KSTAT]) {
          await resumed(host, id, cutMs);
          const known = columns(rowsOf(host, id));
          const all = [...known.keys()];
          assert.equal(all.length, (all.at(-1) ?? 0) - (all[0] ?? 0) + 1, "no column is left in silence");
          const around = [...known].filter(([ts]) => ts * 1000 > cutMs - 3_000);
          assert.deepEqual(
            [...new Set(around.map(([, what]) => what))].sort(),
            [reason, "ok"].sort(),
            `${id} ${String(around)}`,
          );
          const missing = around.filter(([, what]) => what === reason).length;
          // Those that the outage touches, and the one that is known only from its second sample on.
          assert.ok(missing >= 3 && missing <= 9, `${missing} columns are missing`);
          const ids = rowsOf(host, id)
            .filter((row) => row.tick > 0)
            .map((row) => `${row.enabling} ${row.tick}`);
          assert.equal(new Set(ids).size, ids.length, "no (enabling, tick) comes twice");
        }
      });
    }

    test("is reported down with the reason, and what runs there too; the log says it once", async () => {
      const host = bed.fleet.host("cn-03");
      host.refusing = true;
      host.dropConnections();
      await until("down", () => bed.reports.get("cn-03")?.state === "down");
      const status = await until("what ran is down", () => {
        const now = bed.status("cn-03", SPEC.id);
        return now?.state === "down" ? now : undefined;
      });
      assert.equal(status.cause, "ssh_down");
      const since = bed.coverage.length;
      await until("gaps are declared meanwhile", () =>
        bed.coverage.slice(since).some((row) => row.host === "cn-03" && row.reason === "ssh_down"),
      );
      const lines = bed.log.filter((line) => line.host === "cn-03" && line.msg === "host is down");
      assert.equal(new Set(lines.map((line) => line.reason)).size, lines.length, "a reason is said once");
      host.refusing = false;
      await until("up again", () => bed.reports.get("cn-03")?.state === "up");
    });
  });

  describe("a host key", () => {
    test("that is not the known one is refused, reported and said once", async () => {
      const strange = makeKeyPair().publicKey;
      const bed = await startBed(
        { hosts: 1 },
        // Whatever the port.
        {
          knownHosts: () =>
            parseKnownHosts(Array.from({ length: 65_536 }, (_, port) => `[cn-01]:${port}`).join(",") + ` ${strange}`),
        },
      );
      try {
        bed.assign(SPEC);
        const report = await until("down", () => {
          const now = bed.reports.get("cn-01");
          return now?.state === "down" && now.reason.includes("host key") ? now : undefined;
        });
        assert.match(report.reason, /host key has CHANGED to SHA256:/);
        await until("several tries", () => bed.status("cn-01", SPEC.id)?.cause === "host_key");
        await until("gaps", () => bed.coverage.some((row) => row.reason === "ssh_down"));
        assert.equal(bed.log.filter((line) => line.msg === "host key refused").length, 1);
        assert.equal(bed.fleet.hosts[0]?.running.size, 0);
      } finally {
        await bed.close();
      }
    });
  });

  describe("a session", () => {
    test("notices a link that is dead without a word", async () => {
      const keys = makeKeyPair();
      const fleet = await startFleet({ hosts: 1, zonesPerHost: 1, clientPublicKey: keys.publicKey });
      const [host] = fleet.hosts;
      assert.ok(host);
      let dead = false;
      const sockets = new Set<Socket>();
      const proxy = createServer((near) => {
        const far = connect(host.port, "127.0.0.1");
        for (const socket of [near, far]) sockets.add(socket.on("error", () => undefined));
        near.on("data", (bytes) => {
          if (!dead) far.write(bytes);
        });
        far.on("data", (bytes) => {
          if (!dead) near.write(bytes);
        });
        near.on("close", () => far.destroy());
        far.on("close", () => near.destroy());
      });
      await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
      const { port } = proxy.address() as AddressInfo;
      const downs: string[] = [];
      let ups = 0;
      const session = new HostSession({
        target: { host: "cn-01", address: "127.0.0.1", port, username: "isotherm", privateKey: keys.privateKey },
        knownHosts: () => parseKnownHosts(`[cn-01]:${port} ${host.hostKey}`),
        timings: { readyTimeoutMs: 2_000, keepaliveIntervalMs: 100, keepaliveCountMax: 3, openTimeoutMs: 5_000 },
        turns: new Turns(1),
        reconnectMinMs: 100,
        reconnectMaxMs: 200,
        onUp: (connection) => {
          ups += 1;
          if (ups > 1) return;
          dead = true;
          // Who waits for a channel at that moment is told, and long before the timeout.
          connection.exec("zones").catch((error: unknown) => downs.push(String(error)));
        },
        onDown: (reason) => {
          downs.push(reason);
          dead = false;
        },
      });
      session.start();
      await until("up again", () => ups === 2, 20_000);
      assert.ok(
        downs.some((each) => /keepalive/i.test(each)),
        String(downs),
      );
      assert.ok(
        downs.some((each) => /start "zones"/.test(each)),
        String(downs),
      );
      session.close();
      await fleet.close();
      sockets.forEach((socket) => socket.destroy());
      await new Promise((done) => proxy.close(done));
    });
  });
}
