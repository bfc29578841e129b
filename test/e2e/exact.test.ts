/**
 * Every count that simulated hosts put into the ledger, against what the query API answers: second by second, bucket by
 * bucket, through real ssh, parser, Arrow, engine and SQL.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Breakdown, Heatmap, InstrumentationInfo, LiveColumn, Series } from "../../core/api.ts";
import { heatmapCounts, ledgerCounts, lines, totalOf, type LedgerQuery } from "./ledger.ts";
import { startStack, type Client, type Stack } from "./stack.ts";
import { until } from "../until.ts";

const BACKFILL_SEC = 40;

describe("from simulated host to answer", () => {
  let stack: Stack;
  let id: string;
  /** A range that every host has reported. */
  let fromTs: number;
  let toTs: number;

  before(async () => {
    stack = await startStack({ hosts: 2, zonesPerHost: 4, tenants: 3, seed: 11, backfillSec: BACKFILL_SEC });
    const made = await stack.services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["execname", "syscall", "latency"],
    });
    id = made.id;
    fromTs = Math.floor(Date.now() / 1000) - BACKFILL_SEC + 6;
    toTs = fromTs + BACKFILL_SEC;
    await until("all columns reported", async () => {
      const heatmap = await read(stack.operator);
      return heatmap.columns.length === BACKFILL_SEC && heatmap.columns.every((each) => each.reporting === 2)
        ? heatmap
        : undefined;
    });
  });
  after(() => stack.close());

  const read = (client: Client, rest = ""): Promise<Heatmap> =>
    client.json<Heatmap>(`/v1/instrumentations/${id}/heatmap?from=${fromTs}&to=${toTs}&columns=4000${rest}`);
  const spec = (): string => stack.fleet.ledger.frames()[0]?.spec ?? "";
  const ledger = (accept?: LedgerQuery["accept"]) =>
    ledgerCounts(stack.fleet, { spec: spec(), fromTs, toTs, ...(accept && { accept }) });

  test("an operator's heatmap holds the ledger, count for count", async () => {
    const expected = ledger();
    const heatmap = await read(stack.operator);
    assert.deepEqual(lines(heatmapCounts(heatmap, fromTs, toTs)), lines(expected));
    assert.equal(heatmap.total, totalOf(expected));
    assert.ok(heatmap.total > 100_000, `the workload is worth counting: ${heatmap.total} events`);
  });

  test("a tenant's heatmap holds its own zones' counts and no other's", async () => {
    let sum = 0;
    for (const [i, tenant] of stack.fleet.tenants.entries()) {
      const own = new Set(stack.fleet.zones.filter((zone) => zone.ownerUuid === tenant.id).map((zone) => zone.name));
      const expected = ledger(([zone = ""]) => own.has(zone));
      const heatmap = await read(stack.tenants[i] as Client);
      assert.deepEqual(lines(heatmapCounts(heatmap, fromTs, toTs)), lines(expected), tenant.name);
      assert.ok(heatmap.total > 0, tenant.name);
      sum += heatmap.total;
    }
    const global = totalOf(ledger(([zone]) => zone === "global"));
    assert.equal(sum + global, (await read(stack.operator)).total, "tenants and the global zone are all there is");
  });

  test("wider columns add up to the same counts", async () => {
    // Whole columns of ten seconds within the range: beyond it the ledger still grows.
    const from = Math.ceil(fromTs / 10) * 10;
    const heatmap = await stack.operator.json<Heatmap>(
      `/v1/instrumentations/${id}/heatmap?from=${from}&to=${from + 30}&columns=3`,
    );
    assert.deepEqual([heatmap.stepSec, heatmap.columns.length], [10, 3]);
    const expected = ledgerCounts(stack.fleet, { spec: spec(), fromTs: heatmap.fromTs, toTs: heatmap.toTs });
    assert.equal(heatmap.total, totalOf(expected));
  });

  test("a filter on keys is the ledger's rows with those keys", async () => {
    const where = encodeURIComponent(
      JSON.stringify({ and: [{ eq: ["execname", "postgres"] }, { ne: ["syscall", "read"] }] }),
    );
    const expected = ledger(([, execname, syscall]) => execname === "postgres" && syscall !== "read");
    const heatmap = await read(stack.operator, `&where=${where}`);
    assert.ok(totalOf(expected) > 0);
    assert.deepEqual(lines(heatmapCounts(heatmap, fromTs, toTs)), lines(expected));
  });

  test("a breakdown's parts are the ledger's, and with other they are the total", async () => {
    const answer = await stack.operator.json<Breakdown>(
      `/v1/instrumentations/${id}/breakdown?by=execname&from=${fromTs}&to=${toTs}&limit=2`,
    );
    for (const part of answer.parts) {
      assert.equal(part.total, totalOf(ledger(([, execname]) => execname === part.key)), part.key);
    }
    assert.equal(answer.parts.length, 2);
    assert.equal(
      answer.parts.reduce((sum, part) => sum + part.total, answer.other),
      answer.total,
    );
    assert.equal(answer.total, totalOf(ledger()));
  });

  test("a live viewer gets the columns that the heatmap has", async () => {
    const since = Math.floor(Date.now() / 1000) - 4;
    const seen = await liveColumns(stack.operator, id, since, 8);
    const last = Math.max(...seen.keys());
    const heatmap = await until("the store has them too", async () => {
      const answer = await stack.operator.json<Heatmap>(
        `/v1/instrumentations/${id}/heatmap?from=${since}&to=${last}&columns=4000`,
      );
      return answer.columns.every((each) => each.reporting === 2) ? answer : undefined;
    });
    const compared = heatmap.columns.filter((each) => seen.has(each.ts) && each.ts < last);
    assert.ok(compared.length >= 3);
    for (const each of compared) {
      const live = seen.get(each.ts);
      assert.deepEqual([live?.bucket, live?.count, live?.p99], [each.bucket, each.count, each.p99], String(each.ts));
    }
  });

  test("kstat counters of a host become rates whose sum is the ledger's", async () => {
    const made = await stack.operator.post<InstrumentationInfo>("/v1/instrumentations", {
      metric: "cpu.usage",
      decomposition: ["zonename", "cpumode"],
    });
    const series = await until("a few seconds of CPU", async () => {
      const answer = await stack.operator.json<Series>(
        `/v1/instrumentations/${made.id}/series?by=zonename&from=-30&limit=100`,
      );
      const whole = answer.reporting.filter((n) => n === 2).length;
      return whole >= 3 ? answer : undefined;
    });
    assert.equal(series.unit, "%");
    const deltas = new Map<string, bigint>();
    for (const sample of stack.fleet.ledger.samples()) {
      for (const [name, delta] of sample.deltas) {
        // kstat -T u prints whole seconds: a sample taken at 12.7 says 12 and closes the second before.
        const column = Math.floor(sample.endMs / 1000) - 1;
        if (/^zones:.*:nsec_(user|sys)$/.test(name)) {
          const key = `${column} ${sample.host}`;
          deltas.set(key, (deltas.get(key) ?? 0n) + delta);
        }
      }
    }
    for (const [i, ts] of series.times.entries()) {
      if (series.reporting[i] !== 2) continue;
      const shown = series.series.reduce((sum, each) => sum + (each.values[i] ?? 0), 0);
      const expected = stack.fleet.hosts.reduce((sum, host) => sum + (deltas.get(`${ts} ${host.name}`) ?? 0n), 0n);
      assert.ok(
        Math.abs(shown - Number(expected) / 1e7) < 1e-6,
        `column ${ts}: ${shown} % against ${Number(expected) / 1e7} %`,
      );
    }
  });
});

/** Follows the live stream until it has shown `count` columns; the last event of a column wins. */
async function liveColumns(client: Client, id: string, since: number, count: number): Promise<Map<number, LiveColumn>> {
  const stop = new AbortController();
  const response = await client.fetch(`/v1/instrumentations/${id}/live?since=${since}`, { signal: stop.signal });
  const seen = new Map<number, LiveColumn>();
  let text = "";
  assert.ok(response.body);
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events.filter((each) => each.startsWith("event: column"))) {
      const column = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "") as LiveColumn;
      seen.set(column.ts, column);
    }
    // A column is final once the one two later has begun.
    if (seen.size >= count) break;
  }
  stop.abort();
  return seen;
}
