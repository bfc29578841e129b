/**
 * A real dtrace through a real sshd and the wrapper, to the query API's answer: the counts of a known workload.
 *
 * It runs where DTrace for Linux does (docs/linux.md), as root. Taking the probes of all system calls down takes the kernel
 * about a minute, and the test waits for that: nothing is left running.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startServices, type Services } from "../../cli/services.ts";
import { startCollector, type Collector } from "../../collectors/collector.ts";
import type { Breakdown, Heatmap, InstrumentationInfo } from "../../core/api.ts";
import { silentLog } from "../../server/log.ts";
import { Client } from "../e2e/stack.ts";
import { makeLinuxHost, NO_DTRACE, type LinuxHost } from "./host.ts";
import { Workload } from "./workload.ts";
import { until } from "../until.ts";

const HOST = "linux-1";
const OWNER = "b1a7e5c0-5d1f-4c5e-9a35-6d3a4f0c2e11";
const OTHER = "c2b8f6d1-6e2a-4d6f-8b46-7e4b5a1d3f22";

/** The last takes more than a second, so that windows end while it is being counted. */
const WRITES = [400, 3_000, 500_000];
const FAILED = [7, 150];
const FORKS = 25;
const RUNS = WRITES.length + FAILED.length + 1;

/** dtrace reads the kernel's types first; on a machine that is busy with other tests that takes its time. */
const START_MS = 180_000;
/** A tick of DTrace for Linux may come many seconds late where the CPUs are virtual and idle. */
const TICK_MS = 120_000;
const DETACH_MS = 300_000;

const METRICS = {
  syscalls: { metric: "syscall.ops", decomposition: ["execname", "syscall", "errno", "latency"] },
  exits: { metric: "proc.exits", decomposition: ["execname", "exittype", "walltime"] },
  execs: { metric: "proc.execs", decomposition: ["execname", "subsecond"] },
  forks: { metric: "proc.forks", decomposition: ["execname", "subsecond"] },
} as const;
type Name = keyof typeof METRICS;

