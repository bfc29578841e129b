/**
 * Selections: what they are made of, how they differ, and what is measured of them next. Rows are put in through ingest, kept here
 * as a model as well, and every sum of an answer is the model's.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type {
  AuditPage,
  ErrorBody,
  InstrumentationInfo,
  InstrumentationPreview,
  InstrumentationSummary,
  Metadata,
  SelectionBreakdown,
  SelectionComparison,
  SelectionDifference,
} from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { parseSelection, parseSelectionQuery, selectionQuery, type Selection } from "../../core/selection.ts";
import { Instrumentations } from "../../query-api/instrumentations.ts";
import type { Client } from "../e2e/stack.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";
import { instrumentationCases } from "../api/instrumentation-cases.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
/** A whole minute, so that columns of a minute hold whole minutes; new enough that a preview counts it minutes from now. */
const SEC = Math.floor(Date.now() / 60_000) * 60 - 180;
const LENGTH = 120;
const HOUR = 3600;
const BUCKETS = bucketsOf(LATENCY_SCHEME);
/** Seconds after either begin that nobody watched. */
const GAPS = { now: [20, 21], before: [50] };

interface Row {
  readonly ts: number;
  readonly zone: string;
  readonly execname: string;
  readonly pid: string;
  readonly bucket: number;
  readonly count: number;
}

