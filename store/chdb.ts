/**
 * chdb.ts: the door to chDB, the ClickHouse engine as a library. No other file imports it.
 *
 * Only the engine's own process may use this file: one process holds one data directory, and a thread that used chDB
 * cannot end safely. What holds here: a session is opened for each request and thrown away after it, because settings,
 * parameters and the current database stay in a session for ever, and opening one takes a third of a millisecond. Calls
 * of one session run one after another; those of different sessions run at once, each holding a thread of libuv's pool.
 */
import { Session } from "chdb";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EngineException, parseException } from "./engine-exception.ts";

export interface ChdbAnswer {
  readonly bytes: Uint8Array;
  /** Rows of the answer; for an insert, rows written. */
  readonly rows: number;
  /** Bytes of those rows in the engine's memory. */
  readonly rowBytes: number;
  readonly elapsedSeconds: number;
}

export interface ChdbSession {
  /**
   * Runs one or more statements; the answer is that of the last.
   *
   * @param format used when the statement names none
   * @throws EngineException
   */
  run(sql: string, format: string): Promise<ChdbAnswer>;
  /** Must not be called while `run` is under way: the engine would end. */
  close(): void;
}

/**
 * Opens a session on a data directory.
 *
 * @param configFile path of the engine's XML configuration; it takes effect with the first session of the process
 * @throws EngineException with code 76 when another process holds the directory
 */
export function openChdbSession(path: string, configFile: string): ChdbSession {
  let session: Session;
  try {
    session = new Session(path, { connectionArgs: [`--config-file=${configFile}`] });
  } catch (error) {
    throw exceptionOf(error);
  }
  return {
    run: async (sql, format) => {
      try {
        const answer = await session.queryAsync(sql, { format });
        return {
          bytes: answer.bytes(),
          rows: answer.rowsRead,
          rowBytes: answer.bytesRead,
          elapsedSeconds: answer.elapsed,
        };
      } catch (error) {
        throw exceptionOf(error);
      }
    },
    close: () => release(session),
  };
}

interface Native {
  CloseConnection(connection: unknown): void;
}

/**
 * Closes a session at once. Session.close() waits for the statements of all sessions of the process, so beside one long query
 * every session of that time stays open, and a failed statement in it keeps its memory: a reader of a minute and a few failures a
 * second filled the engine. Nothing of ours runs in this session any more, so there is nothing to wait for.
 */
function release(session: Session): void {
  const held = session as unknown as { connection: unknown };
  const native = nativeAddon();
  if (native !== null && held.connection !== null) {
    const { connection } = held;
    held.connection = null;
    native.CloseConnection(connection);
  }
  session.close();
}

let addon: Native | null | undefined;

/** The addon that chdb itself has loaded; null where a future version keeps it elsewhere, and then its own close must do. */
function nativeAddon(): Native | null {
  if (addon === undefined) {
    const require = createRequire(import.meta.url);
    try {
      const loader = require(join(dirname(require.resolve("chdb/package.json")), "dist/loader.js")) as {
        loadNative(): Native;
      };
      addon = loader.loadNative();
    } catch {
      addon = null;
    }
  }
  return addon;
}

function exceptionOf(error: unknown): EngineException {
  const message = error instanceof Error ? error.message : String(error);
  return parseException(message, error);
}
