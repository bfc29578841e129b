/**
 * The Prometheus-compatible read API: what its numbers are, what of PromQL is taken, and that Prometheus' own programs read it.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startPrometheus, type Peer } from "../../bench/peers/peer.ts";
import { encodeSamples, remoteWriteHeaders } from "../../bench/peers/remote-write.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import type { Breakdown, Heatmap } from "../../core/api.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { merge, quantile } from "../../core/histogram/distribution.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { parseSpec } from "../../core/instrumentation.ts";
import { familiesOf } from "../../query-api/prometheus-names.ts";
import { slicesOf } from "../../query-api/prometheus-windows.ts";
import type { Client } from "../e2e/stack.ts";
import { Rollups } from "../../store/rollups.ts";
import { DARK, FROM, HALF_DARK, OLD, SECONDS, startPrometheusBed, TO, type PrometheusBed } from "./prometheus-bed.ts";

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Line {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

interface Answer<T> {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly data: T;
}

describe("the Prometheus API", () => {
  let bed: PrometheusBed;
  before(async () => (bed = await startPrometheusBed()));
  after(() => bed.close());

  const get = async <T>(path: string, client: Client = bed.acme): Promise<Answer<T>> =>
    (await (await client.fetch(path)).json()) as Answer<T>;
  const instant = async (query: string, time: number, client = bed.acme): Promise<readonly Sample[]> => {
    const path = `/api/v1/query?query=${encodeURIComponent(query)}&time=${time}`;
    const { data, error } = await get<{ result: Sample[] }>(path, client);
    assert.equal(error, undefined, query);
    return data.result;
  };
  const range = async (query: string, start: number, end: number, step: number): Promise<readonly Line[]> => {
    const path = `/api/v1/query_range?query=${encodeURIComponent(query)}&start=${start}&end=${end}&step=${step}`;
    const { data, error } = await get<{ result: Line[] }>(path);
    assert.equal(error, undefined, query);
    return data.result;
  };
  const only = (result: readonly Sample[]): number => {
    assert.equal(result.length, 1, JSON.stringify(result));
    return Number(result[0]?.value[1]);
  };
  const COUNT = "syscall_ops_latency_ns_count";
  const BUCKET = "syscall_ops_latency_ns_bucket";

  describe("numbers", () => {
    test("an increase is the sum of the windows that end in the range: what the breakdown says, and each of its parts", async () => {
      const breakdown = await bed.acme.json<Breakdown>(
        `/v1/instrumentations/${bed.ops.id}/breakdown?by=execname&from=${FROM}&to=${TO}`,
      );
      assert.ok(breakdown.total > 1000);
      assert.equal(only(await instant(`sum(increase(${COUNT}[5m]))`, TO)), breakdown.total);
      const parts = await instant(`sum by (execname) (increase(${COUNT}[5m]))`, TO);
      assert.deepEqual(
        parts.map(({ metric, value }) => [metric["execname"], Number(value[1])]).sort(),
        breakdown.parts.map(({ key, total }) => [key, total]).sort(),
      );
      assert.equal(only(await instant(`sum(increase(${BUCKET}{le="+Inf"}[5m]))`, TO)), breakdown.total);
    });

    test("so at any time and for any range, wherever in a second it begins", async () => {
      const random = seeded(1);
      for (let i = 0; i < 5; i++) {
        const at = Math.round((FROM + 1 + random() * SECONDS) * 1000) / 1000;
        const sec = 1 + Math.floor(random() * 120);
        const expected = bed.total(at - sec, at, ({ execname }) => execname === "nginx");
        const answer = await instant(`sum(increase(${COUNT}{execname="nginx"}[${sec}s]))`, at);
        assert.equal(Number(answer[0]?.value[1] ?? 0), expected, `${sec} s before ${at}`);
      }
    });

    test("in a range query too, of ranges that meet, overlap or leave time between them", async () => {
      for (const [start, step, sec] of [
        [FROM + 60, 60, 60],
        [FROM + 30, 15, 45],
        [FROM + 17, 20, 7],
      ] as const) {
        const [line] = await range(`sum(increase(${COUNT}[${sec}s]))`, start, TO, step);
        assert.ok(line !== undefined && line.values.length > 3);
        for (const [at, value] of line.values)
          assert.equal(Number(value), bed.total(at - sec, at), `${sec} s at ${at}`);
      }
    });

    test("buckets are cumulative, and `le` is the largest integer within: nothing is cut at an edge", async () => {
      const buckets = bucketsOf(LATENCY_SCHEME);
      const result = await instant(`sum by (le) (increase(${BUCKET}[5m]))`, TO);
      assert.ok(result.length > 20);
      for (const { metric, value } of result) {
        const le = metric["le"] === "+Inf" ? Infinity : Number(metric["le"]);
        let below = 0;
        for (const { zone, bucket, count } of bed.events) {
          if (zone === "zone-g") continue;
          bucket.forEach((index, i) => {
            if ((buckets.highOf(index) ?? Infinity) - 1 <= le) below += count[i] ?? 0;
          });
        }
        assert.equal(Number(value[1]), below, `le ${metric["le"]}`);
      }
    });

    test("quantiles of bucket rates are within a bucket of the exact ones", async () => {
      const heatmap = await bed.acme.json<Heatmap>(
        `/v1/instrumentations/${bed.ops.id}/heatmap?from=${FROM}&to=${TO}&columns=1`,
      );
      const buckets = bucketsOf(LATENCY_SCHEME);
      const all = merge(heatmap.columns);
      for (const q of [0, 0.25, 0.5, 0.99, 1]) {
        const exact = quantile(buckets, all, q) ?? NaN;
        const ours = only(await instant(`histogram_quantile(${q}, sum by (le) (rate(${BUCKET}[5m])))`, TO));
        const index = buckets.indexOf(exact - 1);
        const width = (buckets.highOf(index) ?? NaN) - (buckets.lowOf(index) ?? NaN);
        assert.ok(Math.abs(ours - exact) <= width, `q ${q}: ${ours}, exactly ${exact}`);
      }
    });

    test("a rate is over the seconds that were watched, and the scalar's own is a share of time", async () => {
      const [, between] = [DARK.to, HALF_DARK.from];
      const busy = await instant(`rate(cpu_usage_ns_total[60s])`, FROM + between);
      assert.deepEqual(
        busy.map(({ metric, value }) => [metric["zonename"], Number(value[1]) / 1e9]),
        [
          ["zone-a", 0.25],
          ["zone-b", 0.25],
        ],
      );
      // Ten of these thirty seconds were watched, and no less was done in them.
      assert.equal(only(await instant(`rate(cpu_usage_ns_total{zonename="zone-a"}[30s])`, FROM + DARK.to + 10)), 250e6);
      assert.equal(
        only(await instant(`increase(cpu_usage_ns_total{zonename="zone-a"}[30s])`, FROM + DARK.to + 10)),
        2.5e9,
      );
    });

    test("a gauge is the mean of its readings", async () => {
      assert.equal(only(await instant(`memory_rss_bytes{zonename="zone-a"}`, FROM + 60)), 1029.5);
      const [line] = await range(`memory_rss_bytes{zonename="zone-a"}`, FROM + 10, FROM + 30, 10);
      assert.deepEqual(
        line?.values.map(([, value]) => Number(value)),
        [1004.5, 1014.5, 1024.5],
      );
      assert.equal(only(await instant(`avg_over_time(memory_rss_bytes{zonename="zone-a"}[20s])`, FROM + 40)), 1029.5);
    });

    test("what nobody watched has no sample, and what is idle has zero", async () => {
      const lines = await range(`sum by (zonename) (increase(${COUNT}[10s]))`, FROM + 10, TO, 10);
      const missing = (zone: string): number[] => {
        const there = new Set(lines.find(({ metric }) => metric["zonename"] === zone)?.values.map(([at]) => at));
        return Array.from({ length: 30 }, (_, i) => FROM + 10 + i * 10).filter((at) => !there.has(at));
      };
      const within = ({ from, to }: typeof DARK): number[] =>
        Array.from({ length: (to - from) / 10 }, (_, i) => FROM + from + 10 + i * 10);
      assert.deepEqual(missing("zone-a"), within(DARK));
      assert.deepEqual(missing("zone-b"), [...within(DARK), ...within(HALF_DARK)]);
      const idle = await range(`increase(${COUNT}{zonename="zone-a",execname="nginx"}[1s])`, FROM + 1, FROM + 60, 1);
      assert.ok(
        idle[0]?.values.some(([, value]) => value === "0"),
        "some seconds are idle",
      );
      assert.equal(idle[0]?.values.length, 60);
    });

    test("a counter has one value at one time, whoever asks, and begins anew at midnight UTC", async () => {
      const at = FROM + 250;
      const value = only(await instant(`sum(${COUNT})`, at));
      const midnight = Math.floor((at - 1) / 86_400) * 86_400;
      assert.equal(value, bed.total(midnight, at));
      for (const start of [at - 240, at - 10, at]) {
        const [line] = await range(`sum(${COUNT})`, start, at, 10);
        assert.equal(Number(line?.values.at(-1)?.[1]), value, `from ${start}`);
      }
      const day = 86_400_000;
      const [before, at0, after] = slicesOf(
        { ms: [day - 1000, day, day + 1000], stepMs: 1000 },
        "counter",
        {
          rangeMs: null,
          offsetMs: 0,
        },
        1,
      );
      assert.deepEqual(before?.sum, { fromTs: 0, toTs: 86_399 });
      assert.deepEqual(at0?.sum, { fromTs: 0, toTs: 86_400 });
      assert.deepEqual(after?.sum, { fromTs: 86_400, toTs: 86_401 });
    });

    test("what an instrumentation keeps only in part has no sample: a counter would fall", async (t) => {
      const table = bed.api.services.state.instrumentations;
      const row = table.get(bed.ops.id);
      assert.ok(row);
      t.after(() => table.put([row]));
      const at = FROM + 250;
      // What is kept moves on while the test runs: by less than twenty seconds.
      await table.put([{ ...row, retentionSec: Math.ceil(Date.now() / 1000) - (FROM + 130) }]);
      assert.equal(only(await instant(`sum(increase(${COUNT}[60s]))`, at)), bed.total(at - 60, at));
      assert.deepEqual(await instant(`sum(increase(${COUNT}[200s]))`, at), []);
      assert.deepEqual(await instant(`sum(${COUNT})`, at), []);
      const [line] = await range(`sum(increase(${COUNT}[60s]))`, at - 80, at, 40);
      assert.deepEqual(
        line?.values.map(([ts]) => ts - at),
        [-40, 0],
      );
    });

    test("before 1970 there is nothing, however long an offset or a range is", async () => {
      assert.deepEqual(await instant(`${COUNT} offset 99999y`, FROM), []);
      assert.deepEqual(await range(`rate(${COUNT}[1m])`, 0, 100, 10), []);
    });

    test("minutes and hours answer as the seconds did that they were made of", async () => {
      const count = "fs_logical_ops_latency_ns_count";
      const bucket = "fs_logical_ops_latency_ns_bucket";
      const at = OLD + 7200;
      const ask = async (): Promise<unknown[]> => [
        await instant(`increase(${count}[2h])`, at),
        await instant(`sum by (le) (increase(${bucket}[90m]))`, at - 617),
        await instant(`sum(${count})`, at),
        await range(`sum by (zonename) (rate(${count}[2m]))`, OLD + 120, at, 60),
        await range(`increase(${count}[1h])`, OLD + 3600, at, 3600),
        await range(`histogram_quantile(0.9, sum by (le) (rate(${bucket}[5m])))`, OLD + 300, at, 300),
      ];
      const fromSeconds = await ask();
      for (const answer of fromSeconds) assert.ok((answer as unknown[]).length > 0);
      const { store } = bed.api.services;
      const { computed, failed } = await new Rollups({ store, againAfterMs: 0, retainEveryMs: Infinity }).runOnce();
      assert.ok(computed >= 4 && failed === 0);
      assert.deepEqual(await ask(), fromSeconds);
      const zoneB = (fromSeconds[3] as Line[]).find(({ metric }) => metric["zonename"] === "zone-b");
      assert.equal(
        zoneB?.values.length,
        119 - 11,
        "a range of two minutes within the twelve that were dark has no sample",
      );
    });

    test("an offset looks back, and a vector may be computed with numbers and with another vector", async () => {
      assert.equal(
        only(await instant(`sum(increase(${COUNT}[30s] offset 1m))`, FROM + 90)),
        bed.total(FROM, FROM + 30),
      );
      const total = bed.total(FROM, FROM + 60);
      assert.equal(only(await instant(`-2 * sum(increase(${COUNT}[1m])) + 1`, FROM + 60)), 1 - 2 * total);
      const share = `sum(increase(${COUNT}{execname="nginx"}[1m])) / sum(increase(${COUNT}[1m]))`;
      const nginx = bed.total(FROM, FROM + 60, ({ execname }) => execname === "nginx");
      assert.equal(only(await instant(share, FROM + 60)), nginx / total);
    });
  });

  describe("who sees what", () => {
    test("a tenant its own alone, without hosts; an operator all, by host and tenant", async () => {
      const own = await instant(`increase(${COUNT}[5m])`, TO);
      assert.deepEqual([...new Set(own.map(({ metric }) => metric["zonename"]))].sort(), ["zone-a", "zone-b"]);
      assert.deepEqual(Object.keys(own[0]?.metric ?? {}).sort(), ["execname", "instrumentation", "zonename"]);
      const all = await instant(`sum by (host, tenant, zonename) (increase(${COUNT}[5m]))`, TO, bed.api.operator);
      assert.deepEqual(all.map(({ metric }) => `${metric["host"]} ${metric["zonename"]}`).sort(), [
        "cn-01 zone-a",
        "cn-02 zone-b",
        "cn-02 zone-g",
      ]);
      const named = await get<string[]>(`/api/v1/label/zonename/values?start=${FROM}&end=${TO}`);
      assert.deepEqual(named.data, ["zone-a", "zone-b"]);
      assert.deepEqual((await get<string[]>(`/api/v1/label/host/values?start=${FROM}&end=${TO}`)).data, []);
    });

    test("lists series, labels, values and metadata, of what a selector matches", async () => {
      const { data: labels } = await get<string[]>(`/api/v1/labels?match[]=${COUNT}`);
      assert.deepEqual(labels, ["__name__", "execname", "instrumentation", "zonename"]);
      const names = await get<string[]>(
        `/api/v1/label/__name__/values?match[]=${encodeURIComponent('{__name__=~"mem.+"}')}`,
      );
      assert.deepEqual(names.data, ["memory_rss_bytes"]);
      const match = encodeURIComponent(`${COUNT}{execname!~"ngi.*"}`);
      const { data: series } = await get<Record<string, string>[]>(
        `/api/v1/series?match[]=${match}&start=${FROM}&end=${TO}`,
      );
      assert.deepEqual(series, [
        { __name__: COUNT, instrumentation: bed.ops.id, zonename: "zone-a", execname: `say "hi"\\` },
        { __name__: COUNT, instrumentation: bed.ops.id, zonename: "zone-b", execname: `say "hi"\\` },
      ]);
      const { data: metadata } = await get<Record<string, { type: string }[]>>("/api/v1/metadata");
      assert.deepEqual(
        ["syscall_ops_latency_ns", "cpu_usage_ns_total", "cpu_usage_ns", "memory_rss_bytes"].map(
          (n) => metadata[n]?.[0]?.type,
        ),
        ["histogram", undefined, "counter", "gauge"],
      );
      assert.equal((await get("/api/v1/status/buildinfo")).status, "success");
    });

    test("takes a form, as Grafana sends it, also of a token that may only read", async () => {
      const reader = bed.api.client(
        (
          await bed.api.services.state.tokens.make({
            role: "tenant",
            tenant: "11111111-1111-4111-8111-111111111111",
            scope: "read",
            label: "grafana",
          })
        ).text,
      );
      const body = new URLSearchParams({
        query: `sum(increase(${COUNT}[5m]))`,
        start: String(TO),
        end: String(TO),
        step: "15",
      });
      const response = await reader.fetch("/api/v1/query_range", { method: "POST", body });
      const { data } = (await response.json()) as Answer<{ result: Line[] }>;
      assert.equal(Number(data.result[0]?.values[0]?.[1]), bed.total(FROM, TO));
    });

    test("gives no two metrics of the catalogue one name, and no label two meanings", () => {
      const names = new Map<string, string>();
      for (const [name, { metric }] of catalogue) {
        const numerics = metric.fields.filter(({ arity }) => arity === "numeric").map((field) => [field.name]);
        for (const decomposition of [[], ...numerics]) {
          const spec = parseSpec({ metric: name, decomposition }, metric);
          for (const family of familiesOf({} as never, metric, spec, true)) {
            assert.match(family.name, /^[a-z][a-z0-9_]*$/);
            assert.equal(names.get(family.name) ?? name, name, family.name);
            names.set(family.name, name);
            assert.equal(new Set(["le", "instrumentation", ...family.rowLabels]).size, 2 + family.rowLabels.length);
          }
        }
      }
      assert.ok(names.size > 50);
    });
  });

  describe("refuses, in Prometheus' shape and naming the construct,", () => {
    const REFUSED: readonly (readonly [query: string, error: RegExp])[] = [
      ["", /query: is missing/],
      ["sum by (le", /is not PromQL at the end/],
      [`${"(".repeat(100)}1${")".repeat(100)}`, /at most 64 brackets/],
      [`${COUNT}{execname="${"x".repeat(9000)}"}`, /at most 8192 characters/],
      [Array.from({ length: 1000 }, () => "1").join("+"), /fewer operators/],
      [`rate(${COUNT}[5m:1m])`, /subquery/],
      [`rate(${COUNT}[5m] @ 5)`, /@ modifier/],
      [`irate(${COUNT}[5m])`, /function irate/],
      [`label_replace(${COUNT}, "a", "b", "c", "d")`, /function label_replace/],
      [`stddev(${COUNT})`, /aggregation stddev/],
      [`${COUNT} and ${COUNT}`, /this operator/],
      [`${COUNT} / on (execname) group_left ${COUNT}`, /matching by on/],
      [`${COUNT}[5m]`, /range vector/],
      ['"text"', /a string as a value/],
      ['{execname="nginx"}', /does not name its metric/],
      [`${COUNT}{execname=~"("}`, /RE2/],
      ["rate(memory_rss_bytes[5m])", /gauge: take avg_over_time/],
      [`sum(rate(${BUCKET}[5m]))`, /keep le/],
      ["1 > 2", /need bool/],
    ];
    for (const [query, error] of REFUSED) {
      test(query === "" ? "nothing" : query.length > 60 ? `${query.slice(0, 57)}...` : query, async () => {
        const path = `/api/v1/query?query=${encodeURIComponent(query)}&time=${TO}`;
        const response = await bed.acme.fetch(path);
        const answer = (await response.json()) as Answer<unknown>;
        assert.equal(response.status, 400, JSON.stringify(answer));
        assert.deepEqual([answer.status, answer.errorType], ["error", "bad_data"]);
        assert.match(answer.error ?? "", error);
      });
    }

    test("more steps than Prometheus would, ranges with too little in common, and a sum that would count twice", async () => {
      const ask = async (rest: string): Promise<string> => (await get(`/api/v1/query_range?query=${rest}`)).error ?? "";
      assert.match(await ask(`up&start=${FROM}&end=${TO}&step=0.001`), /at most 11000 steps/);
      assert.match(await ask(`up&start=${TO}&end=${FROM}&step=1`), /not before start/);
      const rate = encodeURIComponent(`sum(rate(${COUNT}[1h]))`);
      assert.match(await ask(`${rate}&start=${FROM - 86_399}&end=${TO}&step=60`), /begin at a multiple of the step/);
      const twice = await bed.acme.post<{ id: string }>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["latency"],
      });
      const sum = encodeURIComponent(`sum(increase(${COUNT}[5m]))`);
      const { error } = await get(`/api/v1/query?query=${sum}&time=${TO}`);
      // Nothing has been counted for the new one: it has no series, and the sum stands.
      assert.equal(error, undefined);
      await bed.acme.fetch(`/v1/instrumentations/${twice.id}`, { method: "DELETE" });
      const same = await bed.acme.post<{ id: string }>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["execname", "latency"],
      });
      assert.match((await get(`/api/v1/query?query=${sum}&time=${TO}`)).error ?? "", /counted the same events/);
      await bed.acme.fetch(`/v1/instrumentations/${same.id}`, { method: "DELETE" });
    });

    test("nobody's token", async () => {
      const response = await fetch(`${bed.api.url}/api/v1/query?query=1`);
      assert.equal(response.status, 401);
      assert.equal(((await response.json()) as Answer<unknown>).errorType, "unauthorized");
    });
  });

  describe("read by Prometheus' own programs", { skip: programs() }, () => {
    let peer: Peer;
    before(async () => (peer = (await startPrometheus()) as Peer));
    after(() => peer.close());

    test("promtool prints what we answer", async () => {
      const query = `sum by (zonename) (increase(${COUNT}[1m]))`;
      const header = `Authorization=Bearer ${bed.acme.token}`;
      const times = [`--start=${FROM + 60}`, `--end=${TO}`, "--step=60s"];
      const args = ["query", "range", `--header=${header}`, ...times, "-o", "json", bed.api.url, query];
      const { stdout } = await promisify(execFile)("/usr/bin/promtool", args);
      assert.deepEqual(JSON.parse(stdout), await range(query, FROM + 60, TO, 60));
    });

    test("a Prometheus that is given our counters computes with them what we compute", async () => {
      const samples = (await range(`{__name__="${BUCKET}"}`, FROM + 60, FROM + 90, 30)).flatMap(({ metric, values }) =>
        values.map(([at, value]) => ({
          labels: Object.entries(metric)
            .map(([name, text]) => ({ name, value: text }))
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
          timestampMs: at * 1000,
          value: Number(value),
        })),
      );
      assert.ok(samples.length > 500);
      const body = encodeSamples(samples);
      const written = await fetch(`${peer.url}/api/v1/write`, { method: "POST", headers: remoteWriteHeaders(), body });
      assert.equal(written.status, 204, await written.text());
      const total = `${BUCKET}{le="+Inf"}`;
      for (const query of [
        `histogram_quantile(0.9, sum by (le) (${BUCKET}))`,
        `histogram_quantile(0.5, ${BUCKET}{execname=~"ng.*"})`,
        `histogram_quantile(1, sum without (execname, zonename) (${BUCKET}))`,
        `topk(2, ${total})`,
        `bottomk(1, ${total}) * 2`,
        `avg by (zonename) (${total})`,
        `max(${total}) - min(${total})`,
        `count by (execname) (${total} > 100)`,
        `${total} > bool 700`,
        `2 ^ -1 * (${total} % 7) / ${total}`,
        `${BUCKET}{le=~"99.*",zonename!="zone-a",nosuch=""}`,
        "1 + 2 * 3 ^ 2 == bool 19",
        "Inf - 1",
      ]) {
        const theirs = (await (
          await fetch(`${peer.url}/api/v1/query?query=${encodeURIComponent(query)}&time=${FROM + 90}`)
        ).json()) as Answer<{ resultType: string; result: unknown }>;
        const ours = await get<{ resultType: string; result: unknown }>(
          `/api/v1/query?query=${encodeURIComponent(query)}&time=${FROM + 90}`,
        );
        assert.deepEqual(comparable(ours.data), comparable(theirs.data), query);
      }
    });

    test("a Prometheus that federates us has our counters, to the unit", async () => {
      const scrape = {
        job_name: "isotherm",
        scrape_interval: "1s",
        honor_labels: true,
        metrics_path: "/federate",
        params: { "match[]": [`{__name__="${COUNT}"}`] },
        authorization: { credentials: bed.acme.token },
        static_configs: [{ targets: [new URL(bed.api.url).host] }],
      };
      await writeFile(join(peer.directory, "prometheus.yml"), JSON.stringify({ scrape_configs: [scrape] }));
      process.kill(peer.pid, "SIGHUP");
      const query = encodeURIComponent(`${COUNT}{zonename="zone-a",execname="nginx"}[1m]`);
      let pairs: readonly (readonly [number, string])[] = [];
      for (const deadline = Date.now() + 20_000; pairs.length < 2 && Date.now() < deadline;) {
        await bed.addSecond(Math.floor(Date.now() / 1000) - 7);
        const answer = (await (await fetch(`${peer.url}/api/v1/query?query=${query}`)).json()) as Answer<{
          result: Line[];
        }>;
        pairs = answer.data.result[0]?.values ?? [];
        await new Promise((wake) => setTimeout(wake, 250));
      }
      assert.ok(pairs.length >= 2, "it has scraped twice");
      const [first] = pairs;
      const now = only(await instant(`${COUNT}{zonename="zone-a",execname="nginx"}`, first?.[0] ?? 0));
      // What came since for the seconds before is a late window: it may only have added to it.
      assert.ok(Number(first?.[1]) <= now && Number(first?.[1]) >= now - 70, `${first?.[1]} of ${now}`);
    });
  });
});

/** Why Prometheus' own programs cannot be asked; false where they can. */
function programs(): string | false {
  const there = existsSync("/usr/bin/prometheus") && existsSync("/usr/bin/promtool");
  return there ? false : "Debian's package prometheus is not installed";
}

/** Series in one order, and numbers as numbers: the two print and add in different orders. */
function comparable(data: { resultType: string; result: unknown }): unknown {
  const number = (text: string): number => Number(Number(text.replace("Inf", "Infinity")).toPrecision(12));
  if (data.resultType === "scalar") return number((data.result as [number, string])[1]);
  return (data.result as Sample[])
    .map(({ metric, value }) => [JSON.stringify(Object.entries(metric).sort()), number(value[1])] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
