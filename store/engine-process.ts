/**
 * engine-process.ts: the process that owns the embedded ClickHouse engine. engine.ts starts it.
 *
 *   stdin   one line of JSON (EngineOrder), then nothing; its end means that the parent is gone, and so are we
 *   stdout  one line of JSON (EngineReport): the port, or why there is none
 *   SIGTERM stop what runs, close, exit
 *
 * A process and not a thread: a crash, a runaway query or the memory of the engine then cannot take the services down,
 * and process.exit would otherwise wait for a running query.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type EngineLimits, engineConfig, engineUsers, readersBytes } from "./engine-config.ts";
import { EngineException } from "./engine-exception.ts";
import { createEngineServer } from "./engine-http.ts";
import { makePipes } from "./engine-pipe.ts";
import { listen } from "./engine-port.ts";
import { Runner } from "./engine-runner.ts";
import { ownBackupDir } from "./engine-where.ts";
import { type Scratch, makeScratch } from "./engine-scratch.ts";

/** What the parent asks for; the password travels here and never in an argument. */
export interface EngineOrder {
  readonly dataDir: string;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Absolute; where BACKUP may write and RESTORE may read beside the directory's own `backups`. */
  readonly backupDirs: readonly string[];
  /** 0 for any free one. */
  readonly port: number;
  readonly limits: EngineLimits;
}

export type EngineReport =
  { readonly port: number } | { readonly error: { readonly code: number | string; readonly message: string } };

const SELECT_LANES = 8;
const INSERT_LANES = 3;
const QUEUE_LENGTH = 64;
const QUEUE_MS = 30_000;
const MEMORY_BODY_BYTES = 16 << 20;
const BODY_BYTES = 1 << 30;
/** Shorter than the parent's patience, so that the engine closes by itself. */
const CLOSE_MS = 1500;

async function main(): Promise<void> {
  // Ctrl-C reaches the whole group of processes; the parent decides when we close.
  process.on("SIGINT", () => undefined);
  const lines = createInterface({ input: process.stdin });
  const first = await new Promise<string>((resolve) => lines.once("line", resolve));
  const order = JSON.parse(first) as EngineOrder;
  mkdirSync(join(order.dataDir, "engine"), { recursive: true, mode: 0o700 });
  const scratch = makeScratch(order.dataDir, join(order.dataDir, "engine"));
  try {
    await serve(order, scratch);
  } catch (error) {
    scratch.remove();
    const code = error instanceof EngineException ? error.code : ((error as NodeJS.ErrnoException).code ?? "ERROR");
    report({ error: { code, message: error instanceof Error ? error.message : String(error) } });
    process.stdin.destroy();
    process.exitCode = 1;
  }
}

async function serve(order: EngineOrder, scratch: Scratch): Promise<void> {
  const spoolDir = join(order.dataDir, "engine", "spool");
  const runner = openRunner(order, scratch);
  // From here on the directory is ours alone, and what a killed engine left behind may go.
  scratch.removeOthers();
  rmSync(spoolDir, { recursive: true, force: true });
  mkdirSync(spoolDir, { mode: 0o700 });
  await runner.createDatabase();
  const server = createEngineServer(runner, {
    username: order.username,
    password: order.password,
    body: { memoryBytes: MEMORY_BODY_BYTES, bodyBytes: BODY_BYTES, spoolDir },
  });
  const port = await listen(server, order.port);
  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    // A query that cannot be stopped may not keep the process: the engine's own exit would wait for it.
    setTimeout(() => process.kill(process.pid, "SIGKILL"), CLOSE_MS);
    server.close();
    server.closeAllConnections();
    void runner.close().then(() => {
      scratch.remove();
      process.exit(0);
    });
  };
  process.once("SIGTERM", close);
  process.stdin.once("end", close).once("close", close).resume();
  // The parent may have ended while the engine started; its end is not told twice.
  if (process.stdin.readableEnded || process.stdin.destroyed) {
    close();
    return;
  }
  report({ port });
}

function openRunner(order: EngineOrder, scratch: Scratch): Runner {
  const own = join(order.dataDir, "engine");
  const backupDir = ownBackupDir(order.dataDir);
  mkdirSync(backupDir, { recursive: true, mode: 0o700 });
  const paths = {
    usersFile: join(own, "users.xml"),
    backupDirs: [backupDir, ...order.backupDirs],
    database: order.database,
  };
  const configFile = join(own, "config.xml");
  writeFileSync(configFile, engineConfig(order.limits, paths), { mode: 0o600 });
  writeFileSync(paths.usersFile, engineUsers(order.limits, paths), { mode: 0o600 });
  return new Runner({
    path: join(order.dataDir, "clickhouse"),
    configFile,
    database: order.database,
    pipes: makePipes(scratch.dir, SELECT_LANES),
    threads: order.limits.threads,
    budgetBytes: readersBytes(order.limits),
    insertLanes: INSERT_LANES,
    queueLength: QUEUE_LENGTH,
    queueMs: QUEUE_MS,
    scratchDir: scratch.dir,
  });
}

function report(answer: EngineReport): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

void main();
