/** The embedded engine speaks ClickHouse's HTTP interface, as its unmodified client and plain HTTP see it. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createClient } from "@clickhouse/client";
import { tableFromIPC } from "apache-arrow";
import { OperationalError } from "../../core/errors.ts";
import { ENDLESS, type TestEngine, startTestEngine } from "./engine-fixture.ts";
import { until } from "../until.ts";

describe("the embedded engine", () => {
  let t: TestEngine;
  before(async () => void (t = await startTestEngine()));
  after(() => t.close());

  const code = (expected: string, exceptionCode?: number) => (error: unknown) => {
    assert.ok(error instanceof OperationalError, String(error));
    assert.equal(error.code, expected, error.message);
    if (exceptionCode !== undefined) assert.equal(error.info["exceptionCode"], exceptionCode);
    return true;
  };
  const running = async (id: string): Promise<boolean> =>
    (await t.client.query("SELECT 1 FROM system.processes WHERE Settings['log_comment'] = {id:String}", { id }))
      .length > 0;

  test("answers /ping without a password, and everything else only with it", async () => {
    assert.equal(await (await fetch(`${t.engine.url}/ping`)).text(), "Ok.\n");
    const wrong = await fetch(`${t.engine.url}/?query=SELECT+1`, {
      headers: { "X-ClickHouse-User": "isotherm", "X-ClickHouse-Key": "x" },
    });
    assert.equal(wrong.status, 403);
    assert.equal(wrong.headers.get("x-clickhouse-exception-code"), "516");
    assert.match(await wrong.text(), /^Code: 516\. DB::Exception: .*\(AUTHENTICATION_FAILED\)/);
    assert.equal((await fetch(`${t.engine.url}/?query=SELECT+1`)).status, 403);
    const url = `${t.engine.url}/?query=SELECT+1&user=isotherm&password=${t.engine.password}`;
    assert.equal(await (await fetch(url)).text(), "1\n");
  });

  test("takes the statement from the URL, from the body, and from both", async () => {
    assert.equal(await (await t.http({ query: "SELECT 1" }, { method: "GET" })).text(), "1\n");
    assert.equal(await (await t.http({}, { body: "SELECT 2 FORMAT CSV" })).text(), "2\n");
    assert.equal(await (await t.http({ query: "SELECT 3," }, { body: "4" })).text(), "3\t4\n");
    const read = await t.http({ query: "CREATE TABLE no (a UInt8) ENGINE = Memory" }, { method: "GET" });
    assert.equal(read.headers.get("x-clickhouse-exception-code"), "164");
  });

  test("tells id, format, time zone and summary in headers", async () => {
    const answer = await t.http({
      query: "SELECT number FROM numbers(3)",
      query_id: "my-id",
      default_format: "JSONCompact",
    });
    const get = (name: string) => answer.headers.get(`x-clickhouse-${name}`);
    assert.deepEqual([get("query-id"), get("format")], ["my-id", "JSONCompact"]);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    assert.ok(get("timezone"));
    assert.equal((JSON.parse(get("summary") ?? "") as { read_rows: string }).read_rows, "3");
    assert.deepEqual(((await answer.json()) as { data: unknown }).data, [[0], [1], [2]]);
  });

  test("gives each format as one document", async () => {
    const sql = "SELECT number AS n, toString(number) AS s FROM numbers(300000)";
    const read = async (format: string) =>
      Buffer.from(await (await t.http({ query: `${sql} FORMAT ${format}` })).arrayBuffer());
    assert.equal((JSON.parse((await read("JSON")).toString()) as { data: unknown[] }).data.length, 300_000);
    assert.equal((await read("CSVWithNames")).toString().split("\n").length, 300_002);
    const parquet = await read("Parquet");
    assert.equal(parquet.indexOf("PAR1", 4), parquet.length - 4);
    const table = tableFromIPC(await t.client.queryArrow(sql));
    assert.deepEqual([table.numRows, table.getChild("n")?.get(299_999)], [300_000, 299_999n]);
  });

  test("binds parameters of any content, and never as text", async () => {
    const s = "a'b\\c\td\n\n; DROP TABLE x -- é";
    assert.deepEqual(
      await t.client.query("SELECT {s:String} AS s, {n:UInt64} AS n, {list:Array(String)} AS list", {
        s,
        n: 2n ** 64n - 1n,
        list: [s, ""],
      }),
      [{ s, n: "18446744073709551615", list: [s, ""] }],
    );
    const missing = t.client.query("SELECT {absent:String}");
    await assert.rejects(missing, code("STORE_QUERY", 456));
  });

  test("keeps the settings of a statement from the next one", async () => {
    const threads = "SELECT getSetting('max_threads') AS threads";
    assert.deepEqual(await t.client.query(threads, {}, { settings: { max_threads: 7 } }), [{ threads: 7 }]);
    assert.deepEqual(await t.client.query(threads), [{ threads: 2 }]);
    await t.client.query("SELECT 1", {}, { settings: { readonly: 1 } });
    await t.client.command("CREATE TABLE after_readonly (a UInt8) ENGINE = MergeTree ORDER BY a");
    await assert.rejects(
      t.client.query("SELECT 1", {}, { settings: { no_such_setting: 1 } }),
      code("STORE_QUERY", 115),
    );
  });

  test("keeps named sessions, with settings of the URL for one statement only", async () => {
    const say = async (body: string, extra: Record<string, string> = {}) =>
      (await t.http({ session_id: "s1", ...extra }, { body })).text();
    await say("CREATE TEMPORARY TABLE own (a UInt8)");
    await say("INSERT INTO own VALUES (5)");
    await say("SET max_threads = 5");
    assert.equal(await say("SELECT a FROM own"), "5\n");
    assert.equal(await say("SELECT getSetting('max_threads')", { max_threads: "3" }), "3\n");
    assert.equal(await say("SELECT getSetting('max_threads')"), "5\n");
    assert.match(await (await t.http({}, { body: "SELECT a FROM own" })).text(), /UNKNOWN_TABLE/);
  });

  test("keeps a named session as long as asked, and says when there is none", async () => {
    const say = async (body: string, extra: Record<string, string>) =>
      t.http({ session_id: "timed", ...extra }, { body });
    const code = (answer: Response): string | null => answer.headers.get("x-clickhouse-exception-code");
    assert.equal(code(await say("SELECT 1", { session_check: "1" })), "372");
    await say("CREATE TEMPORARY TABLE mine (a UInt8)", { session_timeout: "1" });
    assert.equal(code(await say("SELECT * FROM mine", { session_check: "1" })), null);
    assert.equal(code(await say("SELECT 1", { session_timeout: "4000" })), "374");
    await say("SELECT 1", { close_session: "1" });
    assert.equal(code(await say("SELECT 1", { session_check: "1" })), "372");
  });

  test("says how far a statement has come, in the head of its answer", async () => {
    const answer = await t.http({
      query: "SELECT sum(sleepEachRow(0.02)) FROM numbers(40) SETTINGS max_block_size = 1",
      send_progress_in_http_headers: "1",
      http_headers_progress_interval_ms: "50",
    });
    assert.equal(await answer.text(), "0\n");
    const lines = JSON.parse(`[${answer.headers.get("x-clickhouse-progress") ?? ""}]`) as Record<string, string>[];
    assert.ok(lines.length >= 2, `${lines.length} lines`);
    const rows = lines.map((line) => Number(line["read_rows"]));
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    );
    assert.ok((rows.at(-1) ?? 0) > 0 && (rows.at(-1) ?? 0) <= 40);
    assert.equal(lines.at(-1)?.["total_rows_to_read"], "40");
    const other = await t.http({ query: "SELECT 1 FORMAT JSONEachRowWithProgress" });
    assert.match(await other.text(), /"row":\{"1":1\}/);
  });

  test("holds an answer back until its end where asked, and then a failure is a status", async () => {
    const broken = "SELECT throwIf(number = 3000000) FROM numbers(4000000)";
    const failed = await t.http({ query: broken, wait_end_of_query: "1" });
    assert.deepEqual([failed.status, failed.headers.get("x-clickhouse-exception-code")], [500, "395"]);
    for (const extra of [{}, { enable_http_compression: "1" }]) {
      const whole = await t.http({ query: "SELECT number FROM numbers(500000)", wait_end_of_query: "1", ...extra });
      const summary = JSON.parse(whole.headers.get("x-clickhouse-summary") ?? "") as { read_rows: string };
      assert.equal(summary.read_rows, "500000");
      assert.equal((await whole.text()).length, 3_388_890);
    }
    // Soon after its last byte was sent; on Node 24 the client may be there first.
    await until("the file is gone", () => readdirSync(join(t.dataDir, "engine", "spool")).length === 0);
    assert.equal((await t.http({ query: "SELECT 1", compress: "1" })).status, 501);
  });

  test("answers failures with ClickHouse's codes and statuses", async () => {
    const rows: [sql: string, status: number, exceptionCode: number][] = [
      ["SELEC 1", 400, 62],
      ["SELECT 1; SELECT 2", 400, 62],
      ["SELECT nope", 404, 47],
      ["SELECT * FROM nope", 404, 60],
      ["SELECT nope()", 404, 46],
      ["SELECT 1 FORMAT Nope", 404, 73],
      ["SELECT throwIf(1)", 500, 395],
      ["SELECT toUInt8('x')", 400, 6],
      ["SELECT file('/etc/passwd')", 403, 497],
      ["CREATE TABLE default.x (a UInt8) ENGINE = Memory", 403, 497],
      ["CREATE TABLE x (a String) ENGINE = File(CSV)", 403, 497],
      ["CREATE DATABASE other", 403, 497],
    ];
    for (const [body, status, exceptionCode] of rows) {
      const answer = await t.http({}, { body });
      const text = await answer.text();
      assert.equal(answer.headers.get("x-clickhouse-exception-code"), String(exceptionCode), `${body}: ${text}`);
      assert.equal(answer.status, status, body);
      assert.match(text, new RegExp(`^Code: ${exceptionCode}\\. DB::Exception: .*\\([A-Z_]+\\)\n$`, "s"), body);
    }
  });

  test("compresses in both directions, and bounds what it inflates", async () => {
    const headers = { "Accept-Encoding": "gzip" };
    const raw = await new Promise<{ encoding: string | undefined; bytes: Buffer }>((resolve, reject) => {
      const query = new URLSearchParams({ query: "SELECT number FROM numbers(200000)", enable_http_compression: "1" });
      const basic = { auth: `${t.engine.username}:${t.engine.password}`, headers };
      httpRequest(`${t.engine.url}/?${query.toString()}`, basic, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ encoding: response.headers["content-encoding"], bytes: Buffer.concat(chunks) }),
        );
      })
        .on("error", reject)
        .end();
    });
    assert.equal(raw.encoding, "gzip");
    assert.equal(gunzipSync(raw.bytes).toString().split("\n").length, 200_001);
    const packed = { method: "POST", headers: { "Content-Encoding": "gzip" } };
    assert.equal(await (await t.http({}, { ...packed, body: gzipSync("SELECT 7") })).text(), "7\n");
    const bomb = await t.http({}, { ...packed, body: gzipSync(Buffer.alloc(64 << 20, " ")) });
    assert.equal(bomb.status, 413);
    const brotli = await t.http({}, { method: "POST", headers: { "Content-Encoding": "br" }, body: "x" });
    assert.equal(brotli.status, 415);
  });

  test("takes rows in every format, byte for byte", async () => {
    await t.client.command("CREATE TABLE formats (a UInt64, b String) ENGINE = MergeTree ORDER BY a");
    const b = "x\n\n; DROP TABLE formats; \0 é";
    for (const format of [
      "Arrow",
      "ArrowStream",
      "Native",
      "RowBinary",
      "JSONEachRow",
      "CSV",
      "TabSeparated",
      "Parquet",
      "Values",
    ]) {
      const select = `SELECT number AS a, {b:String} AS b FROM numbers(1000) FORMAT ${format}`;
      const escaped = b.replaceAll("\n", "\\n").replaceAll("\0", "\\0");
      const rows = await (await t.http({ query: select, param_b: escaped })).arrayBuffer();
      for (const init of [
        { body: rows },
        { body: gzipSync(Buffer.from(rows)), headers: { "Content-Encoding": "gzip" } },
      ]) {
        await t.client.command("TRUNCATE TABLE formats");
        const done = await t.http({ query: `INSERT INTO formats FORMAT ${format}` }, init);
        assert.equal(done.status, 200, `${format}: ${await done.text()}`);
        const summary = JSON.parse(done.headers.get("x-clickhouse-summary") ?? "") as { written_rows: string };
        assert.equal(summary.written_rows, "1000", format);
        const check = "SELECT toUInt32(count()) AS n, toUInt32(sum(a)) AS s FROM formats WHERE b = {b:String}";
        assert.deepEqual(await t.client.query(check, { b }), [{ n: 1000, s: 499_500 }], format);
      }
    }
    await t.client.command("INSERT INTO formats (a, b) VALUES (7, 'one\n\n'), (8, ';')");
    await t.client.insertRows("formats", [{ a: 2n ** 64n - 1n, b }]);
    assert.deepEqual(await t.client.query("SELECT a FROM formats WHERE a > 1000"), [{ a: "18446744073709551615" }]);
    await assert.rejects(t.client.insertArrow("formats", Buffer.from("rubbish")), code("STORE_QUERY"));
  });

  test("takes a body that is larger than its memory for bodies", async () => {
    await t.client.command("CREATE TABLE large (a UInt64) ENGINE = MergeTree ORDER BY a");
    const bytes = await t.client.queryArrow("SELECT number AS a FROM numbers(3000000)");
    assert.ok(bytes.length > 20e6);
    assert.deepEqual(await t.client.insertArrow("large", bytes), { writtenRows: 3_000_000 });
  });

  test("streams a large answer through bounded memory, at the reader's pace", async () => {
    await t.client.query("SELECT 1");
    const rss = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${t.engine.pid ?? 0}/status`, "utf8"))?.[1]) / 1024;
    const [before, mostMb] = [rss(), 150];
    let [bytes, peak] = [0, 0];
    const sql = "SELECT number, repeat('x', 90) AS s FROM numbers(2200000)";
    for await (const chunk of await t.client.queryStream(sql, "CSVWithNames")) {
      bytes += (chunk as Buffer).length;
      peak = Math.max(peak, rss());
    }
    assert.ok(bytes > 200e6, `${bytes} bytes`);
    assert.ok(peak - before < mostMb, `the engine grew by ${Math.round(peak - before)} MB`);
  });

  test("says so when an answer fails in its middle", async () => {
    const sql = "SELECT throwIf(number = 3000000) FROM numbers(4000000)";
    await assert.rejects(t.client.query(sql), code("STORE_QUERY", 395));
    await assert.rejects(t.client.queryArrow(sql), code("STORE_QUERY", 395));
    const answer = await t.http({ query: sql });
    await assert.rejects(answer.text(), "a broken answer ended like a whole one");
  });

  test("stops a query whose client has gone, one that is killed, and one that takes too long", async () => {
    const gone = new AbortController();
    const abandoned = t.client.query(ENDLESS, {}, { signal: gone.signal, queryId: "gone" });
    await until("the query runs", () => running("gone"));
    gone.abort();
    await assert.rejects(abandoned, code("STORE_ABORTED"));
    await until("the query ends", async () => !(await running("gone")));

    const killed = assert.rejects(t.client.query(ENDLESS, {}, { queryId: "killed" }), code("STORE_QUERY", 394));
    await until("the query runs", () => running("killed"));
    await t.client.command("KILL QUERY WHERE query_id = 'killed' SYNC");
    await killed;

    await assert.rejects(
      t.client.query(ENDLESS, {}, { settings: { max_execution_time: 0.2 } }),
      code("STORE_TIMEOUT", 159),
    );

    const stream = await t.client.queryStream("SELECT * FROM numbers(1000000000000)", "TSV", {}, { queryId: "stream" });
    for await (const chunk of stream) if ((chunk as Buffer).length > 0) break;
    await until("the stream's query ends", async () => !(await running("stream")));
  });

  test("refuses two statements with one id", async () => {
    const first = assert.rejects(t.client.query(ENDLESS, {}, { queryId: "twice" }), code("STORE_QUERY", 394));
    await until("the query runs", () => running("twice"));
    await assert.rejects(t.client.query("SELECT 1", {}, { queryId: "twice" }), code("STORE_QUERY", 216));
    await t.client.command("KILL QUERY WHERE query_id = 'twice'");
    await first;
  });

  test("inserts while long queries hold every lane, and refuses queries beyond its queue", async () => {
    await t.client.command("CREATE TABLE busy (a UInt64) ENGINE = MergeTree ORDER BY a");
    const stop = new AbortController();
    const calls = Array.from({ length: 90 }, () =>
      t.http({ query: ENDLESS, max_threads: "1" }, { signal: stop.signal }).then(
        (answer) => answer.status,
        () => 0,
      ),
    );
    assert.equal(await Promise.race(calls), 503);
    for (let at = 0; at < 5; at++) assert.deepEqual(await t.client.insertRows("busy", [{ a: at }]), { writtenRows: 1 });
    stop.abort();
    assert.equal((await Promise.all(calls)).filter((status) => status === 503).length, 90 - 8 - 64);
    await until("the lanes are free", async () => (await t.client.query("SELECT count() AS n FROM busy")).length === 1);
  });

  test("runs queries in parallel with inserts, all exact", async () => {
    await t.client.command("CREATE TABLE both (a UInt64) ENGINE = MergeTree ORDER BY a");
    const insert = async (from: number): Promise<void> => {
      for (let at = 0; at < 5; at++) await t.client.insertRows("both", [{ a: from + at }]);
    };
    const select = (n: number) =>
      t.client.query<{ n: number; s: string }>(
        "SELECT {n:UInt32} AS n, toString(sum(number)) AS s FROM numbers({n:UInt32})",
        { n },
      );
    const queries = Array.from({ length: 12 }, (_, at) => select(1000 + at));
    await Promise.all([insert(0), insert(100), insert(200)]);
    for (const [row] of await Promise.all(queries))
      assert.equal(row?.s, String(((row?.n ?? 0) * ((row?.n ?? 0) - 1)) / 2));
    assert.deepEqual(await t.client.query("SELECT toUInt32(count()) AS n FROM both"), [{ n: 15 }]);
  });

  test("serves the unmodified client, with its own compression and sessions", async () => {
    const { url, username, password, database } = t.engine;
    const compression = { request: true, response: true };
    const client = createClient({ url, username, password, database, compression, session_id: "theirs" });
    await client.command({ query: "CREATE TABLE theirs (a UInt64, b String) ENGINE = MergeTree ORDER BY a" });
    const values = Array.from({ length: 5000 }, (_, a) => ({ a, b: `row ${a}` }));
    const done = await client.insert({ table: "theirs", values, format: "JSONEachRow" });
    assert.equal(done.summary?.written_rows, "5000");
    const rows = await client.query({ query: "SELECT a, b FROM theirs ORDER BY a DESC LIMIT 1", format: "JSON" });
    assert.deepEqual((await rows.json<{ a: number }>()).data, [{ a: 4999, b: "row 4999" }]);
    assert.equal((await client.ping({ select: true })).success, true);
    await assert.rejects(client.query({ query: "SELECT nope" }), { code: "47", type: "UNKNOWN_IDENTIFIER" });
    await client.close();
  });
});
