/**
 * SIGHUP under load: what a simulated fleet emitted, against what is stored, while the configuration is reloaded again and again,
 * rightly and wrongly, and hosts come and go. All in one process, by its command.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import type { Heatmap, InstrumentationInfo } from "../../core/api.ts";
import { heatmapCounts, ledgerCounts, lines, totalOf } from "../e2e/ledger.ts";
import { Client } from "../e2e/stack.ts";
import { LONG } from "../long.ts";
import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const ROUNDS = LONG ? 30 : 3;

interface Line {
  readonly msg: string;
  readonly [fact: string]: unknown;
}

describe("SIGHUP", () => {
  let dir: string;
  let fleet: Fleet;
  let child: ChildProcess;
  let operator: Client;
  const logged: Line[] = [];

  const config = (hosts: readonly string[], rest: object = {}): object => ({
    store: { dataDir: "data", memoryBytes: 2 ** 30 },
    query: { port: 0, web: false },
    ingest: { port: 0 },
    collect: {
      keyFile: "key",
      knownHostsFile: "known_hosts",
      hosts: fleet.hosts
        .filter(({ name }) => hosts.includes(name))
        .map(({ name, port }) => ({ name, address: "127.0.0.1", port, username: "isotherm" })),
    },
    ...rest,
  });
  const write = (text: object | string): Promise<void> =>
    writeFile(join(dir, "isotherm.yaml"), typeof text === "string" ? text : JSON.stringify(text));
  const said = (message: string): Line[] => logged.filter(({ msg }) => msg.startsWith(message));
  /** Sends the signal, and waits until it has been dealt with. */
  const hangUp = async (message: string): Promise<Line> => {
    const before = said(message).length;
    child.kill("SIGHUP");
    return until(message, () => Promise.resolve(said(message)[before]));
  };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-hup-"));
    const keys = makeKeyPair();
    fleet = await startFleet({ hosts: 3, zonesPerHost: 2, tenants: 1, seed: 21, clientPublicKey: keys.publicKey });
    await writeFile(join(dir, "key"), keys.privateKey, { mode: 0o600 });
    const known = fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n");
    await writeFile(join(dir, "known_hosts"), known);
    await write(config(["cn-01", "cn-02"]));
    child = spawn(process.execPath, ["--import", "tsx", MAIN, "serve", "-c", join(dir, "isotherm.yaml")]);
    const { stdout, stderr } = child;
    assert.ok(stdout !== null && stderr !== null);
    createInterface(stderr).on("line", (line) => {
      if (line.startsWith("{")) logged.push(JSON.parse(line) as Line);
    });
    const [line] = (await once(createInterface(stdout), "line")) as [string];
    const url = /query API on (\S+),/.exec(line)?.[1] ?? "";
    operator = new Client(url, (await readFile(join(dir, "data/operator.token"), "utf8")).trim());
  });
  after(async () => {
    child.kill("SIGKILL");
    await fleet.close();
    await rm(dir, { recursive: true, force: true });
  });

  test("loses no window and counts none twice, whatever is changed, rightly or wrongly", async () => {
    const { id } = await operator.post<InstrumentationInfo>("/v1/instrumentations", {
      metric: "syscall.ops",
      decomposition: ["execname", "latency"],
    });
    // Those of the hosts that stay: frames of one that is let go may be under way for ever.
    const own = fleet.hosts
      .filter(({ name }) => name !== "cn-03")
      .flatMap(({ zones }) => zones.map(({ name }) => name))
      .filter((name) => name !== "global");
    const where = encodeURIComponent(JSON.stringify({ or: own.map((zone) => ({ eq: ["zonename", zone] })) }));
    const read = (fromTs: number, toTs: number): Promise<Heatmap> =>
      operator.json(`/v1/instrumentations/${id}/heatmap?from=${fromTs}&to=${toTs}&columns=4000&where=${where}`);
    const now = (): number => Math.floor(Date.now() / 1000);
    await until("two hosts count", async () => {
      const { columns } = await read(now() - 5, now());
      return columns.some(({ reporting }) => reporting >= 2) ? columns : undefined;
    });

    const fromTs = now() + 1;
    for (let round = 0; round < ROUNDS; round++) {
      // One more host, another level, other limits, a key written anew.
      await writeFile(join(dir, "key"), await readFile(join(dir, "key")), { mode: 0o600 });
      await write(
        config(["cn-01", "cn-02", "cn-03"], {
          log: { level: "debug" },
          ingest: { port: 0, collectorLimits: { rowsPerSec: 100_000 + round } },
          query: { port: 1, web: false },
        }),
      );
      const taken = await hangUp("the configuration was reloaded");
      assert.deepEqual(taken["changed"], ["ingest.collectorLimits.rowsPerSec", "collect.hosts", "log.level"]);
      const late = await until("what holds later", () => Promise.resolve(said("these keys hold from")[round]));
      assert.deepEqual(late["keys"], ["query.port"]);
      // What is wrong changes nothing: no hosts are taken away.
      await write(round % 2 === 0 ? "collect: {hosts: [{name: cn-01, prot: 1}]}\n" : "collect: [\n");
      const refused = await hangUp("the configuration could not be reloaded");
      assert.deepEqual(refused["fields"], [round % 2 === 0 ? "collect.hosts[0].prot" : ""]);
      const wholeTs = now() + 1;
      await until("all three still count", async () => {
        const all = await operator.json<Heatmap>(`/v1/instrumentations/${id}/heatmap?from=-10&columns=4000`);
        return all.columns.some(({ ts, reporting }) => ts >= wholeTs && reporting === 3) ? true : undefined;
      });
      await write(config(["cn-01", "cn-02"]));
      await hangUp("the configuration was reloaded");
      await until("one is let go", () => Promise.resolve(fleet.host("cn-03").connections === 0 ? true : undefined));
    }
    const toTs = now();
    // The third is gone, and batches come in order: who has told of a later second has told of all before.
    await until("both have told of later seconds", async () => {
      const { columns } = await read(toTs + 1, Math.max(now(), toTs + 2));
      return columns.some(({ reporting }) => reporting >= 2) ? columns : undefined;
    });
    const heatmap = await read(fromTs, toTs);
    const spec = fleet.ledger.frames()[0]?.spec ?? "";
    const expected = ledgerCounts(fleet, { spec, fromTs, toTs, accept: ([zone = ""]) => own.includes(zone) });
    assert.deepEqual(lines(heatmapCounts(heatmap, fromTs, toTs)), lines(expected));
    assert.ok(totalOf(expected) > 1000 && heatmap.columns.length >= ROUNDS, `${totalOf(expected)} events`);
    assert.equal(child.exitCode, null);
    console.log(`# ${heatmap.columns.length} columns, ${totalOf(expected)} events, ${3 * ROUNDS} signals`);
  });

  test("ends in order afterwards", async () => {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
  });
});
