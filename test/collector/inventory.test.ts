/**
 * Where hosts come from: lists, a file that changes, and a server that answers as Triton's CNAPI and VMAPI do.
 */
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseHosts, withHost, withoutHost } from "../../cli/hosts-file.ts";
import { fileSource } from "../../collectors/inventory-file.ts";
import { tritonSource } from "../../collectors/inventory-triton.ts";
import { fixedSource, Inventory, type InventoryHost, type InventorySource } from "../../collectors/inventory.ts";
import { readZones } from "../../collectors/zones.ts";
import { errorCode, InputError } from "../../core/errors.ts";
import { silentLog } from "../../server/log.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

const host = (name: string): InventoryHost => ({ name, port: 22, username: "root", platform: "smartos" });
const names = (hosts: readonly InventoryHost[]): string[] => hosts.map(({ name }) => name);

describe("a list of hosts in YAML", () => {
  test("has the configuration's keys and defaults", () => {
    assert.deepEqual(parseHosts("f", "- name: cn-01\n- {name: cn-02, address: 192.0.2.2, port: 2222}\n"), [
      host("cn-01"),
      { ...host("cn-02"), address: "192.0.2.2", port: 2222 },
    ]);
    assert.deepEqual(parseHosts("f", "[]"), []);
  });

  test("is refused in one line where it is something else", () => {
    for (const text of ["", "name: cn-01", "- cn-01", "- {name: cn-01, prot: 1}", "- [", "- {name: 5}"]) {
      assert.throws(
        () => parseHosts("f", text),
        (error) => error instanceof InputError && !error.message.includes("\n"),
        text,
      );
    }
  });

  test("is changed without touching what is around it", () => {
    const text = "# ours\ncollect:\n  hosts:\n    # the first\n    - name: cn-01 # old\nlog: {level: warn} # quiet\n";
    const more = withHost("f", text, ["collect", "hosts"], { name: "cn-02", port: 2222 });
    assert.equal(
      more,
      "# ours\ncollect:\n  hosts:\n    # the first\n    - name: cn-01 # old\n    - name: cn-02\n      port: 2222\nlog: { level: warn } # quiet\n",
    );
    assert.equal(
      withoutHost("f", more, ["collect", "hosts"], "cn-02"),
      text.replace("{level: warn}", "{ level: warn }"),
    );
    assert.equal(withoutHost("f", text, ["collect", "hosts"], "cn-09"), undefined);
    assert.deepEqual(parseHosts("f", withHost("f", "[]\n", [], { name: "a" })), [host("a")]);
    assert.deepEqual(parseHosts("f", withHost("f", "", [], { name: "a" })), [host("a")]);
  });
});

describe("the inventory", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-inventory-"));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const watching = async (sources: readonly InventorySource[]) => {
    const seen: string[][] = [];
    const inventory = new Inventory({ sources, onChange: (hosts) => seen.push(names(hosts)), log: silentLog() });
    return { inventory, seen, first: names(await inventory.start()) };
  };
  const file = (path: string): InventorySource =>
    fileSource({ path, parse: (text) => parseHosts(path, text), everyMs: 20 });

  test("takes a file that changes, and keeps what it said last while it is damaged or gone", async () => {
    const path = join(dir, "hosts.yaml");
    await writeFile(path, "- name: b\n");
    const { inventory, seen, first } = await watching([fixedSource("list", [host("a")]), file(path)]);
    assert.deepEqual(first, ["a", "b"]);
    await writeFile(path, "- name: b\n- name: c\n");
    await until("c", () => seen.length === 1);
    await writeFile(path, "- name: [\n");
    await rm(path);
    // Another file in its place, as editors do.
    await writeFile(join(dir, "next"), "- name: c\n- name: d\n");
    await rename(join(dir, "next"), path);
    await until("d", () => seen.length > 1);
    assert.deepEqual(seen, [
      ["a", "b", "c"],
      ["a", "c", "d"],
    ]);
    inventory.close();
  });

  test("takes other sources while it runs: those that stay keep what they said, those that go take their hosts with them", async () => {
    const flaky = fixedSource("api", [host("b")]);
    const gone = fixedSource("old", [host("c")]);
    const { inventory, seen } = await watching([fixedSource("list", [host("a")]), flaky, gone]);
    // It cannot be read any more: it is not asked, either.
    flaky.list = () => Promise.reject(new Error("away"));
    await inventory.setSources([fixedSource("list", [host("a"), host("d")]), flaky]);
    assert.deepEqual(seen, [["a", "d", "b"]]);
    await inventory.setSources([flaky]);
    assert.deepEqual(seen.at(-1), ["b"]);
    inventory.close();
  });

  test("of two hosts of one name the first source's counts", async () => {
    const second = { ...host("a"), port: 2222 };
    const { inventory } = await watching([fixedSource("1", [host("a")]), fixedSource("2", [second])]);
    assert.deepEqual(inventory.hosts, [host("a")]);
    inventory.close();
  });
});

