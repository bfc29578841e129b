/**
 * store-metrics.ts: a store whose calls are timed and counted, and that remembers whether it took the last insert of windows.
 *
 * A store may answer every read and refuse every insert, as one does whose disk is full: only the inserts themselves tell.
 */
import { errorCode, OperationalError } from "../core/errors.ts";
import type { StoreClient } from "../store/client.ts";
import type { Metrics } from "./metrics.ts";

export interface MeteredStore extends StoreClient {
  /** @throws OperationalError what the last insert of windows failed with, unless that is half a minute ago */
  takesInserts(): void;
}

/** After this it is not known any more: whoever sends nobody there would never find out. */
const REMEMBER_MS = 30_000;

export function meteredStore(store: StoreClient, metrics: Metrics, now: () => number = Date.now): MeteredStore {
  const seconds = metrics.seconds("store_seconds", "Time until the store answered, by kind of call.", ["call"]);
  const failures = metrics.counter("store_failures_total", "Calls that the store did not answer well.", [
    "call",
    "code",
  ]);
  let refused: { readonly error: unknown; readonly atMs: number } | undefined;

  async function timed<T>(call: string, work: () => Promise<T>): Promise<T> {
    const end = seconds.startTimer({ call });
    try {
      return await work();
    } catch (error) {
      failures.inc({ call, code: errorCode(error) ?? "ERROR" });
      throw error;
    } finally {
      end();
    }
  }

  return {
    query: (...call) => timed("read", () => store.query(...call)),
    queryArrow: (...call) => timed("read", () => store.queryArrow(...call)),
    queryStream: (...call) => timed("stream", () => store.queryStream(...call)),
    insertArrow: async (...call) => {
      try {
        const result = await timed("insert", () => store.insertArrow(...call));
        refused = undefined;
        return result;
      } catch (error) {
        refused = { error, atMs: now() };
        throw error;
      }
    },
    insertRows: (...call) => timed("control", () => store.insertRows(...call)),
    command: (...call) => timed("command", () => store.command(...call)),
    ping: () => store.ping(),
    close: () => store.close(),
    takesInserts: () => {
      if (refused === undefined || now() - refused.atMs > REMEMBER_MS) return;
      throw new OperationalError("STORE_UNAVAILABLE", "insert windows", { cause: refused.error });
    },
  };
}
