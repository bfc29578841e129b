/**
 * Who is let in, who waits, and who waits for whom: admission by itself with a clock of its own, then through the real service and
 * engine.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { OPERATOR, OTHER_KEY } from "../../core/window.ts";
import { ADMISSION_LIMITS, Admission } from "../../ingest/admission.ts";
import { QuotaBook, TokenBucket } from "../../ingest/quota.ts";
import { frozen, post, startBed, window, type Answer, type Bed, type FrozenBody } from "./admission-bed.ts";
import { until } from "../until.ts";

const MIB = 1024 * 1024;

describe("a quota", () => {
  test("lets in what was set and no more, over any time longer than the burst", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(100, () => nowMs);
    let taken = 0;
    for (; nowMs < 100_000; nowMs += 10) {
      if (bucket.waitMs() > 0) continue;
      bucket.take(30);
      taken += 30;
    }
    assert.ok(taken >= 100 * 105 - 30 && taken <= 100 * 105 + 30, String(taken));
  });

  test("lets in a batch larger than itself, and makes the next one wait for it", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(100, () => nowMs);
    bucket.take(1500);
    assert.equal(bucket.waitMs(), 10_010);
    nowMs = 10_010;
    assert.equal(bucket.waitMs(), 0);
  });

  test("stands still when the clock goes back", () => {
    let nowMs = 50_000;
    const bucket = new TokenBucket(100, () => nowMs);
    bucket.take(600);
    nowMs = 0;
    assert.equal(bucket.waitMs(), 1010);
    nowMs = 1010;
    assert.equal(bucket.waitMs(), 0);
  });

  test("of one name says nothing of another's", () => {
    const book = new QuotaBook({ rowsPerSec: 10, bytesPerSec: Infinity, keysPerSec: Infinity }, () => 0);
    book.charge("a", { rows: 51, bytes: 1e12 });
    assert.ok(book.waitMs("a") > 0);
    assert.equal(book.waitMs("b"), 0);
  });
});

describe("admission", () => {
  const limits = { ...ADMISSION_LIMITS, inFlightBytes: 8 * MIB, working: 4, collectorWorking: 2 };
  const batch = { bytes: MIB, rows: 1 };

  test("holds no more than its bytes, and no more of one collector than its share", () => {
    const admission = new Admission(limits);
    const leave = admission.enter("a", batch);
    assert.throws(() => admission.enter("a", batch), { code: "RATE_LIMITED", info: { retryAfterSec: 1 } });
    for (const name of ["b", "c", "d", "e", "f", "g"]) admission.enter(name, batch);
    assert.throws(() => admission.enter("h", batch), { code: "INGEST_BUSY" });
    leave();
    leave();
    admission.enter("h", batch);
    assert.ok(admission.bytes <= limits.inFlightBytes);
  });

  test("gives turns in turn, however many wait of one collector", async () => {
    const admission = new Admission({ ...limits, working: 2 });
    const order: string[] = [];
    const work = (name: string) =>
      admission.turn(name, async () => {
        order.push(name);
        await new Promise(setImmediate);
      });
    const flood = Array.from({ length: 50 }, () => work("flood"));
    const quiet = [work("quiet"), work("quiet"), work("other")];
    await Promise.all([...flood, ...quiet]);
    assert.ok(order.lastIndexOf("quiet") < 8, order.slice(0, 12).join(" "));
    assert.ok(order.indexOf("other") < 5, order.slice(0, 12).join(" "));
  });

  test("goes on after work that failed", async () => {
    const admission = new Admission({ ...limits, working: 1 });
    await assert.rejects(
      admission.turn("a", () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await admission.turn("a", () => Promise.resolve("yes")), "yes");
  });
});

describe("ingest, with a flood", () => {
  let bed: Bed;
  const ts = Math.floor(Date.now() / 1000) - 60;
  before(async () => {
    bed = await startBed();
    await bed.state.ownership.report(
      "cn-01",
      [
        { name: "calm", owner: "acme", alias: "", state: "running" },
        { name: "wild", owner: "globex", alias: "", state: "running" },
      ],
      Date.now(),
    );
  });
  after(() => bed.close());

  const token = (): Promise<string> => bed.state.tokens.create("collector", "", "test");
  const flood = (host: string): FrozenBody => {
    const wild = Array.from({ length: 6000 }, (_, i) => [`p${i}`, [1, 1], [2, 2], [3, 3]] as const);
    return frozen(window({ host, ts, zones: { wild } }));
  };
  const large = flood("cn-01");
  const small = frozen(window({ ts, zones: { calm: [["nginx", [1, 1]]] } }));

  test("one collector over its quota is told when to come, and another is not", async () => {
    const rates = { rowsPerSec: 1000, bytesPerSec: Infinity, keysPerSec: Infinity };
    const { url } = await bed.ingestWith({ admission: { collector: rates } });
    const [wild, calm] = [await token(), await token()];
    assert.equal((await post(url, wild, "quota-wild", 1, large)).status, 200);
    const refused = await post(url, wild, "quota-wild", 2, large);
    assert.deepEqual({ ...refused, retryAfter: "" }, { status: 429, code: "RATE_LIMITED", retryAfter: "" });
    const seconds = Number(refused.retryAfter);
    assert.ok(seconds >= 1 && seconds <= 2, `6001 rows against 5000 and 1000 a second: ${seconds} s`);
    assert.equal((await post(url, calm, "quota-calm", 1, small)).status, 200);
  });

  test("keys count against a collector's quota once they have been read", async () => {
    const rates = { rowsPerSec: Infinity, bytesPerSec: Infinity, keysPerSec: 1000 };
    const { url } = await bed.ingestWith({ admission: { collector: rates } });
    const wild = await token();
    assert.equal((await post(url, wild, "keys-wild", 1, large)).status, 200);
    assert.equal((await post(url, wild, "keys-wild", 2, large)).status, 429);
  });

  test("a tenant that floods loses detail, not counts; who shares its batches loses nothing", async () => {
    const { url } = await bed.ingestWith({ tenantLimits: { keysPerWindow: 100, keysOverQuota: 5, rowsPerSec: 15 } });
    const collector = await token();
    await bed.state.claims.release("cn-01");
    for (let seq = 1; seq <= 3; seq++) {
      const wild = Array.from({ length: 1000 }, (_, i) => [`p${seq}-${i}`, [i % 9, 1]] as const);
      const calm = Array.from({ length: 12 }, (_, i) => [`nginx-${i}`, [1, 1]] as const);
      const body = frozen(window({ spec: "tenants", tick: seq, ts: ts + seq, zones: { wild, calm } }));
      assert.equal((await post(url, collector, "tenants", seq, body)).status, 200);
    }
    const rows = await bed.store.query<{ seq: string; tenant: string; keys: number; events: number }>(
      `SELECT toString(seq) AS seq, tenant, toUInt32(count()) AS keys, toFloat64(sum(arraySum(count))) AS events
       FROM windows WHERE spec = 'tenants' AND kind = 1 GROUP BY seq, tenant ORDER BY seq, tenant`,
    );
    const each = (seq: string, tenant: string): unknown => {
      const { keys, events } = rows.find((row) => row.seq === seq && row.tenant === tenant) ?? {};
      return { keys, events };
    };
    for (const seq of ["1", "2", "3"]) assert.deepEqual(each(seq, "acme"), { keys: 12, events: 12 }, seq);
    // 101 rows are more than the burst of 75: from then on the few largest stay.
    assert.deepEqual(each("1", "globex"), { keys: 101, events: 1000 });
    assert.deepEqual(each("2", "globex"), { keys: 6, events: 1000 });
    assert.deepEqual(each("3", "globex"), { keys: 6, events: 1000 });
    const [other] = await bed.store.query<{ detail: string }>(
      "SELECT detail FROM windows WHERE spec = 'tenants' AND kind = 0 ORDER BY ts LIMIT 1",
    );
    assert.deepEqual(other, { detail: '{"merged_keys":900}' });
    const [named] = await bed.store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM windows WHERE spec = 'tenants' AND k1 = {other:String}",
      { other: OTHER_KEY },
    );
    assert.deepEqual(named, { n: 3 });
  });

  test("the operators' own rows have no quota", async () => {
    const { url } = await bed.ingestWith({ tenantLimits: { rowsPerSec: 1, keysOverQuota: 1 } });
    const collector = await token();
    await bed.state.claims.release("cn-01");
    for (let seq = 1; seq <= 2; seq++) {
      const global = Array.from({ length: 20 }, (_, i) => [`svc-${i}`, [1, 1]] as const);
      await post(
        url,
        collector,
        "own",
        seq,
        frozen(window({ spec: "own", tick: seq, ts: ts + seq, zones: { global } })),
      );
    }
    const [row] = await bed.store.query<{ rows: number }>(
      "SELECT toUInt32(count()) AS rows FROM windows WHERE spec = 'own' AND tenant = {own:String}",
      { own: OPERATOR },
    );
    assert.deepEqual(row, { rows: 40 });
  });

  test("many streams and a store that stands still: memory is bounded, all is stored in the end", async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const slow = Object.assign(Object.create(bed.store) as typeof bed.store, {
      insertArrow: async (...all: Parameters<typeof bed.store.insertArrow>) => {
        await opened;
        return bed.store.insertArrow(...all);
      },
    });
    // A host is one collector's.
    const bodies = Array.from({ length: 4 }, (_, i) => flood(`cn-slow-${i}`));
    const inFlightBytes = 3 * (bodies[0]?.bytes.length ?? 0);
    const limits = { admission: { inFlightBytes, collectorShare: 0.5 } };
    const { url } = await bed.ingestWith(limits, slow);
    const tokens = await Promise.all(Array.from({ length: 4 }, token));
    const tries = (stream: number, seq = 1): Promise<Answer> =>
      post(url, tokens[stream % 4] ?? "", `slow-${stream}`, seq, bodies[stream % 4] ?? large);
    const first = Array.from({ length: 10 }, (_, i) => tries(i));
    const answers = await Promise.all(first.map((each) => Promise.race([each, until5(each)])));
    const refused = answers.filter((each) => each !== undefined);
    assert.ok(refused.every(({ status, retryAfter }) => (status === 429 || status === 503) && Number(retryAfter) >= 1));
    assert.ok(refused.some(({ code }) => code === "INGEST_BUSY"));
    assert.equal(refused.length, 8, "two fit in");
    open();
    await Promise.all(first);
    for (let i = 0; i < 10; i++) assert.equal((await tries(i)).status, 200);
    const [row] = await bed.store.query<{ streams: number; rows: number }>(
      `SELECT toUInt32(uniqExact(stream)) AS streams, toUInt32(countIf(kind = 0)) AS rows FROM windows
       WHERE startsWith(stream, 'slow-')`,
    );
    assert.deepEqual(row, { streams: 10, rows: 10 });
  });

  test("a body that never comes gives its place back", async () => {
    const { url } = await bed.ingestWith({ admission: { inFlightBytes: 4 * MIB + 65_536, collectorShare: 1 } });
    const collector = await token();
    const headers = {
      authorization: `Bearer ${collector}`,
      "content-type": "application/vnd.apache.arrow.stream",
      "content-length": String(4 * MIB),
      "isotherm-stream": "stuck",
      "isotherm-seq": "1",
      "isotherm-rows": "1",
      "content-digest": large.digest,
    };
    const stuck = request(`${url}/v1/batches`, { method: "POST", headers });
    stuck.on("error", () => undefined);
    stuck.write("x");
    await until("the stuck one is let in", async () => {
      return (await post(url, collector, "beside", 1, large)).code === "RATE_LIMITED";
    });
    stuck.destroy();
    await until("its place is free", async () => (await post(url, collector, "beside", 1, large)).status === 200);
  });

  test("a collector that floods does not delay another's acknowledgements", async () => {
    const { url } = await bed.ingestWith({});
    const [wild, calm] = [await token(), await token()];
    const latency = async (stream: string): Promise<number> => {
      const times: number[] = [];
      for (let seq = 1; seq <= 9; seq++) {
        const from = performance.now();
        assert.equal((await post(url, calm, stream, seq, small)).status, 200);
        times.push(performance.now() - from);
      }
      return times.sort((a, b) => a - b)[4] ?? NaN;
    };
    const alone = await latency("alone");
    const flood = await startFlood(url, wild, large);
    const beside = await latency("beside-flood");
    const floods = await flood.end();
    assert.ok(floods > 5, `${floods} batches of the flood`);
    // Each of the quiet one's waits for the batch that is being read and for a share of the engine, not for twelve.
    assert.ok(beside < 10 * alone + 150, `${beside.toFixed(0)} ms beside a flood, ${alone.toFixed(0)} ms alone`);
  });
});

/** Twelve streams of one collector, from a process of their own. */
async function startFlood(url: string, token: string, body: FrozenBody): Promise<{ end(): Promise<number> }> {
  const child = fork(new URL("admission-flood.ts", import.meta.url), { serialization: "advanced" });
  child.send({ url, token, streams: 12, ...body });
  await once(child, "message");
  return {
    end: async () => {
      child.send("end");
      const [answered] = (await once(child, "message")) as [number];
      child.disconnect();
      await once(child, "exit");
      return answered;
    },
  };
}

/** undefined once five rounds to the engine's loopback have passed without an answer: long for a refusal, which reads nothing. */
async function until5(answer: Promise<Answer>): Promise<undefined> {
  await Promise.race([answer, new Promise((wake) => setTimeout(wake, 700))]);
  return undefined;
}