/** Answers as CNAPI and VMAPI do: arrays, `limit` and `offset`, x-joyent-resource-count. */
class Triton {
  servers: object[] = [];
  vms: object[] = [];
  /** What is answered instead. */
  failure: { status: number; body: string } | undefined;
  readonly asked: URL[] = [];
  readonly #server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://triton");
    this.asked.push(url);
    if (this.failure !== undefined) {
      response.writeHead(this.failure.status).end(this.failure.body);
      return;
    }
    const all = url.pathname === "/servers" ? this.servers : this.vms;
    const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name)));
    response.setHeader("x-joyent-resource-count", all.length);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(all.slice(offset, (offset ?? 0) + (limit ?? 0))));
  });

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

const server = (n: number, rest: object = {}): object => ({
  uuid: `44454c4c-0000-1020-8020-${String(n).padStart(12, "0")}`,
  hostname: `cn-${n}`,
  setup: true,
  status: "running",
  sysinfo: {
    "Network Interfaces": {
      ixgbe0: { "MAC Address": "90:b8:d0:00:00:01", ip4addr: "", "NIC Names": ["external"] },
      ixgbe1: { "MAC Address": "90:b8:d0:00:00:02", ip4addr: `192.0.2.${n}`, "NIC Names": ["admin", "internal"] },
    },
  },
  ...rest,
});
const OWNER = "910be000-5eed-4000-8000-000000000001";

