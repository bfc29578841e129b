/**
 * Capacity from end to end: a history with known truth is imported, and the routes are asked for that truth: to the unit where they add,
 * within the band where they forecast; each as operator and as tenant, and as files, page and command.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { capacityCommand } from "../../cli/capacity.ts";
import { levelAt, type Quantity } from "../../collectors/simulator/history-model.ts";
import type { HistoryHost } from "../../collectors/simulator/history-fleet.ts";
import type * as capacity from "../../core/capacity.ts";
import { startQueryApp } from "../api/query-app.ts";
import { askingOf, startCapacity, withoutTenants, type CapacityBed } from "../capacity/capacity-bed.ts";

const MONTH = 30 * 86_400;

describe("the capacity routes", () => {
  let bed: CapacityBed;
  before(async () => (bed = await startCapacity()));
  after(() => bed.api.close());

  const { ask, zones, zoneOf, hoursOf, idOf } = askingOf(() => bed);

  describe("growth", () => {
    const inMonth = (truth: Quantity): number => levelAt(truth, truth.endTs + MONTH) - levelAt(truth, truth.endTs);

    test("of a tenant is the sum of its zones, and its limit the sum of theirs", async () => {
      const { items } = await ask<capacity.CapacityGrowth>("growth", "resource=cpu&by=tenant");
      for (const { id, name } of bed.fleet.tenants) {
        const own = zones().filter(({ owner }) => owner === id);
        const item = items.find(({ key }) => key === id);
        assert.equal(item?.label, name);
        assert.equal(
          item.limit,
          own.reduce((sum, { cpuCap }) => sum + cpuCap, 0),
        );
      }
    });

    test("of devices: pools, disks, links, each with its limit", async () => {
      const [host] = bed.fleet.hosts;
      const pool = (await ask<capacity.CapacityGrowth>("growth", "resource=pool")).items[0];
      assert.equal(pool?.key, "cn-01 zones");
      assert.equal(pool.limit, host?.poolBytes);
      const growth = inMonth(host?.pool as Quantity);
      assert.ok(Math.abs((pool.growth?.mid ?? NaN) / growth - 1) < 0.05, `${pool.growth?.mid} for ${growth}`);
      const nic = await ask<capacity.CapacityGrowth>("growth", "resource=nic");
      assert.deepEqual(new Set(nic.items.map(({ limit }) => limit)), new Set([host?.nicBytes]));
      const disk = await ask<capacity.CapacityGrowth>("growth", "resource=disk");
      assert.deepEqual([disk.keys, disk.items[0]?.limit], [host?.disks, 100]);
    });

    test("names what is not measured", async () => {
      const tenantless = await startQueryApp(bed.api, {
        instrumentations: { ...emptyTable(), all: () => [] } as never,
      });
      const response = await fetch(`${tenantless.url}/v1/capacity/growth?${bed.range}`, {
        headers: { authorization: `Bearer ${bed.api.operator.token}` },
      });
      const { missing, items } = (await response.json()) as capacity.CapacityGrowth;
      assert.deepEqual([missing, items], [["cpu.usage"], []]);
      await tenantless.close();
    });
  });

  describe("hosts", () => {
    test("have the room that their size leaves beside what is used, or what has been promised", async () => {
      const host = bed.fleet.hosts[0] as HistoryHost;
      const { hosts, missing } = await ask<capacity.CapacityHeadroom>("headroom");
      assert.deepEqual([missing, hosts.length], [[], 1]);
      const [room] = hosts;
      assert.equal(room?.cpu.capacity, host.cpus * 100);
      assert.equal(room.memory.capacity, host.memoryBytes);
      assert.equal(room.pool.capacity, host.poolBytes);
      assert.equal(room.cpu.committed, sum(host.zones.map(({ cpuCap }) => cpuCap)));
      assert.equal(room.memory.committed, sum(host.zones.map(({ memoryLimit }) => memoryLimit)));
      const used = sum(host.zones.map(({ memory }) => memory.endLevel));
      assert.ok(Math.abs((room.memory.used ?? NaN) / used - 1) < 0.05);
      assert.equal(room.memory.free, host.memoryBytes - (room.memory.used ?? 0));
      const promised = await ask<capacity.CapacityHeadroom>("headroom", "basis=committed");
      assert.equal(promised.hosts[0]?.memory.free, host.memoryBytes - room.memory.committed);
    });

    test("take as many zones of a size as there is room for, and say what runs out", async () => {
      const [room] = (await ask<capacity.CapacityHeadroom>("headroom")).hosts;
      const eighth = (room?.memory.free ?? 0) / 8;
      const fit = await ask<capacity.CapacityFit>("fit", `memory=${eighth}&cpu=0.001`);
      assert.deepEqual(fit.hosts[0], { host: "cn-01", zones: 8, limitedBy: "memory", unknown: [] });
      const tooBig = await ask<capacity.CapacityFit>("fit", `cpu=1&memory=${(room?.memory.free ?? 0) + 1}`);
      assert.deepEqual([tooBig.total, tooBig.hosts[0]?.limitedBy], [0, "memory"]);
      assert.equal((await bed.api.operator.fetch(`/v1/capacity/fit?${bed.range}`)).status, 400);
    });

    test("show one hot CPU among sixteen, which their mean hides", async () => {
      const { heatmap } = await ask<capacity.CapacityHeatmap>("heatmap", "columns=10");
      const column = heatmap?.columns.find(({ total }) => (total ?? 0) > 0);
      const hot = Array.from(column?.bucket ?? []).indexOf(98);
      assert.ok(hot >= 0, "97 %");
      assert.ok((column?.count[hot] ?? 0) * 16 >= (column?.total ?? Infinity));
      assert.ok((column?.p50 ?? 100) < 80);
    });

    test("have a noisy neighbour: who waited while who consumed", async () => {
      const [host] = (await ask<capacity.CapacityNeighbours>("neighbours")).hosts;
      assert.equal(host?.consumers[0]?.zone, zoneOf("batch").zone);
      const waiters = host.waiters.map(({ zone }) => zone);
      assert.ok(waiters.includes(zoneOf("web").zone) && waiters.includes(zoneOf("db").zone));
      assert.ok(Math.abs(sum(host.when.slice(1, 4)) - 1) < 1e-9, "at night, when its jobs run");
    });
  });

  test("consumers are ranked, and their shares are of the whole", async () => {
    const { items, total, other } = await ask<capacity.CapacityConsumers>("consumers", "items=2");
    const all = await ask<capacity.CapacityConsumers>("consumers", "");
    assert.equal(items.length, 2);
    assert.equal(items[0]?.key, zoneOf("web").zone);
    assert.ok(Math.abs(sum(all.items.map(({ share }) => share)) - 1) < 1e-9);
    assert.ok(Math.abs(sum(items.map(({ mean }) => mean)) + (other ?? NaN) - (total ?? NaN)) < 1e-6);
  });

  test("working hours stand against nights and weekends, in local time", async () => {
    const { items } = await ask<capacity.CapacityHours>("hours", "fromHour=9&toHour=17");
    const ratioOf = (role: string): number => items.find(({ key }) => key === zoneOf(role).zone)?.idleRatio ?? NaN;
    assert.ok(ratioOf("web") < 0.8 && ratioOf("batch") > 3 && Math.abs(ratioOf("cache") - 0.93) < 0.07);
    // Where it is nine hours later, one works while these zones sleep.
    const far = await ask<capacity.CapacityHours>("hours", "fromHour=9&toHour=17&offsetMinutes=540");
    assert.ok((far.items.find(({ key }) => key === zoneOf("web").zone)?.idleRatio ?? 0) > 1);
  });

  test("percentiles of a latency by month are those of its counts", async () => {
    const id = await idOf("syscall.ops");
    const path = `/v1/instrumentations/${id}/months?${bed.range}&q=0.5,0.99`;
    const { months, unit } = await bed.api.operator.json<capacity.InstrumentationMonths>(path);
    const counted = hoursOf("calls").flatMap(({ rows }) => rows.flatMap(({ count = [] }) => count));
    assert.equal(unit, "ns");
    assert.equal(sum(months.map(({ total }) => total ?? 0)), sum(counted));
    for (const { values } of months) {
      const [p50 = 0, p99 = 0] = values;
      // Two lognormals of medians about 60 and 90 us, and sigma 0.7.
      assert.ok((p50 ?? 0) > 45_000 && (p50 ?? 0) < 110_000 && (p99 ?? 0) > 3 * (p50 ?? 0), `${p50} ${p99}`);
    }
  });

  test("an instrumentation's percentiles have a forecast each, with its back-test", async () => {
    const path = `/v1/instrumentations/${await idOf("syscall.ops")}/forecast?${bed.range}&q=0.5,0.99&horizonDays=30`;
    const { items } = await bed.api.operator.json<capacity.InstrumentationForecast>(path);
    assert.deepEqual(
      items.map(({ q }) => q),
      [0.5, 0.99],
    );
    for (const { refused, backTest, days, season } of items) {
      assert.equal(refused, null);
      assert.ok((backTest?.relativeError ?? 1) < 0.1 && days.length === 30 && season.length === 168);
    }
    assert.ok((items[0]?.level ?? 0) < (items[1]?.level ?? 0));
  });

  describe("a tenant", () => {
    const owner = (): string => zoneOf("web").owner;
    const own = (): Set<string> => new Set(zones().flatMap((zone) => (zone.owner === owner() ? [zone.zone] : [])));

    test("sees its own zones, and neither hosts nor what is theirs", async () => {
      const client = bed.api.tenant(owner());
      for (const path of ["growth", "consumers", "hours"]) {
        const { items } = await ask<{ items: readonly { key: string }[] }>(path, "", client);
        assert.deepEqual(new Set(items.map(({ key }) => key)), own(), path);
        assert.equal((await client.fetch(`/v1/capacity/${path}?${bed.range}&resource=pool`)).status, 400, path);
        assert.equal((await client.fetch(`/v1/capacity/${path}?${bed.range}&by=host`)).status, 400, path);
      }
      for (const path of ["headroom", "fit", "neighbours", "heatmap"]) {
        assert.equal((await client.fetch(`/v1/capacity/${path}?${bed.range}&cpu=1`)).status, 403, path);
      }
      const report = await (await client.fetch(`/v1/capacity/report?${bed.range}`)).text();
      for (const zone of zones()) assert.equal(report.includes(zone.zone), own().has(zone.zone), zone.alias);
      assert.ok(!report.includes("cn-01"));
    });

    test("would see others' if a statement lacked its predicate: this test finds what there is to be found", async () => {
      const mutant = await startQueryApp(bed.api, { store: withoutTenants(bed.api.services.store) });
      const headers = { authorization: `Bearer ${bed.api.tenant(owner()).token}` };
      for (const path of ["growth", "consumers", "hours", "report"]) {
        const text = await (await fetch(`${mutant.url}/v1/capacity/${path}?${bed.range}`, { headers })).text();
        assert.ok(
          zones().some(({ zone }) => !own().has(zone) && text.includes(zone)),
          path,
        );
      }
      const real = `/v1/instrumentations/${await idOf("syscall.ops")}/months?${bed.range}`;
      const months = (await (await fetch(mutant.url + real, { headers })).json()) as capacity.InstrumentationMonths;
      const mine = await bed.api.tenant(owner()).json<capacity.InstrumentationMonths>(real);
      const total = (answer: capacity.InstrumentationMonths): number =>
        sum(answer.months.map((each) => each.total ?? 0));
      assert.ok(total(months) > total(mine) && total(mine) > 0);
      await mutant.close();
    });
  });

  describe("reports", () => {
    test("as files have the figures of the JSON, and names that no spreadsheet runs", async () => {
      const { items } = await ask<capacity.CapacityGrowth>("growth", "");
      const fetched = (format: string): Promise<Response> =>
        bed.api.operator.fetch(`/v1/capacity/growth?${bed.range}&format=${format}`);
      const csv = await (await fetched("csv")).text();
      const [head = "", ...lines] = csv.trim().split("\n");
      assert.equal(lines.length, items.length);
      const column = head.replaceAll('"', "").split(",").indexOf("growth_30d");
      lines.forEach((line, i) => assert.equal(Number(line.split(",")[column]), items[i]?.growth?.mid));
      const arrow = tableFromIPC(await (await fetched("arrow")).arrayBuffer());
      assert.deepEqual(
        [...(arrow.getChild("limit") ?? [])],
        items.map(({ limit }) => limit),
      );
      const parquet = Buffer.from(await (await fetched("parquet")).arrayBuffer());
      assert.equal(parquet.subarray(0, 4).toString(), "PAR1");
      assert.equal(parquet.subarray(-4).toString(), "PAR1");
    });

    test("as a page stand by themselves: a policy that lets in its one style, no script, no foreign name as markup", async () => {
      const zone = zoneOf("web");
      const { ownership } = bed.api.services.state;
      const seen = ownership.current().map(({ zone: name, owner, alias, state }) => ({ name, owner, alias, state }));
      const hostile = seen.map((each) => (each.name === zone.zone ? { ...each, alias: '<b onload="x">&' } : each));
      await ownership.report("cn-01", hostile, Date.now());
      const response = await bed.api.operator.fetch(`/v1/capacity/report?${bed.range}&format=html`);
      const page = await response.text();
      await ownership.report("cn-01", seen, Date.now() + 1);
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
      const policy = response.headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'self'.*style-src 'sha256-[\w+/]+=*'$/);
      assert.match(page, /@media print/);
      assert.ok(!/<script|<b |\son\w+=/.test(page.replaceAll("&#60;b on", "")), "nothing but our own markup");
      assert.ok(
        page.includes("&#60;b onload=&#34;x&#34;&#62;&#38;") && page.includes("Headroom") && page.includes("cn-01"),
      );
    });
  });

  test("the command prints the same as the routes answer", async () => {
    let printed = "";
    const folder = await mkdtemp(join(tmpdir(), "isotherm-test-"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, bed.api.operator.token);
    const run = async (...args: string[]): Promise<string> => {
      printed = "";
      const command = capacityCommand();
      for (const each of [command, ...command.commands]) {
        each.exitOverride().configureOutput({ writeOut: (text) => (printed += text) });
      }
      const [name = "", ...rest] = args;
      const common = ["--url", bed.api.url, "--token-file", tokenFile];
      const times = [`--from=${bed.fleet.fromTs}`, `--to=${bed.fleet.endTs}`];
      await command.parseAsync([name, ...rest, ...common, ...times], { from: "user" });
      return printed;
    };
    const table = await run("growth", "--resource", "cpu");
    assert.match(table, /^WHO +NOW +LIMIT +IN 30 DAYS +REACHES ITS LIMIT +ERROR\n/);
    for (const { alias } of zones()) assert.ok(table.includes(alias));
    const json = JSON.parse(await run("fit", "--cpu", "100", "--json")) as capacity.CapacityFit;
    assert.deepEqual(json, { ...(await ask<capacity.CapacityFit>("fit", "cpu=100")) });
    for (const name of ["headroom", "consumers", "hours", "neighbours"])
      assert.match(await run(name), /^[A-Z]|^free/, name);
    await assert.rejects(run("growth", "--resource", "moon"), { code: "commander.invalidArgument" });
    await rm(folder, { recursive: true });
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}

/** A control table without rows. */
function emptyTable(): object {
  return { all: () => [], get: () => undefined, put: () => Promise.resolve(), revision: 0 };
}
