/**
 * Values over HTTP: rows, hues, weights, percentiles, cells, windows, pictures, exports. Each against a ledger that was added up by
 * plain arithmetic from what was sent, or against another answer that must say the same.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { tableFromIPC, type Table } from "apache-arrow";
import { decode } from "fast-png";
import type { Breakdown, CellDetail, Heatmap, Quantiles, Series, WindowsPage } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import type { StoreClient } from "../../store/client.ts";
import { LONG } from "../long.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const SEC = Math.floor(Date.now() / 1000 / 60) * 60 - 600;
const COLUMNS = 40;
/** In this second nobody watched. */
const GAP = SEC + 25;
/** What a spreadsheet would run, and what would break out of a cell, a line or an attribute. */
const HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", 'quo"te,comma', "line\nbreak", "\ttab", "{{x}}${y}"];
const NAMES = ["postgres", "node", "sshd", ...HOSTILE];

interface Sent {
  readonly ts: number;
  readonly tenant: string;
  readonly key: string;
  readonly bucket: number;
  readonly count: number;
}

describe("values", () => {
  let api: Api;
  let id: string;
  let scheme: string;
  let cpu: string;
  const sent: Sent[] = [];
  const RANGE = `from=${SEC}&to=${SEC + COLUMNS}`;

  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
    const { instrumentations } = api.services.query;
    const row = await instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["execname", "latency"],
    });
    const scalars = await instrumentations.ensureStanding({ metric: "cpu.usage" });
    id = row.id;
    cpu = scalars.id;
    scheme = row.scheme ?? "";
    await api.reportZones("cn-01", [{ name: "zone-a", owner: ACME, alias: "web", state: "running" }]);
    await api.reportZones("cn-02", [{ name: "zone-b", owner: GLOBEX, alias: "db", state: "running" }]);
    await postBatch(api, "s", 1, batchOf(row.spec, scalars.spec, sent));
  });
  after(() => api.close());

  const get = async <T>(value: string, query: string, of = id): Promise<T> =>
    api.operator.json<T>(`/v1/instrumentations/${of}/${value}?${RANGE}&${query}`);
  const fetchOf = (value: string, query: string, client = api.operator): Promise<Response> =>
    client.fetch(`/v1/instrumentations/${id}/${value}?${RANGE}&${query}`);
  const sum = (counts: Iterable<number>): number => [...counts].reduce((all, each) => all + each, 0);
  const sentTotal = (filter: (each: Sent) => boolean = () => true): number =>
    sum(sent.filter(filter).map(({ count }) => count));
  const shown = (heatmap: Pick<Heatmap, "columns">): number =>
    sum(heatmap.columns.map((column) => sum(Array.from(column.count))));

  describe("rows", () => {
    test("of any number, axis and crop: what is shown and what is left out are the total of the windows", async () => {
      const whole = await get<Heatmap>("heatmap", "");
      assert.equal(whole.total, sentTotal());
      assert.equal(shown(whole), whole.total);
      const buckets = bucketsOf(parseScheme(scheme));
      for (const rows of [17, 400]) {
        for (const axis of ["log", "linear"]) {
          for (const crop of rows === 400 ? [""] : ["", "&low=5000&high=7000000", "&low=5e15"]) {
            const name = `${rows} ${axis} ${crop}`;
            const heatmap = await get<Heatmap>("heatmap", `rows=${rows}&axis=${axis}${crop}`);
            const { leftOut, rows: laid = [] } = heatmap;
            assert.equal(heatmap.total, whole.total, name);
            assert.equal(shown(heatmap) + (leftOut?.below ?? 0) + (leftOut?.above ?? 0), whole.total, name);
            assert.ok(laid.length <= rows, name);
            // Each row of whole buckets, each bucket in one row.
            laid.forEach((each, i) => {
              assert.equal(each.low, buckets.lowOf(each.first), name);
              assert.equal(each.high, buckets.highOf(each.last), name);
              if (i > 0) assert.equal(each.first, (laid[i - 1]?.last ?? 0) + 1, name);
            });
            heatmap.columns.forEach((column, c) => {
              const own = sent.filter(({ ts }) => ts === column.ts);
              Array.from(column.bucket).forEach((row, i) => {
                const { first = 0, last = 0 } = laid[row] ?? {};
                const events = sum(
                  own.filter(({ bucket }) => bucket >= first && bucket <= last).map(({ count }) => count),
                );
                assert.equal(column.count[i], events, `${name}: column ${c}, row ${row}`);
              });
              assert.equal(column.p99, whole.columns[c]?.p99, "percentiles are those of all that was counted");
            });
          }
        }
      }
    });

    test("weighed by their values: each count times the middle of its bucket", async () => {
      const buckets = bucketsOf(parseScheme(scheme));
      const heatmap = await get<Heatmap>("heatmap", "weights=weight&rows=10&coloring=log");
      const weight = sum(heatmap.columns.map((column) => sum(Array.from(column.weight ?? []))));
      const expected = sum(sent.map(({ bucket, count }) => count * middle(buckets, bucket)));
      assert.ok(Math.abs(weight / expected - 1) < 1e-9, `${weight} is not ${expected}`);
      assert.equal(shown(heatmap), sentTotal());
      assert.equal(heatmap.scale?.of, "weight");
    });

    test("come with the scale of their colours", async () => {
      const cells = (await get<Heatmap>("heatmap", "rows=20")).columns.flatMap(({ count }) => Array.from(count));
      for (const coloring of ["rank", "linear", "log"]) {
        const { scale } = await get<Heatmap>("heatmap", `rows=20&coloring=${coloring}`);
        assert.equal(scale?.coloring, coloring);
        assert.equal(scale.max, Math.max(...cells));
        const values = scale.stops.map(({ value }) => value);
        assert.deepEqual(
          values,
          [...values].sort((a, b) => a - b),
          "ascending",
        );
        assert.equal(scale.stops.at(-1)?.place, 1);
        assert.ok((scale.stops.at(-1)?.value ?? Infinity) <= scale.max);
      }
    });
  });

  describe("hues", () => {
    test("of the largest keys and of all others add up to the whole, cell by cell", async () => {
      for (const query of [
        "by=execname&top=3",
        "by=execname&top=3&rows=9&high=900000",
        "by=zonename",
        "by=execname&keys=node&keys=nobody",
      ]) {
        const heatmap = await get<Heatmap>("heatmap", query);
        const { groups = [] } = heatmap;
        assert.equal(sum(groups.map(({ total }) => total)), heatmap.total, query);
        heatmap.columns.forEach((column, c) => {
          const cells = new Map<number, number>();
          for (const group of groups) {
            const own = group.columns[c];
            Array.from(own?.bucket ?? []).forEach((bucket, i) =>
              cells.set(bucket, (cells.get(bucket) ?? 0) + (own?.count[i] ?? 0)),
            );
          }
          assert.deepEqual(
            [...cells].sort((a, b) => a[0] - b[0]),
            Array.from(column.bucket).map((bucket, i) => [bucket, column.count[i]]),
            query,
          );
        });
      }
      const { groups = [] } = await get<Heatmap>("heatmap", "by=execname&keys=node&keys=nobody");
      assert.deepEqual(
        groups.map(({ key, isOther }) => [key, isOther]),
        [
          ["node", false],
          ["nobody", false],
          ["", true],
        ],
      );
      assert.equal(
        groups[0]?.total,
        sentTotal(({ key }) => key === "node"),
      );
      assert.equal(groups[1]?.total, 0);
    });

    test("of a field that is no key are refused by name", async () => {
      for (const query of ["by=pid", "keys=node"]) {
        const response = await fetchOf("heatmap", query);
        assert.equal(response.status, 400);
        assert.match(await response.text(), /"field":"by"/);
      }
    });
  });

  describe("percentiles", () => {
    test("of the range and of each column, with the mean, from all that was counted", async () => {
      const heatmap = await get<Heatmap>("heatmap", "");
      const quantiles = await get<Quantiles>("quantiles", "q=0,0.5,0.99,1");
      assert.equal(quantiles.total, sentTotal());
      const buckets = bucketsOf(parseScheme(scheme));
      quantiles.q.forEach((q, i) => {
        const rank = Math.max(1, Math.ceil(q * quantiles.total));
        const sorted = [...sent].sort((a, b) => a.bucket - b.bucket);
        let below = 0;
        const at = sorted.find(({ count }) => (below += count) >= rank)?.bucket ?? 0;
        const value = quantiles.values[i] ?? -1;
        assert.ok(value >= (buckets.lowOf(at) ?? 0) && value <= (buckets.highOf(at) ?? value), `q ${q}: ${value}`);
      });
      quantiles.columns.forEach((column, c) => {
        assert.equal(column.values[1], heatmap.columns[c]?.p50);
        assert.equal(column.reporting, heatmap.columns[c]?.reporting);
        if (column.ts === GAP) assert.deepEqual([column.total, column.mean, column.values[1]], [null, null, null]);
      });
      const mean = sum(sent.map(({ bucket, count }) => count * middle(buckets, bucket)));
      assert.ok(Math.abs((quantiles.mean ?? 0) / (mean / quantiles.total) - 1) < 1e-9);
    });

    test("that are no fractions are refused by name", async () => {
      for (const q of ["2", "x", "", "0.5,,1", "NaN", Array(21).fill("0.5").join()]) {
        const response = await fetchOf("quantiles", `q=${q}`);
        assert.equal(response.status, 400, q);
        assert.match(await response.text(), /"field":"q"/);
      }
    });
  });

  test("a cell has its ranges, its total, and every key's share of it, which add up", async () => {
    const heatmap = await get<Heatmap>("heatmap", "rows=12");
    const column = heatmap.columns[7];
    const row = heatmap.rows?.[column?.bucket[0] ?? 0];
    assert.ok(column !== undefined && row !== undefined);
    const path = `from=${column.ts}&to=${column.ts + heatmap.stepSec}${row.low === null ? "" : `&low=${row.low}`}&high=${row.high}`;
    const cell = await api.operator.json<CellDetail>(`/v1/instrumentations/${id}/cell?${path}`);
    assert.equal(cell.total, column.count[0]);
    assert.deepEqual([cell.low, cell.high, cell.fromTs, cell.toTs], [row.low, row.high, column.ts, column.ts + 1]);
    assert.deepEqual(
      cell.keys.map(({ by }) => by),
      ["zonename", "execname"],
    );
    for (const { parts, other } of cell.keys) assert.equal(sum(parts.map(({ total }) => total)) + other, cell.total);
    const inCell = (each: Sent): boolean =>
      each.ts === column.ts && each.bucket >= row.first && each.bucket <= row.last;
    for (const { key, total } of cell.keys[1]?.parts ?? []) {
      assert.equal(
        total,
        sentTotal((each) => inCell(each) && each.key === key),
        key,
      );
    }
    const one = await get<CellDetail>("cell", "value=0");
    assert.equal(
      one.total,
      sentTotal(({ bucket }) => bucket === bucketsOf(parseScheme(scheme)).indexOf(0)),
    );
    assert.equal((await fetchOf("cell", "value=5&low=1")).status, 400);
  });

  describe("windows", () => {
    test("are all rows as they were sent, by time, whatever the size of a page", async () => {
      for (const limit of [101, 1000]) {
        const windows = [];
        let after: string | null = "";
        while (after !== null) {
          const page: WindowsPage = await get("windows", `limit=${limit}${after === "" ? "" : `&after=${after}`}`);
          assert.ok(page.windows.length <= limit && page.tier === "1s");
          windows.push(...page.windows);
          after = page.next;
        }
        assert.deepEqual(
          windows.map(({ ts }) => ts),
          windows.map(({ ts }) => ts).sort((a, b) => a - b),
        );
        const flat = windows.flatMap(({ ts, keys, bucket, count, tenant }) =>
          bucket.map((each, i) => [ts, tenant, keys["execname"], each, count[i]].join("|")),
        );
        const expected = sent.map(({ ts, tenant, key, bucket, count }) => [ts, tenant, key, bucket, count].join("|"));
        assert.deepEqual(flat.sort(), expected.sort());
      }
    });

    test("of a tenant are its own, and say nothing of hosts", async () => {
      const text = await (await fetchOf("windows", "limit=5000", api.tenant(ACME))).text();
      const { windows } = JSON.parse(text) as WindowsPage;
      assert.equal(
        sum(windows.flatMap(({ count }) => count)),
        sentTotal(({ tenant }) => tenant === ACME),
      );
      assert.doesNotMatch(text, /cn-0|zone-b|host|2222/);
    });

    test("of scalars have a value each", async () => {
      const { windows } = await get<WindowsPage>("windows", "", cpu);
      assert.deepEqual(windows.map(({ value }) => value).sort(), [250_000_000, 500_000_000]);
    });

    test("a cursor that was made up is refused", async () => {
      for (const after of ["x", "1-", "-1-1", "1-1-1"])
        assert.equal((await fetchOf("windows", `after=${after}`)).status, 400);
    });
  });

  test("Arrow says what JSON says", async () => {
    const arrow = async (value: string, query: string): Promise<Table> =>
      tableFromIPC(new Uint8Array(await (await fetchOf(value, `format=arrow&${query}`)).arrayBuffer()));
    const heatmap = await get<Heatmap>("heatmap", "by=execname&top=2&rows=8&weights=weight&coloring=rank");
    const table = await arrow("heatmap", "by=execname&top=2&rows=8&weights=weight&coloring=rank");
    assert.deepEqual(JSON.parse(table.schema.metadata.get("rows") ?? ""), heatmap.rows);
    assert.deepEqual(JSON.parse(table.schema.metadata.get("leftOut") ?? ""), heatmap.leftOut);
    heatmap.columns.forEach((column, c) => {
      assert.deepEqual(lists(table, "count", c), column.count);
      assert.deepEqual(lists(table, "weight", c), column.weight);
      heatmap.groups?.forEach((group, g) => assert.deepEqual(lists(table, `count_${g}`, c), group.columns[c]?.count));
    });
    const quantiles = await get<Quantiles>("quantiles", "q=0.25,0.75");
    const percentiles = await arrow("quantiles", "q=0.25,0.75");
    quantiles.columns.forEach(({ values }, c) => assert.equal(percentiles.getChild("q_1")?.get(c), values[1]));
    const page = await get<WindowsPage>("windows", "limit=100");
    const rows = await arrow("windows", "limit=100");
    assert.equal(rows.schema.metadata.get("next"), page.next);
    page.windows.forEach((window, i) => {
      assert.equal(String(rows.getChild("execname")?.get(i)), window.keys["execname"]);
      assert.equal(String(rows.getChild("host")?.get(i)), window.host);
      assert.deepEqual(lists(rows, "count", i), window.count);
    });
  });

  describe("a picture", () => {
    test("is a PNG of the size asked for, in both themes, by count and by key", async () => {
      for (const query of [
        "theme=light",
        "theme=dark&by=execname&top=3",
        "theme=light&low=1e15",
        "theme=dark&axis=linear&weights=weight&coloring=linear",
      ]) {
        const response = await fetchOf("heatmap", `format=png&width=500&height=400&${query}`);
        assert.equal(response.headers.get("content-type"), "image/png");
        const { width, height, data } = decode(new Uint8Array(await response.arrayBuffer()));
        assert.deepEqual([width, height], [500, 400], query);
        const reds = new Set(Array.from({ length: width * height }, (_, i) => data[i * 3]));
        assert.ok(reds.size > 8, `${query}: ${reds.size} colours`);
        assert.equal(reds.has(query.startsWith("theme=dark") ? 0x16 : 0xfa), true, "the page's own ink");
      }
    });

    test("hatches the second that nobody watched, and no other", async () => {
      const response = await fetchOf("heatmap", "format=png&theme=light&width=524&height=420");
      const { data, width } = decode(new Uint8Array(await response.arrayBuffer()));
      // Ten pixels a column: as many of the hatching's ink within the plot as one column has.
      const [left, top, step, bottom] = [100, 68, (524 - 124) / COLUMNS, 420 - 104];
      const hatched = (column: number): boolean => {
        for (let y = top; y < bottom; y++) {
          for (let x = left + column * step; x < left + (column + 1) * step; x++) {
            if (data[(y * width + x) * 3] === 0xc4 && data[(y * width + x) * 3 + 2] === 0xc7) return true;
          }
        }
        return false;
      };
      const columns = Array.from({ length: COLUMNS }, (_, i) => i).filter(hatched);
      assert.deepEqual(columns, [GAP - SEC]);
    });
  });

  describe("exports", () => {
    const bytesOf = async (query: string, client = api.operator): Promise<Buffer> => {
      const response = await fetchOf("export", query, client);
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(response.status, 200, bytes.toString().slice(0, 500));
      return bytes;
    };
    /** The rows of an export, whatever its format; Parquet is read by the engine. */
    const rowsOf = async (value: string, format: string, query = ""): Promise<Record<string, unknown>[]> => {
      const bytes = await bytesOf(`value=${value}&format=${format}&${query}`);
      if (format === "jsonl") return lines(bytes.toString());
      if (format === "csv") return csvRows(bytes.toString());
      if (format === "arrow")
        return tableFromIPC(bytes)
          .toArray()
          .map((row) => (row as { toJSON(): Record<string, unknown> }).toJSON());
      assert.equal(bytes.subarray(0, 4).toString(), "PAR1");
      return readParquet(api.services.store, bytes);
    };
    const total = (rows: readonly Record<string, unknown>[], name: string): number =>
      sum(rows.map((row) => (row[name] === null || row[name] === "\\N" ? 0 : Number(row[name]))));

    test("of every value in every format add up to the heatmap's total", async () => {
      const heatmap = await get<Heatmap>("heatmap", "");
      for (const format of ["csv", "arrow", "parquet", "jsonl"]) {
        for (const [value, column, query] of [
          ["windows", "count", ""],
          ["heatmap", "count", "columns=7"],
          ["breakdown", "total", "by=execname"],
          ["series", "total", "by=zonename"],
          ["quantiles", "total", "q=0.5,0.999"],
        ] as const) {
          const rows = await rowsOf(value, format, query);
          assert.equal(total(rows, column), heatmap.total, `${value} as ${format} ${query}`);
        }
      }
    });

    test("say of columns what the answers say, and which nobody watched", async () => {
      const [heatmap, quantiles] = [
        await get<Heatmap>("heatmap", ""),
        await get<Quantiles>("quantiles", "q=0.5,0.999"),
      ];
      const cells = await rowsOf("heatmap", "jsonl");
      const gap = cells.filter(({ ts }) => ts === GAP);
      assert.deepEqual(
        gap.map(({ bucket, low, high, count, reporting, reason }) => [bucket, low, high, count, reporting, reason]),
        [[null, null, null, null, 0, "ssh_down"]],
      );
      assert.deepEqual(
        [...new Set(cells.map(({ ts }) => ts))],
        heatmap.columns.map(({ ts }) => ts),
      );
      const percentiles = await rowsOf("quantiles", "jsonl", "q=0.5,0.999");
      assert.deepEqual(
        percentiles.map(({ ts, total: events, mean, p50, p99_9 }) => [ts, events, mean, p50, p99_9]),
        quantiles.columns.map(({ ts, total: events, mean, values }) => [ts, events, mean, ...values]),
      );
      const series = await get<Series>("series", "by=zonename");
      const rates = await rowsOf("series", "jsonl", "by=zonename");
      for (const { key, values } of series.series) {
        const own = rates.filter(({ zonename }) => zonename === key).map(({ value }) => value);
        assert.deepEqual(own.map(round), values.map(round), key);
      }
    });

    test("have every name whole, and none that a spreadsheet would run", async () => {
      const breakdown = await get<Breakdown>("breakdown", "by=execname&limit=1000");
      const expected = breakdown.parts.map(({ key, total: events }) => [key, events]);
      for (const format of ["jsonl", "arrow", "parquet"]) {
        const rows = await rowsOf("breakdown", format, "by=execname");
        assert.deepEqual(
          rows.map((row) => [row["execname"], Number(row["total"])]),
          expected,
          format,
        );
      }
      for (const value of ["breakdown", "windows", "series"]) {
        const cells = (await rowsOf(value, "csv", "by=execname")).map((row) => String(row["execname"]));
        for (const name of NAMES) {
          const risky = /^[=+\-@\t\r]/.test(name);
          assert.ok(cells.includes(risky ? `'${name}` : name), `${value}: ${name}`);
        }
        for (const cell of cells) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
      }
    });

    test("of a tenant are its own, and say nothing of hosts", async () => {
      for (const value of ["windows", "heatmap", "breakdown", "series", "quantiles"]) {
        const text = (await bytesOf(`value=${value}&format=jsonl&by=execname`, api.tenant(ACME))).toString();
        const rows = lines(text);
        const column = value === "windows" || value === "heatmap" ? "count" : "total";
        assert.equal(
          total(rows, column),
          sentTotal(({ tenant }) => tenant === ACME),
          value,
        );
        assert.doesNotMatch(text, /cn-0|zone-b|"host"|2222-/, value);
      }
    });

    test("of nothing are empty, with their columns' names", async () => {
      const query = `value=windows&format=csv&from=${SEC - 5000}&to=${SEC - 4000}`;
      const response = await api.operator.fetch(`/v1/instrumentations/${id}/export?${query}`);
      assert.equal(
        (await response.text()).trim(),
        '"ts","time","duration_sec","host","tenant","zonename","execname","bucket","low","high","count"',
      );
    });

    test("of a field that is no key are refused by name", async () => {
      for (const query of ["value=breakdown&format=csv", "value=series&format=csv&by=pid"]) {
        const response = await fetchOf("export", query);
        assert.equal(response.status, 400);
        assert.match(await response.text(), /"field":"by"/);
      }
    });

    describe("of 200 MB", () => {
      const at = SEC - 3000;
      let path: string;
      before(async () => {
        const spec = api.services.state.instrumentations.get(id)?.spec ?? "";
        // Windows of 200 keys over 1000 s: 1.6 million rows of an export.
        await api.services.store.command(
          `INSERT INTO windows (kind, spec, host, ts, tenant, zone, k1, bucket, count)
           SELECT 1, {spec:String}, 'cn-01', toDateTime({at:UInt32} + intDiv(number, 200), 'UTC'), {tenant:String}, 'zone-a',
             concat('program number ', toString(number % 200)), [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]
           FROM numbers(200000)`,
          { spec, at, tenant: ACME },
        );
        path = `/v1/instrumentations/${id}/export?value=windows&format=csv&from=${at}&to=${at + 1000}`;
      });
      const running = async (): Promise<number> => {
        const found = await api.services.store.query<{ n: number }>(
          `SELECT toUInt32(count()) AS n FROM system.processes
           WHERE position(query, 'duration_sec') > 0 AND position(query, 'processes') = 0`,
        );
        return found[0]?.n ?? 0;
      };

      test("wait in the engine for their reader, and end there when it goes", async () => {
        const gone = new AbortController();
        const { body } = await api.operator.fetch(path, { signal: gone.signal });
        const reader = (body as ReadableStream<Uint8Array>).getReader();
        for (let bytes = 0; bytes < 4e6;) bytes += (await reader.read()).value?.length ?? 0;
        // Nobody reads: were the file gathered anywhere before the reader, the engine would be done with it by and by.
        for (let looks = 0; looks < 20; looks++) assert.equal(await running(), 1);
        gone.abort();
        while ((await running()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      });

      test("cost this process a buffer", { skip: !LONG && "npm run test:long" }, async () => {
        const rssBefore = process.memoryUsage.rss();
        let [most, bytes, rows] = [0, 0, -1];
        const { body } = await api.operator.fetch(path);
        for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
          bytes += chunk.length;
          for (const byte of chunk) if (byte === 10) rows += 1;
          most = Math.max(most, process.memoryUsage.rss());
        }
        assert.equal(rows, 1_600_000);
        assert.ok(most - rssBefore < bytes / 2, `grew by ${most - rssBefore} for ${bytes} bytes`);
      });
    });
  });
});

