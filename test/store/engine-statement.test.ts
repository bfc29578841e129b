/** What a statement is, and what may not pass, decided on text alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineException, parseException } from "../../store/engine-exception.ts";
import { parseStatement } from "../../store/engine-statement.ts";

const parse = (sql: string) => parseStatement(Buffer.from(sql));
const codeOf = (sql: string): number => {
  try {
    parse(sql);
    return 0;
  } catch (error) {
    assert.ok(error instanceof EngineException, String(error));
    return error.code;
  }
};

test("an answer is cut before its format, wherever settings and comments stand", () => {
  const rows: [sql: string, head: string, tail: string, format: string | null][] = [
    ["SELECT 1", "SELECT 1", "", null],
    ["SELECT 1;", "SELECT 1", "", null],
    ["SELECT 1 FORMAT CSV", "SELECT 1 ", "FORMAT CSV", "CSV"],
    [
      "select 1 format JSONEachRow settings max_threads=1",
      "select 1 ",
      "format JSONEachRow settings max_threads=1",
      "JSONEachRow",
    ],
    ["SELECT 1 SETTINGS max_threads=1 FORMAT CSV", "SELECT 1 SETTINGS max_threads=1 ", "FORMAT CSV", "CSV"],
    ["SELECT 1 -- FORMAT CSV", "SELECT 1", "", null],
    ["/* x */ SELECT 'a FORMAT CSV'", "/* x */ SELECT 'a FORMAT CSV'", "", null],
    ["SELECT format FROM t", "SELECT format FROM t", "", null],
    ["SELECT format('{}', 1) AS format", "SELECT format('{}', 1) AS format", "", null],
    ["WITH 1 AS x SELECT x FORMAT TSV", "WITH 1 AS x SELECT x ", "FORMAT TSV", "TSV"],
    ["(SELECT 1) UNION ALL (SELECT 2)", "(SELECT 1) UNION ALL (SELECT 2)", "", null],
    ["SELECT 'é' FORMAT CSV", "SELECT 'é' ", "FORMAT CSV", "CSV"],
  ];
  for (const [sql, head, tail, format] of rows)
    assert.deepEqual(parse(sql), { kind: "select", head, tail, format }, sql);
});

test("the rows of an insert are cut off byte for byte", () => {
  const rows: [sql: string, head: string, tail: string, format: string, data: string][] = [
    ["INSERT INTO t FORMAT JSONEachRow\n{}\n\nDROP TABLE t", "INSERT INTO t ", "", "JSONEachRow", "{}\n\nDROP TABLE t"],
    ["INSERT INTO t (a, b) VALUES (1, ';')", "INSERT INTO t (a, b) ", "", "Values", "(1, ';')"],
    ["insert into t settings x=1 format CSV 1,2", "insert into t ", "settings x=1 ", "CSV", "1,2"],
    ["INSERT INTO t FORMAT Native\r\n\r\n\0é", "INSERT INTO t ", "", "Native", "\r\n\0é"],
    ["INSERT INTO url (a) VALUES (1)", "INSERT INTO url (a) ", "", "Values", "(1)"],
    ["INSERT INTO t FORMAT Values (1)", "INSERT INTO t ", "", "Values", "(1)"],
  ];
  for (const [sql, head, tail, format, data] of rows) {
    assert.deepEqual(parse(sql), { kind: "insert", head, tail, format, data: Buffer.from(data) }, sql);
  }
  for (const sql of [
    "INSERT INTO t SELECT 1",
    "INSERT INTO t (a) WITH 1 AS x SELECT x",
    "ALTER TABLE t DELETE WHERE 1",
  ]) {
    assert.equal(parse(sql).kind, "other", sql);
  }
});

test("only one statement is taken, and none is an error", () => {
  for (const sql of ["SELECT 1; SELECT 2", "SELECT 1;\n\nDROP TABLE t", "", " -- nothing", ";"]) {
    assert.equal(codeOf(sql), 62, sql);
  }
  assert.equal(codeOf("SELECT ';' AS a, $x$ ; $x$ AS b, `;` FROM t -- ; DROP"), 0);
});

test("what reaches outside the database is refused, however it is written", () => {
  const refused = [
    "SELECT * FROM file('/etc/passwd')",
    "SELECT file('/etc/passwd')",
    "SELECT FILE/**/('x')",
    "SELECT * FROM `url`('http://127.0.0.1')",
    "INSERT INTO FUNCTION \"file\"('x', 'CSV') SELECT 1",
    "SELECT * FROM s3('x')",
    "SELECT * FROM remote('a', b.c)",
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1 INTO -- \n OUTFILE 'x'",
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(FILE(path 'x' format 'CSV')) LAYOUT(FLAT())",
    "INSERT INTO t SELECT * FROM input('a UInt8')",
    "SYSTEM SHUTDOWN",
    "EXPLAIN SELECT file('x')",
  ];
  for (const sql of refused) assert.equal(codeOf(sql), 497, sql);
});

test("the same words in strings, names and columns are nobody's business", () => {
  const allowed = [
    "SELECT 'INTO OUTFILE file(x)', \"file\", `url`, 'it''s file(', 'a\\'file('",
    "SELECT file, url FROM t WHERE file IN (1) /* file( */ -- file(",
    "SELECT $$ INTO OUTFILE file() $$",
    "CREATE TABLE url (a UInt8) ENGINE = MergeTree ORDER BY a",
    "BACKUP DATABASE isotherm TO File('monday')",
  ];
  for (const sql of allowed) assert.equal(codeOf(sql), 0, sql);
});

test("KILL QUERY by id is ours, and never synchronous in the engine", () => {
  assert.deepEqual(parse("KILL QUERY WHERE query_id = 'a\\'b' SYNC"), {
    kind: "kill",
    queryId: "a'b",
    sync: true,
    sql: "KILL QUERY WHERE query_id = 'a\\'b'  ASYNC",
  });
  const other = parse("KILL QUERY WHERE elapsed > 1 SYNC");
  assert.ok(
    other.kind === "other" && other.sql.endsWith(" ASYNC") && !other.sql.includes("SYNC "),
    JSON.stringify(other),
  );
});

test("an exception survives its way through the engine's text", () => {
  const exception = parseException("Code: 62. DB::Exception: Syntax error: failed (at x). (SYNTAX_ERROR)");
  assert.deepEqual([exception.code, exception.type, exception.status], [62, "SYNTAX_ERROR", 400]);
  assert.equal(exception.message, "Syntax error: failed (at x)");
  assert.equal(exception.body, "Code: 62. DB::Exception: Syntax error: failed (at x). (SYNTAX_ERROR)\n");
  assert.equal(parseException("out of luck").code, 1001);
});
