/**
 * engine-guard.ts: statements that reach outside the database, refused before the engine sees them.
 *
 * A seat belt. The engine's own grants (engine-config.ts) refuse the table functions and engines that read files, URLs
 * and other servers; they do not cover three ways of an embedded engine: INTO OUTFILE, FROM INFILE, and the scalar
 * function file(). Those are refused here, with the table functions once more. It looks at tokens only, so the same words
 * inside a string or a quoted name are nobody's business.
 */
import { EngineException } from "./engine-exception.ts";
import type { Token } from "./engine-token.ts";

const OUTSIDE = new Set(
  [
    ...["file", "fileCluster", "url", "urlCluster", "executable", "executablePool", "input", "hdfs", "hdfsCluster"],
    ...[
      "s3",
      "s3Cluster",
      "gcs",
      "oss",
      "cosn",
      "azureBlobStorage",
      "azureBlobStorageCluster",
      "python",
      "catboostEvaluate",
    ],
    ...["remote", "remoteSecure", "mysql", "postgresql", "mongodb", "redis", "sqlite", "odbc", "jdbc", "filesystem"],
    ...["iceberg", "icebergS3", "icebergLocal", "icebergAzure", "icebergHDFS", "deltaLake", "deltaLakeLocal", "hudi"],
    ...["arrowflight", "ytsaurus", "paimon", "kafka", "nats", "rabbitmq"],
  ].map((name) => name.toUpperCase()),
);

/** @throws EngineException 497 ACCESS_DENIED when a statement names a way out of the database */
export function checkTokens(list: readonly Token[]): void {
  const first = list[0]?.text;
  // BACKUP TO File('name') stays below the directory that the configuration allows.
  const backup = first === "BACKUP" || first === "RESTORE";
  if (first === "SYSTEM" && list.some((token) => token.text === "SHUTDOWN" || token.text === "KILL")) {
    refuse("SYSTEM SHUTDOWN");
  }
  list.forEach((token, at) => {
    const next = list[at + 1];
    if (token.kind === "word" && next?.kind === "word") {
      if (token.text === "INTO" && next.text === "OUTFILE") refuse("INTO OUTFILE");
      if (token.text === "FROM" && next.text === "INFILE") refuse("FROM INFILE");
    }
    if (next?.text !== "(" || next.kind !== "symbol") return;
    const name = callName(token);
    if (name === null || !OUTSIDE.has(name) || (backup && name === "FILE")) return;
    // A column list, `INSERT INTO url (a, b)`, looks like a call, and is none.
    const before = list[at - 1]?.text;
    if (before === "INTO" || before === "TABLE" || before === "EXISTS" || before === ".") return;
    refuse(`${name.toLowerCase()}()`);
  });
}

/** A function may be written as a quoted name too. */
function callName(token: Token): string | null {
  if (token.kind === "word") return token.text;
  return token.kind === "name" ? token.text.slice(1, -1).toUpperCase() : null;
}

function refuse(what: string): never {
  throw new EngineException(
    497,
    "ACCESS_DENIED",
    `${what} is not allowed: the embedded engine reads and writes its own database only`,
  );
}