/** Random events of both tenants, the same each time; a second of which nothing is known, and one with coverage alone. */
function batchOf(spec: string, scalarSpec: string, sent: Sent[]): ReturnType<BatchBuilder["finish"]> {
  const builder = new BatchBuilder();
  const random = seeded(7);
  const covered = { reason: "", dropped: 0, events: 0, endedMs: 0, receivedMs: 0, elapsedNs: 1e9, detail: "" } as const;
  for (const [host, zone, tenant] of [
    ["cn-01", "zone-a", ACME],
    ["cn-02", "zone-b", GLOBEX],
  ] as const) {
    for (let ts = SEC; ts < SEC + COLUMNS; ts++) {
      const about = { spec, enabling: "e", host, tick: ts - SEC + 1, ts };
      if (ts === GAP) {
        builder.addCoverage({ ...about, ...covered, status: "gap", reason: "ssh_down" });
        continue;
      }
      builder.addCoverage({ ...about, ...covered, status: "ok" });
      if (ts === SEC + 3) continue;
      for (const key of NAMES.filter((_, i) => i === (ts - SEC) % NAMES.length || random() < 0.3)) {
        const bucket = [...new Set(Array.from({ length: 4 }, () => Math.floor(random() ** 2 * 100)))].sort(
          (a, b) => a - b,
        );
        const count = bucket.map(() => 1 + Math.floor(random() * 1000));
        builder.addWindow({ ...about, zone, keys: [key], bucket, count, value: 0 });
        bucket.forEach((each, i) => sent.push({ ts, tenant, key, bucket: each, count: count[i] ?? 0 }));
      }
    }
  }
  for (const [i, mode] of ["user", "sys"].entries()) {
    const about = { spec: scalarSpec, enabling: "e", host: "cn-01", tick: 1, ts: SEC };
    builder.addWindow({ ...about, zone: "zone-a", keys: [mode], bucket: [], count: [], value: 250_000_000 * (i + 1) });
  }
  return builder.finish();
}

/** Of an open bucket, its one known edge. */
function middle(buckets: Buckets, index: number): number {
  const [low, high] = [buckets.lowOf(index), buckets.highOf(index)];
  return low === null ? (high ?? 0) : high === null ? low : (low + high - 1) / 2;
}

function lists(table: Table, name: string, row: number): number[] {
  return Array.from(table.getChild(name)?.get(row) as Iterable<number>);
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function round(value: unknown): number | null {
  return typeof value === "number" ? Number(value.toPrecision(12)) : null;
}

/** RFC 4180, read by hand. */
function csvRows(text: string): Record<string, unknown>[] {
  const table: string[][] = [[]];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    const [, quoted, plain = "", end] = match;
    table.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\n") table.push([]);
    if (end === "") break;
  }
  const [names = [], ...rows] = table.filter((row) => row.length > 1);
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

/** Has the engine read a Parquet file. */
async function readParquet(store: StoreClient, bytes: Buffer): Promise<Record<string, unknown>[]> {
  return store.query(
    `SELECT * FROM format(Parquet, unhex('${bytes.toString("hex")}'))`,
    {},
    {
      settings: { max_query_size: 1 << 24, output_format_json_quote_64bit_integers: 0 },
    },
  );
}
