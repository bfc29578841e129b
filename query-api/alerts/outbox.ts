/**
 * outbox.ts: what hooks are told, from the difference between what is and what they were told last, to a 2xx or to the dead letters.
 *
 *   difference ──▶ row stored (waiting) ──▶ attempt ──▶ sent
 *                        ▲                    │ failed       refused, or tried too often
 *                        └────── backoff ─────┘ ────────────────────────▶ dead ──(sent again by hand)──▶ waiting
 *
 * A row is stored before its first attempt and its id follows from what it says and from the row before it, so a crash at any line sends a thing
 * again under the same idempotency key, and never forgets or renames it. Only the holder of the lease sends, and begins nothing that would not end
 * within it.
 */
import { createHash } from "node:crypto";
import { groupKeyOf, toTell, type Member, type Told } from "../../core/alerts/group.ts";
import { putDelivery, readDeliveries, type AlertDeliveryRow } from "../../store/alerts.ts";
import type { StoreClient } from "../../store/client.ts";
import type { KeyState } from "./active-rule.ts";
import type { Hook, Hooks } from "./hooks.ts";
import { labelsOf, memberOf } from "./payload.ts";
import { DEADLINE_MS, isWorthRetrying, problemOf } from "./send.ts";

export interface OutboxDeps {
  readonly store: StoreClient;
  readonly hooks: Hooks;
  /** Whether somebody has asked not to hear of it now. */
  readonly isSilenced: (state: KeyState, nowMs: number) => boolean;
  /** Makes the body; takes its time. */
  readonly compose: (hook: Hook, groupKey: string, states: readonly KeyState[], nowMs: number) => Promise<string>;
  /** One attempt. */
  readonly send: (hook: Hook, delivery: AlertDeliveryRow) => Promise<void>;
  /** Whether what takes so long may be begun (store/lease.ts). */
  readonly mayBegin: (takesMs: number) => boolean;
  readonly onResult: (status: "sent" | "failed" | "dead") => void;
  readonly onError: (error: unknown) => void;
  readonly nowMs?: () => number;
  /** From 0 to 1: spreads attempts. */
  readonly random?: () => number;
}

const MAX_ATTEMPTS = 12;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 300_000;
const MAX_IN_FLIGHT = 8;
/** One slow target must not take all of them. */
const MAX_IN_FLIGHT_PER_HOOK = 2;
/** Each reads what its alerts are made of: a label of many values is many groups at once. The others are told at the next look. */
const MAX_COMPOSING = 16;
const TOLD_SINCE_MS = 8 * 86_400_000;
const RESOLVED_FOR_MS = 86_400_000;
/** Rows that somebody has sent again by hand, maybe at another process. */
const LOOK_EVERY_MS = 5_000;
const MAX_WRITTEN = 10_000;