describe("the inventory of a Triton data centre", () => {
  const triton = new Triton();
  let source: InventorySource;
  before(async () => {
    const url = await triton.listen();
    const to = { cnapiUrl: url, vmapiUrl: url, port: 22, username: "root" };
    source = tritonSource({ ...to, everyMs: 30, pageSize: 3, timeoutMs: 5_000 });
  });
  after(() => triton.close());

  test("is every server that is set up, by its admin address, page by page; also those that are down", async () => {
    triton.servers = [
      ...[1, 2, 3, 4, 5, 6].map((n) => server(n)),
      server(7, { status: "unknown", sysinfo: {} }),
      server(8, { setup: false }),
      server(9, { hostname: "a b; id" }),
    ];
    const hosts = await source.list();
    assert.deepEqual(names(hosts), ["cn-1", "cn-2", "cn-3", "cn-4", "cn-5", "cn-6", "cn-7"]);
    assert.deepEqual(hosts[0], { ...host("cn-1"), address: "192.0.2.1" });
    assert.equal(hosts[6]?.address, undefined, "no admin address: its name must do");
    const pages = triton.asked.filter(({ pathname }) => pathname === "/servers");
    assert.deepEqual(
      pages.map(({ searchParams }) => [
        searchParams.get("setup"),
        searchParams.get("extras"),
        searchParams.get("offset"),
      ]),
      ["0", "3", "6", "9"].map((offset) => ["true", "sysinfo", offset]),
    );
  });

  test("names owners of zones that the host's own vmadm does not", async () => {
    triton.vms = [1, 2, 3, 4].map((n) => ({ uuid: `zone-${n}`, owner_uuid: n === 4 ? "" : OWNER, state: "running" }));
    await source.list();
    const zoneadm =
      "0:global:running:/::liveimg:shared:0\n1:zone-3:running:/z::joyent:excl:1\n2:zone-4:running:/z::joyent:excl:2\n";
    const ownerOf = (zone: string): string | undefined => source.ownerOf?.(zone);
    assert.deepEqual(
      readZones(zoneadm, "[]", ownerOf).map(({ name, owner }) => [name, owner]),
      [
        ["zone-3", OWNER],
        ["zone-4", readZones(zoneadm, "[]")[1]?.owner],
      ],
    );
    const vmadm = JSON.stringify([{ zonename: "zone-3", owner_uuid: "the-host-says" }]);
    assert.equal(readZones(zoneadm, vmadm, ownerOf)[0]?.owner, "the-host-says", "the host comes first");
  });

  test("keeps the hosts known last while CNAPI is away or answers nonsense, and goes on by itself", async () => {
    triton.servers = [server(1)];
    const seen: string[][] = [];
    const inventory = new Inventory({
      sources: [source],
      onChange: (hosts) => seen.push(names(hosts)),
      log: silentLog(),
    });
    await inventory.start();
    for (const failure of [
      { status: 500, body: "" },
      { status: 200, body: "{}" },
      { status: 200, body: "<html>" },
    ]) {
      triton.failure = failure;
      await assert.rejects(source.list(), (error) => errorCode(error) === "TRITON_UNAVAILABLE");
      const before = triton.asked.length;
      await until("it is asked again", () => triton.asked.length > before + 1);
    }
    assert.deepEqual(names(inventory.hosts), ["cn-1"]);
    triton.failure = undefined;
    triton.servers = [server(1), server(2)];
    await until("the new one", () => seen.length > 0);
    assert.deepEqual(seen, [["cn-1", "cn-2"]]);
    inventory.close();
  });
});

describe("a collector whose hosts change", () => {
  let bed: Bed;
  const SPEC = assignment(1);
  const KSTAT = assignment(2, { metric: "cpu.usage", decomposition: ["cpumode"] });
  before(async () => {
    bed = await startBed({ hosts: 3, zonesPerHost: 1 });
  });
  after(() => bed.close());
  const whole = (name: string, spec: string) =>
    bed.coverage.filter((row) => row.host === name && row.spec === spec && row.status === "ok");

  test("takes them in and lets them go, and those that stay lose no window", async () => {
    bed.assign(SPEC, KSTAT);
    for (const name of ["cn-01", "cn-02", "cn-03"]) await until(name, () => whole(name, SPEC.id).length > 2);
    const stay = bed.hosts.filter(({ name }) => name !== "cn-01");
    bed.collector.setHosts(stay);
    await until("cn-01 is told to be gone", () => bed.reports.get("cn-01")?.state === "removed");
    await until("its connection is closed", () => bed.fleet.host("cn-01").connections === 0);
    const gone = whole("cn-01", SPEC.id).length;
    const seen = whole("cn-02", SPEC.id).length;
    await until("the others go on", () => whole("cn-02", SPEC.id).length > seen + 2);
    assert.ok(whole("cn-01", SPEC.id).length <= gone + 2, "nothing more of it");
    bed.collector.setHosts(bed.hosts);
    await until("cn-01 is back", () => whole("cn-01", KSTAT.id).length > 0 && bed.reports.get("cn-01")?.state === "up");
    for (const name of ["cn-02", "cn-03"]) {
      for (const { id } of [SPEC, KSTAT]) {
        const rows = bed.coverage.filter((row) => row.host === name && row.spec === id);
        const firstTs = Math.min(...rows.filter(({ status }) => status === "ok").map(({ ts }) => ts));
        const since = rows.filter(({ ts }) => ts >= firstTs);
        const times = [...new Set(since.map(({ ts }) => ts))].sort((x, y) => x - y);
        assert.equal(times.length, (times.at(-1) ?? 0) - firstTs + 1, "no column is missing");
        assert.deepEqual(
          since.filter(({ status }) => status === "gap"),
          [],
          `${name} ${id}`,
        );
      }
    }
  });
});
