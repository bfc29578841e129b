/**
 * Capacity from end to end: a history with known truth is imported, and the routes are asked for that truth: to the unit where they add,
 * within the band where they forecast; each as operator and as tenant, and as files, page and command.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { levelAt, reachesTs, type Quantity } from "../../collectors/simulator/history-model.ts";
import type { Breakdown } from "../../core/api.ts";
import type * as capacity from "../../core/capacity.ts";
import type { HistoryLine, HourLine } from "../../core/hours.ts";
import { Client } from "../e2e/stack.ts";
import { startQueryApp } from "../api/query-app.ts";
import { askingOf, startCapacity, withoutTenants, type CapacityBed } from "./capacity-bed.ts";

const MONTH = 30 * 86_400;

describe("capacity", () => {
  let bed: CapacityBed;
  before(async () => (bed = await startCapacity(["cpu", "cap", "rss", "limit"])));
  after(() => bed.api.close());

  const { ask, zones, zoneOf, hoursOf, idOf } = askingOf(() => bed);

  describe("import", () => {
    test("stores every hour, and sums come out of the ordinary routes to the unit", async () => {
      const expected = new Map<string, bigint>();
      // Ten days: nanoseconds of CPU come to 2^53 after that.
      const toTs = bed.fleet.fromTs + 10 * 86_400;
      for (const { rows } of hoursOf("cpu").filter(({ ts }) => ts < toTs)) {
        for (const { zone = "", value = 0 } of rows) expected.set(zone, (expected.get(zone) ?? 0n) + BigInt(value));
      }
      const path = `/v1/instrumentations/${await idOf("cpu.usage")}/breakdown?by=zonename&limit=50&from=${bed.fleet.fromTs}&to=${toTs}`;
      const { parts, tier } = await bed.api.operator.json<Breakdown>(path);
      assert.equal(tier, "1h");
      assert.equal(parts.length, zones().length);
      for (const { key, total } of parts) assert.equal(total, Number(expected.get(key)), key);
    });

    test("of the same again stores nothing, and of other values for an hour that is there is refused", async () => {
      const about: HistoryLine[] = [{ kind: "metric", name: "cpu", metric: "cpu.usage" }];
      const hours = hoursOf("cpu").slice(0, 50);
      assert.deepEqual(await bed.import([...about, ...hours]), { hours: 0, known: 50, rows: 0 });
      const [first, ...rest] = hours;
      const [row, ...others] = first?.rows ?? [];
      const changed = { ...first, rows: [{ ...row, value: Number(row?.value) + 1 }, ...others] } as HourLine;
      await assert.rejects(bed.import([...about, changed, ...rest]), { code: "IMPORT_CONFLICT" });
    });

    test("takes no hour that ingest may still get windows of", async () => {
      const ts = Math.floor(Date.now() / 3_600_000) * 3600 - 47 * 3600;
      const line: HourLine = { kind: "hour", of: "swap", ts, covered: { "cn-01": 3600 }, rows: [] };
      const metric: HistoryLine = { kind: "metric", name: "swap", metric: "memory.swap" };
      await assert.rejects(bed.import([metric, line]), { code: "IMPORT_TOO_NEW" });
    });

    test("reads bad lines to their fields, and stores nothing of them", async () => {
      const metric: HistoryLine = { kind: "metric", name: "swap", metric: "memory.swap" };
      const hour: HourLine = {
        ...{ kind: "hour", of: "swap", ts: bed.fleet.fromTs, covered: { "cn-01": 3600 } },
        rows: [{ host: "cn-01", zone: "z", value: 5 }],
      };
      const bad: readonly (readonly [string, HistoryLine, RegExp])[] = [
        ["no hour", { ...hour, ts: hour.ts + 1 }, /^ts$/],
        ["a host that nobody watched", { ...hour, covered: {} }, /^rows\[0\]\.host$/],
        ["no zone", { ...hour, rows: [{ host: "cn-01", value: 5 }] }, /^rows\[0\]\.zone$/],
        ["half a byte", { ...hour, rows: [{ host: "cn-01", zone: "z", value: 0.5 }] }, /^rows\[0\]\.value$/],
        ["a key too many", { ...hour, rows: [{ host: "cn-01", zone: "z", keys: { a: "b" }, value: 5 }] }, /\.keys$/],
        ["the same twice", { ...hour, rows: [...hour.rows, ...hour.rows] }, /^rows\[1\]$/],
        ["too long an hour", { ...hour, covered: { "cn-01": 3601 } }, /^covered\.cn-01$/],
      ];
      for (const [name, line, field] of bad) {
        const error: unknown = await bed.import([metric, line]).catch((thrown: unknown) => thrown);
        const { errors = [] } = error as { errors?: readonly { field: string }[] };
        assert.match(errors[0]?.field ?? "", field, name);
      }
      const [row] = await bed.api.services.store.query<{ n: string }>(
        "SELECT count() AS n FROM windows_1h WHERE zone = 'z'",
      );
      assert.equal(row?.n, "0");
    });
  });

  describe("growth", () => {
    const inMonth = (truth: Quantity): number => levelAt(truth, truth.endTs + MONTH) - levelAt(truth, truth.endTs);

    test("of zones is what was put in, and the limit is the zone's own", async () => {
      const { items, keys, missing, unit } = await ask<capacity.CapacityGrowth>("growth", "resource=cpu");
      assert.deepEqual([missing, unit, keys], [[], "%", zones().length]);
      for (const zone of zones()) {
        const item = items.find(({ key }) => key === zone.zone);
        assert.equal(item?.label, zone.alias);
        assert.equal(item.limit, zone.cpuCap);
        assert.equal(item.refused, null, zone.alias);
        // Seventy days of noise: within 2 % of the level a month.
        assert.ok(Math.abs((item.growth?.mid ?? NaN) - inMonth(zone.cpu)) < 0.02 * zone.cpu.endLevel, zone.alias);
        assert.ok((item.backTest?.ratio ?? 1) < 0.95, `${zone.alias}: ${item.backTest?.ratio}`);
        assert.ok(item.known > 0.95);
      }
    });

    test("of memory says when its limit is reached: the true day lies between A and B", async () => {
      const zone = zoneOf("db");
      // Near enough for seventy days of history to see.
      const limit = zone.memory.endLevel * 1.03;
      const { items } = await ask<capacity.CapacityGrowth>("growth", `resource=memory&limit=${limit}`);
      const found = items.find(({ key }) => key === zone.zone)?.reaches;
      const truth = reachesTs(zone.memory, limit, 365) ?? NaN;
      const [from, to] = [found?.earliestTs ?? Infinity, found?.latestTs ?? -Infinity];
      assert.ok(from <= truth && truth <= to, JSON.stringify({ found, truth }));
      assert.equal(items[0]?.key, zone.zone, "who reaches it first comes first");
    });

    test("is refused where there is too little, with the reason", async () => {
      const from = bed.fleet.endTs - 20 * 86_400;
      const path = `/v1/capacity/growth?from=${from}&to=${bed.fleet.endTs}`;
      const { items } = await bed.api.operator.json<capacity.CapacityGrowth>(path);
      assert.ok(items.length > 0);
      for (const { refused, growth, level } of items) {
        assert.equal(refused?.code, "TOO_SHORT");
        assert.deepEqual([growth, level], [null, null]);
      }
    });
  });

  describe("a tenant", () => {
    const owner = (): string => zoneOf("web").owner;
    const own = (): Set<string> => new Set(zones().flatMap((zone) => (zone.owner === owner() ? [zone.zone] : [])));

    test("sees the growth of its own zones only, and would see others' if a statement lacked its predicate", async () => {
      const { items } = await ask<capacity.CapacityGrowth>("growth", "", bed.api.tenant(owner()));
      assert.deepEqual(new Set(items.map(({ key }) => key)), own());
      const mutant = await startQueryApp(bed.api, { store: withoutTenants(bed.api.services.store) });
      const client = new Client(mutant.url, bed.api.tenant(owner()).token);
      const leaked = await ask<capacity.CapacityGrowth>("growth", "", client);
      assert.ok(leaked.items.some(({ key }) => !own().has(key)));
      await mutant.close();
    });
  });
});