describe("DTrace for Linux, through sshd to the answer", { skip: NO_DTRACE }, () => {
  if (NO_DTRACE !== false) return;
  let dataDir: string;
  let services: Services;
  let host: LinuxHost;
  let collector: Collector | undefined;
  let workload: Workload;
  let operator: Client;
  let owner: Client;
  let other: Client;
  const ids: Partial<Record<Name, string>> = {};
  let fromTs: number;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "isotherm-linux-"));
    const log = silentLog();
    services = await startServices({
      dataDir,
      host: "127.0.0.1",
      port: 0,
      webDir: null,
      simulated: false,
      signInCode: null,
      log,
    });
    workload = new Workload();
    host = await makeLinuxHost(HOST);
    const { tokens, tenants, hosts } = services.state;
    await tenants.put([OWNER, OTHER].map((id) => ({ id, name: id, createdMs: Date.now() })));
    const client = async (role: "operator" | "tenant", tenant: string): Promise<Client> =>
      new Client(services.query.url, await tokens.create(role, tenant, "test"));
    operator = await client("operator", "");
    owner = await client("tenant", OWNER);
    other = await client("tenant", OTHER);
    collector = await startCollector({
      name: "test",
      spoolDirectory: join(dataDir, "spool"),
      hosts: [{ name: HOST, platform: "linux", owner: OWNER, target: host.target }],
      knownHosts: () => host.knownHosts,
      ingestUrl: services.ingest.url,
      queryUrl: services.query.url,
      token: await tokens.create("collector", "", "test"),
      enablingTimings: { firstFrameMs: START_MS, silenceMs: TICK_MS },
      log,
    });
    await until("the host is up", () => Promise.resolve(hosts.all().find(({ state }) => state === "up")), START_MS);
    fromTs = Math.floor(Date.now() / 1000) - 1;
    for (const name of Object.keys(METRICS) as Name[]) ids[name] = (await make(operator, name)).id;
    await Promise.all((Object.keys(METRICS) as Name[]).map(running));
    for (const count of WRITES) await workload.write(count);
    for (const count of FAILED) await workload.fail(count);
    await workload.fork(FORKS);
    await workload.kill();
  });

  after(async () => {
    await collector?.close(0);
    await host.nothingLeft(DETACH_MS);
    await host.close();
    workload.close();
    await services.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const make = (client: Client, name: Name): Promise<InstrumentationInfo> =>
    client.post<InstrumentationInfo>("/v1/instrumentations", {
      ...METRICS[name],
      predicate: { prefix: ["execname", workload.prefix] },
    });
  const range = (): string => `from=${fromTs}&to=${Math.floor(Date.now() / 1000) + 2}`;
  const heatmap = (name: Name): Promise<Heatmap> =>
    operator.json<Heatmap>(`/v1/instrumentations/${ids[name] ?? ""}/heatmap?${range()}&columns=4000`);
  const running = (name: Name): Promise<true> =>
    until(
      `a frame of ${name}`,
      async () => ((await heatmap(name)).columns.some(({ reporting }) => reporting > 0) ? true : undefined),
      START_MS,
    );
  const parts = async (client: Client, id = "", by: string, where: unknown): Promise<Record<string, number>> => {
    const query = `by=${by}&limit=1000&${range()}&where=${encodeURIComponent(JSON.stringify(where))}`;
    const answer = await client.json<Breakdown>(`/v1/instrumentations/${id}/breakdown?${query}`);
    return Object.fromEntries(answer.parts.map(({ key, total }) => [key, total]));
  };
  /** The parts, once their sum is what it should be, or when it will not be any more. */
  const settled = async (name: Name, by: string, where: unknown, total: number): Promise<Record<string, number>> => {
    let latest: Record<string, number> = {};
    await until(
      `${total} of ${name}`,
      async () => {
        latest = await parts(operator, ids[name], by, where);
        return sum(Object.values(latest)) >= total ? true : undefined;
      },
      TICK_MS,
    ).catch(() => undefined);
    return latest;
  };
  const execname = (program: string): unknown => ({ eq: ["execname", workload.name(program)] });

  test("each write is counted, once", async () => {
    const where = { and: [execname("dd"), { eq: ["syscall", "write"] }] };
    assert.deepEqual(await settled("syscalls", "errno", where, sum(WRITES)), { "0": sum(WRITES) });
  });

  test("each call that fails is counted under its error number", async () => {
    const where = { and: [execname("rmdir"), { eq: ["syscall", "rmdir"] }] };
    assert.deepEqual(await settled("syscalls", "errno", where, sum(FAILED)), { "2": sum(FAILED) });
  });

  test("programs started, ended and killed, and processes created, are as many as there were", async () => {
    const started = await settled("execs", "execname", {}, RUNS + 1);
    assert.deepEqual(started, {
      [workload.name("dd")]: WRITES.length,
      [workload.name("rmdir")]: FAILED.length,
      [workload.name("sh")]: 1,
      [workload.name("sleep")]: 1,
    });
    const ended = await settled("exits", "exittype", {}, RUNS + FORKS + 1);
    assert.deepEqual(ended, { exited: RUNS + FORKS, killed: 1 });
    assert.deepEqual(await settled("forks", "execname", {}, FORKS), { [workload.name("sh")]: FORKS });
  });

  test("the heatmap holds what the breakdown holds, nothing was lost, and each call took some time", async () => {
    const answer = await heatmap("syscalls");
    const total = sum(Object.values(await parts(operator, ids.syscalls, "syscall", {})));
    assert.equal(answer.total, total);
    assert.equal(sum(answer.columns.map(({ dropped }) => dropped)), 0);
    const slow = answer.columns.flatMap(({ p50 }) => (p50 === null ? [] : [p50]));
    assert.ok(slow.length > 0 && slow.every((ns) => ns > 0 && ns < 1e9), slow.join());
  });

  test("the tenant who owns the host has these counts, and another has none", async () => {
    const where = { and: [execname("dd"), { eq: ["syscall", "write"] }] };
    const ofOwner = (await make(owner, "syscalls")).id;
    const ofOther = (await make(other, "syscalls")).id;
    assert.deepEqual(await parts(owner, ofOwner, "errno", where), { "0": sum(WRITES) });
    assert.deepEqual(await parts(other, ofOther, "errno", where), {});
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