export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #nowMs: () => number;
  /** By hook and group. */
  readonly #told = new Map<string, Told>();
  readonly #composing = new Set<string>();
  readonly #waiting = new Map<string, AlertDeliveryRow>();
  readonly #inFlight = new Map<string, string>();
  /** The newest version of each that was written here, lately. */
  readonly #written = new Map<string, bigint>();
  #lookedMs = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? Date.now;
  }

  /** Messages that are stored and have not been taken yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Reads what was told, by whomever. */
  async load(): Promise<void> {
    const nowMs = this.#nowMs();
    const rows = await readDeliveries(this.#deps.store, {
      owner: null,
      sinceMs: nowMs - TOLD_SINCE_MS,
      limit: 100_000,
    });
    // The newest come first.
    for (const row of rows.reverse()) {
      // A clock that was ahead must not have anybody wait until it is that late.
      const atMs = Math.min(row.createdMs, nowMs);
      this.#told.set(groupId(row.hook, row.groupKey), { id: row.id, atMs, members: row.members as Member[] });
      const nextMs = Math.min(row.nextMs, nowMs + MAX_RETRY_MS);
      if (row.status === "waiting") this.#waiting.set(row.id, { ...row, nextMs });
    }
  }

  /** Compares what is with what was told. @param states all that fire, or were resolved lately, as they are stored */
  tell(states: readonly KeyState[]): void {
    const nowMs = this.#nowMs();
    const groups = new Map<string, { hook: Hook; groupKey: string; states: KeyState[] }>();
    for (const state of states) {
      const { status, sinceMs } = state.state;
      if (status !== "firing" && (status !== "resolved" || sinceMs < nowMs - RESOLVED_FOR_MS)) continue;
      if (this.#deps.isSilenced(state, nowMs)) continue;
      for (const hook of this.#deps.hooks.of(state.row.owner, state.rule.hooks)) {
        const groupKey = groupKeyOf(hook, labelsOf(state));
        const id = groupId(hook.row.id, groupKey);
        const group = groups.get(id) ?? { hook, groupKey, states: [] };
        group.states.push(state);
        groups.set(id, group);
      }
    }
    for (const [id, { hook, groupKey, states: own }] of groups) {
      if (this.#composing.has(id) || this.#composing.size >= MAX_COMPOSING) continue;
      const members = own.map(memberOf).filter((member) => member !== null);
      const told = this.#told.get(id);
      const telling = toTell(hook, members, told, nowMs);
      if (telling === null) continue;
      const byMember = new Map(own.map((state) => [memberOf(state)?.fingerprint, state]));
      const chosen = telling.map(({ fingerprint }) => byMember.get(fingerprint)).filter((state) => state !== undefined);
      this.#composing.add(id);
      this.#open(id, hook, groupKey, telling, chosen, told)
        .catch(this.#deps.onError)
        .finally(() => this.#composing.delete(id));
    }
  }

  /** Begins the attempts that are due. */
  pump(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedMs > LOOK_EVERY_MS) {
      this.#lookedMs = nowMs;
      this.#look().catch(this.#deps.onError);
    }
    const byHook = new Map<string, number>();
    for (const hook of this.#inFlight.values()) byHook.set(hook, (byHook.get(hook) ?? 0) + 1);
    for (const row of this.#waiting.values()) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
      const running = byHook.get(row.hook) ?? 0;
      if (row.nextMs > nowMs || this.#inFlight.has(row.id) || running >= MAX_IN_FLIGHT_PER_HOOK) continue;
      byHook.set(row.hook, running + 1);
      this.#inFlight.set(row.id, row.hook);
      this.#attempt(row)
        .catch(this.#deps.onError)
        .finally(() => this.#inFlight.delete(row.id));
    }
  }

  async #open(
    id: string,
    hook: Hook,
    groupKey: string,
    members: readonly Member[],
    states: readonly KeyState[],
    told: Told | undefined,
  ): Promise<void> {
    const nowMs = this.#nowMs();
    const body = await this.#deps.compose(hook, groupKey, states, nowMs);
    if (!this.#deps.mayBegin(0)) return;
    const row: AlertDeliveryRow = {
      ...{
        id: deliveryId(hook.row.id, groupKey, members, told?.id ?? ""),
        owner: hook.row.owner,
        hook: hook.row.id,
        groupKey,
      },
      ...{ members, body, status: "waiting", attempts: 0, nextMs: nowMs, problem: "", createdMs: nowMs },
    };
    await this.#put(row);
    this.#told.set(id, { id: row.id, atMs: nowMs, members });
    await this.#begin(row);
  }

  /** Whether something is on its way under an id, or was. */
  async has(id: string): Promise<boolean> {
    return (await readDeliveries(this.#deps.store, { owner: null, id, limit: 1 })).length > 0;
  }

  /** Puts something that is not of alerts on its way, like them. @param message its id is one that no other has (`has`) */
  async enqueue(message: Pick<AlertDeliveryRow, "id" | "owner" | "hook" | "groupKey" | "body">): Promise<void> {
    const nowMs = this.#nowMs();
    const row: AlertDeliveryRow = {
      ...message,
      ...{ members: [], status: "waiting", attempts: 0, nextMs: nowMs, problem: "", createdMs: nowMs },
    };
    await this.#put(row);
    await this.#begin(row);
  }

  /** What is stored goes; what is newer says all that the older ones of its group would have said. */
  async #begin(row: AlertDeliveryRow): Promise<void> {
    for (const older of [...this.#waiting.values()]) {
      if (older.hook !== row.hook || older.groupKey !== row.groupKey || this.#inFlight.has(older.id)) continue;
      this.#waiting.delete(older.id);
      await this.#put({ ...older, status: "dead", problem: "a newer one of its group went in its place" });
    }
    this.#waiting.set(row.id, row);
    this.pump();
  }

  async #attempt(row: AlertDeliveryRow): Promise<void> {
    const hook = this.#deps.hooks.living().find((each) => each.row.id === row.hook);
    if (hook === undefined) return this.#end({ ...row, status: "dead", problem: "the hook was deleted" });
    if (!this.#deps.mayBegin(DEADLINE_MS + 500)) return;
    const attempts = row.attempts + 1;
    try {
      await this.#deps.send(hook, row);
    } catch (error) {
      const problem = problemOf(error);
      if (!isWorthRetrying(error) || attempts % MAX_ATTEMPTS === 0)
        return this.#end({ ...row, attempts, status: "dead", problem });
      this.#deps.onResult("failed");
      const backoffMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** ((attempts % MAX_ATTEMPTS) - 1));
      const nextMs = this.#nowMs() + Math.round(backoffMs * (0.75 + 0.5 * (this.#deps.random ?? Math.random)()));
      const next = { ...row, attempts, nextMs, problem };
      this.#waiting.set(row.id, next);
      return this.#put(next);
    }
    return this.#end({ ...row, attempts, status: "sent", problem: "" });
  }

  async #end(row: AlertDeliveryRow): Promise<void> {
    this.#waiting.delete(row.id);
    this.#deps.onResult(row.status === "sent" ? "sent" : "dead");
    await this.#put(row);
  }

  async #look(): Promise<void> {
    const rows = await readDeliveries(this.#deps.store, { owner: null, status: "waiting", limit: 1000 });
    for (const row of rows) {
      if (this.#waiting.has(row.id) || this.#inFlight.has(row.id) || row.attempts === 0) continue;
      // One that was ended here while the store was read is not waiting any more.
      if (deliveryVersion(row) > (this.#written.get(row.id) ?? -1n)) this.#waiting.set(row.id, row);
    }
  }

  #put(row: AlertDeliveryRow): Promise<void> {
    const version = deliveryVersion(row);
    this.#written.delete(row.id);
    this.#written.set(row.id, version);
    // The oldest goes: a read of the store takes seconds, in which there are not so many.
    if (this.#written.size > MAX_WRITTEN) this.#written.delete(this.#written.keys().next().value ?? "");
    return putDelivery(this.#deps.store, row, version);
  }
}

/** Later ones of a row are greater whatever the clocks of those who wrote them. */
export function deliveryVersion({ createdMs, attempts, status }: AlertDeliveryRow): bigint {
  const rank = status === "sent" ? 2n : status === "dead" ? 1n : 0n;
  return BigInt(createdMs) * 100_000n + BigInt(attempts) * 10n + rank;
}

/** The idempotency key: of what is said, to whom, after what. */
function deliveryId(hook: string, groupKey: string, members: readonly Member[], before: string): string {
  const said = members.map(({ fingerprint, status, startsMs }) => `${fingerprint} ${status} ${startsMs}`).sort();
  return createHash("sha256")
    .update(JSON.stringify([hook, groupKey, said, before]))
    .digest("hex")
    .slice(0, 32);
}

function groupId(hook: string, groupKey: string): string {
  return `${hook} ${groupKey}`;
}
