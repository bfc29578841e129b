/**
 * live-columns.ts: the columns of one instrumentation as they happen, over one server-sent event stream at a time.
 *
 *   connecting ──first event──▶ live ──end, error, silence──▶ waiting ──backoff──▶ connecting
 *
 * After a loss the stream is asked for again from a little before the last column: columns replace by time, so what comes twice
 * counts once. A refusal (no such instrumentation, a token that has expired) is no loss: it ends the following.
 */
import { Backoff } from "../collectors/backoff.ts";
import { pause } from "../core/pause.ts";
import type { LiveColumn } from "../core/api.ts";
import { eitherSignal } from "../core/either-signal.ts";
import { errorChain, errorCode } from "../core/errors.ts";
import { eventsOf } from "../core/event-stream.ts";
import type { Api } from "./api-client.ts";

export interface LiveOptions {
  readonly api: Api;
  readonly id: string;
  /** The predicate over keys, as JSON; "" for none. */
  readonly where: string;
  readonly sinceTs: number;
  readonly onColumn: (column: LiveColumn) => void;
  /** Columns of [fromTs, toTs) have changed and are not sent again: read them. */
  readonly onLate: (fromTs: number, toTs: number) => void;
  /** @param trouble "" while it is live */
  readonly onState: (trouble: string) => void;
  readonly signal: AbortSignal;
}

const OVERLAP_SEC = 5;
/** The server says something every 10 s. */
const SILENCE_MS = 25_000;
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 8_000;

/** Settles when `signal` fires. @throws OperationalError API_REFUSED */
export async function followLive(options: LiveOptions): Promise<void> {
  const { signal, onState } = options;
  const backoff = new Backoff({ minMs: MIN_WAIT_MS, maxMs: MAX_WAIT_MS });
  let sinceTs = options.sinceTs;
  while (!signal.aborted) {
    try {
      await readStream({ ...options, sinceTs }, (ts) => {
        sinceTs = Math.max(sinceTs, ts - OVERLAP_SEC);
        backoff.reset();
      });
      onState("the stream ended; asking again");
    } catch (error) {
      if (isOver(signal)) return;
      if (errorCode(error) === "API_REFUSED" && !isPassing(error)) throw error;
      onState(errorChain(error));
    }
    if (!isOver(signal)) await pause(backoff.next(), signal);
  }
}

/** Too many viewers, or a server that is starting: it may be better in a moment. */
function isPassing(error: unknown): boolean {
  const status = (error as { info?: { status?: unknown } }).info?.status;
  return status === 429 || (typeof status === "number" && status >= 500);
}

/** A function, because the compiler would otherwise remember what it was before an await. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function readStream(options: LiveOptions, seen: (ts: number) => void): Promise<void> {
  const { api, id, where, sinceTs, onColumn, onLate, onState, signal } = options;
  const quiet = new AbortController();
  const query = `since=${sinceTs}${where === "" ? "" : `&where=${encodeURIComponent(where)}`}`;
  const path = `/v1/instrumentations/${encodeURIComponent(id)}/live?${query}`;
  let timer: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => quiet.abort(new Error(`nothing within ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  };
  heard();
  const either = eitherSignal(signal, quiet.signal);
  try {
    const response = await api.open(path, "text/event-stream", either.signal);
    for await (const { name, data } of eventsOf(response, either.signal, heard)) {
      if (name === "column") {
        const column = JSON.parse(data) as LiveColumn;
        seen(column.ts);
        onState("");
        onColumn(column);
      } else if (name === "late") {
        const { fromTs, toTs } = JSON.parse(data) as { fromTs: number; toTs: number };
        onLate(fromTs, toTs);
      }
    }
  } finally {
    clearTimeout(timer);
    either.release();
  }
}