describe("a selection", () => {
  const random = seeded(7);
  const some = <T>(...all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

  test("reads back from an address, and from JSON, as it was", () => {
    for (let i = 0; i < 300; i++) {
      const low = some(null, 0, -5, 1000, 1.5, 1e21, random() * 1e9);
      const selection: Selection = {
        instrumentation: Math.floor(random() * 2 ** 48)
          .toString(16)
          .padStart(16, "0"),
        from: some(-300, 1_790_000_000, 1_790_000_000.25, 0),
        to: some(null, 1_790_000_600),
        low,
        high: some(null, (low ?? 0) + 1 + Math.abs(low ?? 0)),
        where: some<Selection["where"]>(
          {},
          { eq: ["execname", "a&b=c#%d"] },
          { and: [{ in: ["pid", [1, 2]] }, { not: { prefix: ["execname", "ü+ "] } }] },
        ),
      };
      assert.deepEqual(parseSelectionQuery(selectionQuery(selection)), selection);
      assert.deepEqual(parseSelection(JSON.parse(JSON.stringify(selection))), selection);
    }
  });

  const REFUSED: readonly [string, unknown, string[]][] = [
    ["no object", 7, ["s"]],
    ["nothing", {}, ["s.instrumentation", "s.from"]],
    ["no id", { instrumentation: "x", from: 1 }, ["s.instrumentation"]],
    ["a number as text", { instrumentation: "0".repeat(16), from: "1" }, ["s.from"]],
    ["values upside down", { instrumentation: "0".repeat(16), from: 1, low: 2, high: 2 }, ["s.high"]],
    ["a predicate that is a list", { instrumentation: "0".repeat(16), from: 1, where: [] }, ["s.where"]],
    ["what nobody knows", { instrumentation: "0".repeat(16), from: 1, tenant: "x" }, ["s.tenant"]],
  ];
  for (const [name, json, fields] of REFUSED) {
    test(`is refused, field by field: ${name}`, () => {
      assert.throws(
        () => parseSelection(json, "s"),
        (error: { errors: { field: string }[] }) => {
          assert.deepEqual(
            error.errors.map(({ field }) => field),
            fields,
          );
          return true;
        },
      );
    });
  }

  test("is refused as an address where a number is no plain number", () => {
    const id = "0".repeat(16);
    for (const text of ["0x10", " 1", "NaN", "Infinity", "1e999"]) {
      assert.throws(() => parseSelectionQuery(`instrumentation=${id}&from=${encodeURIComponent(text)}`), {
        code: "INVALID_INPUT",
      });
    }
    assert.throws(() => parseSelectionQuery(`instrumentation=${id}&from=1&where={`), { code: "INVALID_INPUT" });
  });
});

describe("selections of what was measured", () => {
  const rows: Row[] = [];
  let api: Api;
  let id: string;
  let spec: string;

  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
    const standing = await api.services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["execname", "pid", "latency"],
    });
    ({ id, spec } = standing);
    await api.reportZones("cn-01", [
      { name: "zone-a", owner: ACME, alias: "web-0", state: "running" },
      { name: "zone-b", owner: ACME, alias: "web-1", state: "running" },
      { name: "zone-g", owner: GLOBEX, alias: "db-0", state: "running" },
    ]);
    await fill(SEC, GAPS.now, seeded(1), "n");
    await fill(SEC - HOUR, GAPS.before, seeded(2), "b");
  });
  after(() => api.close());

  /** A row for each second of each zone, some of which have the same keys; batches by day, as ingest wants them. */
  async function fill(from: number, gaps: readonly number[], random: () => number, stream: string): Promise<void> {
    const batches = new Map<number, BatchBuilder>();
    const pick = (n: number): number => Math.floor(random() * n);
    for (let ts = from; ts < from + LENGTH; ts++) {
      const day = Math.floor(ts / 86_400);
      let builder = batches.get(day);
      if (builder === undefined) batches.set(day, (builder = new BatchBuilder()));
      const about = { spec, enabling: "e", host: "cn-01", tick: ts - from + 1, ts };
      if (gaps.includes(ts - from)) {
        builder.addCoverage({ ...about, ...COVERED, status: "gap", reason: "ssh_down" });
        continue;
      }
      for (const zone of ["zone-a", "zone-b", "zone-g"]) {
        const execname = zone === "zone-g" ? "globex-app" : `app-${pick(5)}`;
        const pid = String(100 + pick(4));
        const bucket = [...new Set([pick(30), pick(30)])].sort((a, b) => a - b);
        const count = bucket.map(() => 1 + pick(zone === "zone-g" ? 1000 : 9));
        builder.addWindow({ ...about, zone, keys: [execname, pid], bucket, count, value: 0 });
        bucket.forEach((each, i) => rows.push({ ts, zone, execname, pid, bucket: each, count: count[i] ?? 0 }));
      }
      builder.addCoverage({ ...about, ...COVERED });
    }
    for (const [day, builder] of batches) {
      assert.equal((await postBatch(api, `${stream}${day}`, 1, builder.finish())).status, 200);
    }
  }

  const selection = (rest: Partial<Selection> = {}): Selection => ({
    ...{ instrumentation: id, from: SEC, to: SEC + LENGTH, low: null, high: null, where: {} },
    ...rest,
  });
  const acmes = ({ zone }: Row): boolean => zone !== "zone-g";
  const inRange =
    (from = SEC) =>
    ({ ts }: Row): boolean =>
      ts >= from && ts < from + LENGTH;
  const sum = (which: (row: Row) => boolean): number =>
    rows.filter(which).reduce((total, { count }) => total + count, 0);
  const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

  const breakdown = (client: Client, rest: Partial<Selection> = {}, more: object = {}): Promise<SelectionBreakdown> =>
    client.post("/v1/selections/breakdown", { selection: selection(rest), ...more });
  const compare = (client: Client, body: object): Promise<SelectionComparison> =>
    client.post("/v1/selections/compare", body);
  const difference = (client: Client, body: object): Promise<SelectionDifference> =>
    client.post("/v1/selections/difference", body);
  const refused = async (client: Client, path: string, body: object, status = 400): Promise<ErrorBody> => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await client.fetch(path, init);
    assert.equal(response.status, status, await response.clone().text());
    return (await response.json()) as ErrorBody;
  };

  test("what the metadata says can be made of it is a route, which takes each of its choices and no other", async () => {
    const { transformations } = await api.tenant(ACME).json<Metadata>("/v1/metadata");
    const { paths } = await api.operator.json<Document>("/openapi.json");
    for (const { name, path, method, choices = {} } of transformations) {
      const { parameters, requestBody } = paths[path]?.[method.toLowerCase()] ?? {};
      const fields = requestBody?.content["application/json"].schema.properties ?? {};
      const inQuery = (parameters ?? []).map((each): [string, Choice] => [each.name, each.schema]);
      const schemas = new Map([...inQuery, ...Object.entries(fields)]);
      const found = [...schemas].flatMap(([field, schema]) => {
        const words = schema.enum ?? schema.anyOf?.flatMap((each) => each.const ?? each.enum ?? []);
        return words === undefined || field === "theme" ? [] : [[field, words]];
      });
      assert.ok(schemas.size > 0, `${name}: ${method} ${path}`);
      assert.deepEqual(choices, Object.fromEntries(found), name);
    }
  });

  describe("breakdown", () => {
    const WHERES: readonly [string, Selection["where"], (row: Row) => boolean][] = [
      ["everything", {}, () => true],
      ["some processes", { in: ["pid", [100, 101]] }, (row) => row.pid === "100" || row.pid === "101"],
      ["not a zone", { not: { eq: ["zonename", "zone-a"] } }, (row) => row.zone !== "zone-a"],
      ["nothing", { eq: ["execname", "no-such"] }, () => false],
    ];
    for (const [name, where, isIn] of WHERES) {
      test(`for every key parts and other make the total, which is the model's: ${name}`, async () => {
        const answer = await breakdown(api.tenant(ACME), { where }, { limit: 2 });
        const total = sum((row) => acmes(row) && inRange()(row) && isIn(row));
        assert.deepEqual([answer.exact, answer.total], [true, total]);
        assert.deepEqual(
          answer.breakdowns.map(({ by }) => by),
          ["zonename", "execname", "pid"],
        );
        for (const { by, values, total: own, other, parts } of answer.breakdowns) {
          const key = by === "zonename" ? "zone" : (by as "execname" | "pid");
          const model = new Map<string, number>();
          for (const row of rows.filter((each) => acmes(each) && inRange()(each) && isIn(each))) {
            model.set(row[key], (model.get(row[key]) ?? 0) + row.count);
          }
          assert.equal(own, total);
          assert.equal(
            parts.reduce((all, part) => all + part.total, other),
            total,
          );
          assert.equal(values, model.size);
          assert.equal(parts.length, Math.min(2, model.size));
          for (const part of parts) assert.equal(part.total, model.get(part.key), `${by} ${part.key}`);
        }
      });
    }

    test("values on the edges of buckets are taken to the unit, and a bucket that is cut is left out, and said so", async () => {
      const operator = api.operator;
      for (const bucket of [0, 7]) {
        const [low, high] = [BUCKETS.lowOf(bucket), BUCKETS.highOf(bucket)];
        const { total, selection: taken } = await breakdown(operator, { low, high }, { by: "execname" });
        assert.deepEqual([taken.low, taken.high], [low, high]);
        assert.equal(
          total,
          sum((row) => inRange()(row) && row.bucket === bucket),
        );
      }
      const edge = BUCKETS.lowOf(7) ?? 0;
      const below = await breakdown(operator, { high: edge }, { by: "execname" });
      const above = await breakdown(operator, { low: edge }, { by: "execname" });
      assert.equal((below.total ?? 0) + (above.total ?? 0), sum(inRange()));
      const [low, high] = [BUCKETS.lowOf(7) ?? 0, BUCKETS.highOf(9) ?? 0];
      const cut = await breakdown(operator, { low: low + 1, high: high - 1 }, { by: "execname" });
      assert.deepEqual([cut.selection.low, cut.selection.high], [BUCKETS.lowOf(8), BUCKETS.highOf(8)]);
      assert.equal(
        cut.total,
        sum((row) => inRange()(row) && row.bucket === 8),
      );
      const none = await refused(operator, "/v1/selections/breakdown", {
        selection: selection({ low: low + 1, high: low + 2 }),
      });
      assert.deepEqual([none.errors[0]?.field, none.errors[0]?.code], ["selection.low", "NO_BUCKET"]);
    });

    test("what nobody watched is not zero", async () => {
      const never = await breakdown(api.operator, { from: SEC - 1000, to: SEC - 900 });
      assert.deepEqual([never.total, never.selection.watchedSec], [null, 0]);
      const quiet = await breakdown(api.operator, { where: { eq: ["execname", "no-such"] } });
      assert.deepEqual([quiet.total, quiet.selection.watchedSec], [0, LENGTH - GAPS.now.length]);
    });

    test("wrong fields are named where they stand", async () => {
      const cases: readonly [object, string][] = [
        [{ selection: selection({ where: { eq: ["errno", 1] } }) }, "selection.where.eq"],
        [{ selection: selection({ to: SEC }) }, "selection.from"],
        [{ selection: selection(), by: "errno" }, "by"],
      ];
      for (const [body, field] of cases) {
        assert.equal((await refused(api.operator, "/v1/selections/breakdown", body)).errors[0]?.field, field);
      }
    });
  });

  describe("compare", () => {
    test("shares of each key are the model's, add up to one on both sides, and are ranked by their difference", async () => {
      const a = selection({ where: { eq: ["zonename", "zone-a"] } });
      const b = selection({ where: { eq: ["zonename", "zone-b"] } });
      for (const limit of [2, 50]) {
        const { against, totalA, totalB, comparisons } = await compare(api.tenant(ACME), { a, b, limit });
        assert.equal(against, "selection");
        for (const { by, parts, other } of comparisons) {
          for (const side of ["shareA", "shareB"] as const) {
            close(
              parts.reduce((all, part) => all + (part[side] ?? 0), other[side] ?? 0),
              1,
            );
          }
          const ranks = parts.map((part) => Math.abs(part.difference ?? 0));
          assert.deepEqual(
            ranks,
            [...ranks].sort((x, y) => y - x),
          );
          if (by !== "execname") continue;
          for (const { key, a: inA, b: inB, difference: d } of parts) {
            const model = (zone: string): number =>
              sum((row) => inRange()(row) && row.zone === zone && row.execname === key);
            assert.deepEqual([inA, inB], [model("zone-a"), model("zone-b")]);
            close(d ?? NaN, inA / (totalA ?? 0) - inB / (totalB ?? 0));
          }
        }
      }
    });

    test("a selection and the rest make the whole, for each value of each key", async () => {
      const a = selection({ where: { in: ["execname", ["app-1", "app-2"]] }, low: BUCKETS.lowOf(10) });
      const { against, totalA, totalB, comparisons } = await compare(api.tenant(ACME), { a });
      assert.equal(against, "rest");
      assert.equal(
        (totalA ?? 0) + (totalB ?? 0),
        sum((row) => acmes(row) && inRange()(row)),
      );
      assert.equal(totalA, (await breakdown(api.tenant(ACME), a)).total);
      const whole = await breakdown(api.tenant(ACME));
      for (const { by, total, parts } of whole.breakdowns) {
        const compared = comparisons.find((each) => each.by === by);
        const sums = compared?.parts.map((part): [string, number] => [part.key, part.a + part.b]);
        assert.deepEqual(new Map(sums), new Map(parts.map((part) => [part.key, part.total])));
        assert.equal(total, (totalA ?? 0) + (totalB ?? 0));
      }
    });

    test("the same range an hour before; a day before nobody watched, and there are no shares", async () => {
      const hour = await compare(api.operator, { a: selection(), against: "hour", by: "pid" });
      assert.deepEqual([hour.totalA, hour.totalB], [sum(inRange()), sum(inRange(SEC - HOUR))]);
      assert.deepEqual([hour.b.fromTs, hour.b.toTs], [SEC - HOUR, SEC - HOUR + LENGTH]);
      const day = await compare(api.operator, { a: selection(), against: "day", by: "pid" });
      assert.deepEqual([day.totalB, day.b.watchedSec], [null, 0]);
      assert.ok(day.comparisons[0]?.parts.every((part) => part.shareB === null && part.difference === null));
    });

    test("another selection and `against` that does not say so are refused", async () => {
      const body = { a: selection(), b: selection(), against: "hour" };
      assert.equal((await refused(api.operator, "/v1/selections/compare", body)).errors[0]?.code, "BAD_PAIR");
      const lone = { a: selection(), against: "selection" };
      assert.equal((await refused(api.operator, "/v1/selections/compare", lone)).errors[0]?.field, "b");
    });
  });

  describe("difference", () => {
    const cells = (answer: SelectionDifference): number[] => answer.columns.flatMap((each) => [...(each.count ?? [])]);

    test("of a selection and itself is zero everywhere, at any resolution", async () => {
      for (const columns of [300, 1]) {
        const answer = await difference(api.operator, { a: selection(), b: selection(), columns });
        assert.ok(cells(answer).length > 0);
        assert.ok(cells(answer).every((count) => count === 0));
        assert.ok(answer.columns.every((each) => each.share?.every((share) => share === 0) ?? true));
      }
    });

    test("the sum of all cells is the difference of the totals, and shares sum to nothing", async () => {
      const before = selection({ from: SEC - HOUR, to: SEC - HOUR + LENGTH, where: { prefix: ["execname", "app-"] } });
      for (const body of [
        { a: selection({ high: BUCKETS.highOf(12) }), b: before },
        { a: selection(), against: "hour", columns: 11 },
      ]) {
        const answer = await difference(api.operator, body);
        const all = cells(answer).reduce((total, count) => total + count, 0);
        assert.equal(all, (answer.totalA ?? 0) - (answer.totalB ?? 0));
        close(
          answer.columns.flatMap((each) => [...(each.share ?? [])]).reduce((total, each) => total + each, 0),
          0,
        );
      }
    });

    test("a column that either side lacks has no difference, and its events are in neither total", async () => {
      const answer = await difference(api.tenant(ACME), { a: selection(), against: "hour" });
      assert.deepEqual([answer.stepSec, answer.columns.length], [1, LENGTH]);
      const unknown = [...GAPS.now, ...GAPS.before];
      answer.columns.forEach(({ a, b, count, bucket }, i) => {
        assert.equal(a.total === null, GAPS.now.includes(i));
        assert.equal(b.total === null, GAPS.before.includes(i));
        assert.equal(count === null, unknown.includes(i));
        for (const [at, index] of (bucket ?? []).entries()) {
          const model = (ts: number): number => sum((row) => acmes(row) && row.ts === ts && row.bucket === index);
          assert.equal(count?.[at], model(SEC + i) - model(SEC - HOUR + i));
        }
      });
      const known = (from: number): number =>
        sum((row) => acmes(row) && inRange(from)(row) && !unknown.includes(row.ts - from));
      assert.deepEqual([answer.totalA, answer.totalB], [known(SEC), known(SEC - HOUR)]);
    });

    test("a narrow column of one side makes that of the other", async () => {
      // Four columns of 30 s: each has seconds that were watched, so nothing is null.
      const answer = await difference(api.operator, { a: selection(), against: "hour", columns: 4 });
      assert.equal(answer.stepSec, 30);
      assert.deepEqual(
        answer.columns.map(({ a, b }) => a.ts - b.ts),
        [HOUR, HOUR, HOUR, HOUR],
      );
      assert.deepEqual([answer.totalA, answer.totalB], [sum(inRange()), sum(inRange(SEC - HOUR))]);
    });

    test("ranges of two lengths, and the rest, have no common grid", async () => {
      const longer = { a: selection(), b: selection({ to: SEC + LENGTH + 1 }) };
      assert.equal((await refused(api.operator, "/v1/selections/difference", longer)).errors[0]?.code, "OTHER_LENGTH");
      await refused(api.operator, "/v1/selections/difference", { a: selection(), against: "rest" });
    });
  });

  describe("a tenant", () => {
    test("never sees the rows of others, whatever it selects", async () => {
      const everything = { or: [{ eq: ["zonename", "zone-g"] }, { ne: ["zonename", "zone-g"] }] };
      const client = api.tenant(ACME);
      const own = sum((row) => acmes(row) && inRange()(row));
      const answers = [
        await breakdown(client, { where: everything }),
        await compare(client, { a: selection({ where: everything }), against: "hour" }),
        await compare(client, { a: selection({ where: everything }) }),
        await difference(client, { a: selection({ where: everything }), against: "hour" }),
      ];
      assert.equal(answers[0] && "total" in answers[0] && answers[0].total, own);
      assert.ok(!JSON.stringify(answers.map((each) => ({ ...each, a: null, selection: null }))).includes("globex"));
      assert.equal((await breakdown(client, { where: { eq: ["zonename", "zone-g"] } })).total, 0);
      assert.equal(
        (await breakdown(api.tenant(GLOBEX))).total,
        sum((row) => !acmes(row) && inRange()(row)),
      );
      // An operator may look as a tenant does.
      assert.equal((await breakdown(api.operator, {}, { tenant: ACME })).total, own);
    });

    test("another's instrumentation, another's tenant: as if there were none", async () => {
      const foreign = await api.tenant(GLOBEX).post<InstrumentationInfo>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["latency"],
      });
      for (const instrumentation of [foreign.id, "0".repeat(16)]) {
        const hidden = selection({ instrumentation });
        const bodies: readonly [string, object][] = [
          ["breakdown", { selection: hidden }],
          ["compare", { a: hidden }],
          ["compare", { a: selection(), b: hidden }],
          ["difference", { a: hidden, against: "hour" }],
          ["difference", { a: selection(), b: hidden }],
          ["follow-up", { selection: hidden, by: "syscall" }],
        ];
        for (const [path, body] of bodies) await refused(api.tenant(ACME), `/v1/selections/${path}`, body, 404);
      }
      const other = { selection: selection(), tenant: GLOBEX };
      await refused(api.tenant(ACME), "/v1/selections/breakdown", other, 404);
      await api.operator.fetch(`/v1/instrumentations/${foreign.id}`, { method: "DELETE" });
    });
  });

  describe("follow-up", () => {
    const chosen = (): Selection =>
      selection({
        where: { and: [{ eq: ["execname", "app-1"] }, { eq: ["pid", 101] }] },
        low: BUCKETS.lowOf(10),
        high: BUCKETS.highOf(12),
      });

    test("measures the selection's keys and values with one more field, for some minutes", async () => {
      const client = api.tenant(ACME);
      const count = async (): Promise<number> =>
        (await client.json<{ instrumentations: object[] }>("/v1/instrumentations")).instrumentations.length;
      const were = await count();
      const body = { selection: chosen(), by: "syscall", minutes: 5 };
      const preview = await client.post<InstrumentationPreview>("/v1/selections/follow-up", { ...body, dryRun: true });
      assert.equal(await count(), were);
      assert.deepEqual(preview.instrumentation.predicate, {
        and: [
          { eq: ["execname", "app-1"] },
          { eq: ["pid", 101] },
          { ge: ["latency", BUCKETS.lowOf(10)] },
          { lt: ["latency", BUCKETS.highOf(12)] },
        ],
      });
      assert.deepEqual(preview.instrumentation.decomposition, ["execname", "latency", "pid", "syscall"]);
      assert.match(preview.program ?? "", /execname == "app-1"/);
      assert.deepEqual(preview.probes, ["syscall:::entry", "syscall:::return"]);

      const made = await client.post<InstrumentationSummary>("/v1/selections/follow-up", body);
      assert.deepEqual(made.predicate, preview.instrumentation.predicate);
      assert.equal(made.owner, ACME);
      assert.ok(Math.abs((made.expiresMs ?? 0) - Date.now() - 300_000) < 10_000);
      const { entries } = await client.json<AuditPage>(`/v1/audit?object=${made.id}`);
      assert.deepEqual(
        entries.map(({ action, detail }) => [action, detail["from"]]),
        [["instrumentation.follow-up", id]],
      );

      // It ends in time although somebody watches it, and a follow-up of it has its predicate too.
      const deeper = selection({ ...chosen(), instrumentation: made.id, where: { eq: ["syscall", "read"] } });
      const next = await client.post<InstrumentationPreview>("/v1/selections/follow-up", {
        selection: deeper,
        by: "errno",
        dryRun: true,
      });
      assert.deepEqual(next.instrumentation.predicate, {
        and: [...(made.predicate["and"] as object[]).slice(0, 4), { eq: ["syscall", "read"] }],
      });
      const table = api.services.state.instrumentations;
      const later = new Instrumentations(table, () => Date.now() + 301_000);
      const stop = later.watch(made.id);
      await later.expire();
      stop();
      assert.notEqual(table.get(made.id)?.deletedMs, 0);
    });

    test("a field that is there already, or is no field, is refused", async () => {
      for (const by of ["execname", "latency", "cputime", "zonename", "no-such"]) {
        const { errors } = await refused(api.operator, "/v1/selections/follow-up", { selection: chosen(), by });
        assert.deepEqual(
          errors.map(({ field, code }) => [field, code]),
          [["by", "UNKNOWN_FIELD"]],
          by,
        );
      }
    });

    test("a token that may only read may select, but not measure", async () => {
      const token = await api.tenant(ACME).post<{ token: string }>("/v1/tokens", {
        role: "tenant",
        label: "reader",
        scope: "read",
      });
      const reader = api.client(token.token);
      assert.equal((await breakdown(reader)).exact, true);
      await refused(reader, "/v1/selections/follow-up", { selection: chosen(), by: "syscall", dryRun: true }, 403);
    });
  });

  instrumentationCases(ACME, GLOBEX, () => ({ api, standing: id }));
});

/** What is looked at of the OpenAPI document. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: Choice }[];
  readonly requestBody?: {
    readonly content: { readonly "application/json": { readonly schema: { properties: Record<string, Choice> } } };
  };
}

interface Choice {
  readonly enum?: readonly string[];
  readonly anyOf?: readonly { readonly const?: string; readonly enum?: readonly string[] }[];
}

const COVERED = {
  status: "ok",
  reason: "",
  dropped: 0,
  events: 0,
  endedMs: 0,
  receivedMs: 0,
  elapsedNs: 1e9,
  detail: "",
} as const;
