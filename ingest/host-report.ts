/**
 * host-report.ts: what a collector may say of a host, and how it is kept.
 *
 * Owners are stored before the answer, because windows that need them may follow at once. How a host is, is not waited for:
 * with hundreds of hosts that each report a few times a minute, one insert a report would keep the store busy with nothing else,
 * so reports of a moment are stored together. Unchanged hosts are stored again once a minute, to show that they were seen.
 */
import { Type, type Static } from "typebox";
import { ENABLING_STATES, CAUSES, type Cause } from "../core/host-status.ts";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import { OVERTAKEN_MS } from "../store/ownership.ts";

const NAME = { minLength: 1, maxLength: 128 };
const TEXT = { maxLength: 500 };
const MS = Type.Integer({ minimum: 0 });
/** Of both types at once: of a union the validator, which coerces, would make 0 or false of null. */
const RATE = Type.Unsafe<number | null>({ type: ["number", "null"], minimum: 0 });
const WHEN = Type.Unsafe<number | null>({ type: ["integer", "null"], minimum: 0 });

const ENABLING = Type.Object(
  {
    spec: Type.String(NAME),
    metric: Type.String(NAME),
    state: Type.Union(ENABLING_STATES.map((state) => Type.Literal(state))),
    cause: Type.Union((Object.keys(CAUSES) as Cause[]).map((cause) => Type.Literal(cause))),
    reason: Type.String(TEXT),
    sinceMs: MS,
    retryAtMs: WHEN,
    eventsPerSec: RATE,
    dropsPerSec: RATE,
    dtraceCpu: Type.Optional(Type.Number({ minimum: 0 })),
    losses: Type.Record(Type.String({ maxLength: 64 }), Type.Number({ minimum: 0 })),
    unknownSample: Type.String(TEXT),
  },
  { additionalProperties: false },
);

const SUPPORT = Type.Object(
  {
    metric: Type.String(NAME),
    supported: Type.Unsafe<boolean | null>({ type: ["boolean", "null"] }),
    reason: Type.String(TEXT),
    missing: Type.Array(Type.String(NAME), { maxItems: 200 }),
  },
  { additionalProperties: false },
);

const DETAIL = Type.Object(
  {
    dtrace: Type.String({ maxLength: 200 }),
    bootSec: Type.Number({ minimum: 0 }),
    clockOffsetMs: Type.Unsafe<number | null>({ type: ["integer", "null"] }),
    enablings: Type.Array(ENABLING, { maxItems: 1000 }),
    metrics: Type.Array(SUPPORT, { maxItems: 500 }),
  },
  { additionalProperties: false },
);

export const HOST_REPORT = Type.Object(
  {
    collector: Type.String(NAME),
    atMs: MS,
    state: Type.Union([Type.Literal("up"), Type.Literal("down"), Type.Literal("removed")]),
    reason: Type.String(TEXT),
    platform: Type.String({ maxLength: 200 }),
    zones: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(NAME),
          owner: Type.String({ maxLength: 64 }),
          alias: Type.String({ maxLength: 256 }),
          state: Type.String({ maxLength: 32 }),
        }),
        { maxItems: 10_000 },
      ),
    ),
    detail: Type.Optional(DETAIL),
  },
  { additionalProperties: false },
);

export type HostReportBody = Static<typeof HOST_REPORT>;

const TOGETHER_MS = 100;
const SEEN_EVERY_MS = 30_000;

export class HostRows {
  readonly #table: ControlTable<HostRow>;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<string, HostRow>();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> = Promise.resolve();

  constructor(table: ControlTable<HostRow>, onError: (error: unknown) => void) {
    this.#table = table;
    this.#onError = onError;
  }

  /** Takes in a report, of no later time than now; the newest of each host wins, whatever the order of arrival. */
  take(name: string, report: HostReportBody): void {
    const was = this.#waiting.get(name) ?? this.#table.get(name);
    const { collector, atMs, state, reason, platform, detail } = report;
    if (was !== undefined && was.seenMs > atMs && was.seenMs - atMs < OVERTAKEN_MS) return;
    const sinceMs = was?.state === state && was.reason === reason && was.platform === platform ? was.sinceMs : atMs;
    const text = detail === undefined ? (was?.detail ?? "") : JSON.stringify(detail);
    if (was !== undefined && sinceMs === was.sinceMs && text === was.detail && atMs - was.seenMs < SEEN_EVERY_MS)
      return;
    this.#waiting.set(name, { name, collector, platform, state, reason, sinceMs, seenMs: atMs, detail: text });
    this.#timer ??= setTimeout(() => this.#store(), TOGETHER_MS);
  }

  /** Stores what waits. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) this.#store();
    await this.#storing;
  }

  #store(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = [...this.#waiting.values()];
    this.#waiting = new Map();
    // What could not be stored comes again with the next report.
    this.#storing = this.#storing.then(() => this.#table.put(rows)).catch(this.#onError);
  }
}
