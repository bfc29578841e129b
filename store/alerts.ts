/**
 * alerts.ts: alert rules, their states, hooks, silences and deliveries as they are stored.
 *
 * Rules, hooks, silences and states are small and are held in memory by every process. Deliveries have bodies and are many: only the
 * process that sends holds what it still needs of them (query-api/alerts/outbox.ts), and lists are read from the store.
 */
import type { StoreClient, StoreOptions } from "./client.ts";
import { ControlTable } from "./control.ts";

/** file: part of the configuration, which alone can change it. */
export type Origin = "api" | "file";

export interface AlertRuleRow {
  readonly id: string;
  /** OPERATOR or a tenant's id. */
  readonly owner: string;
  readonly origin: Origin;
  /** JSON form. */
  readonly rule: unknown;
  readonly createdMs: number;
  readonly changedMs: number;
  /** 0 while it lives. */
  readonly deletedMs: number;
}

export interface AlertStateRow {
  readonly rule: string;
  /** The value of the rule's key; "" where it has none. */
  readonly key: string;
  readonly owner: string;
  readonly status: string;
  /** JSON form. */
  readonly state: unknown;
  readonly changedMs: number;
}

export interface AlertHookRow {
  readonly id: string;
  readonly owner: string;
  readonly origin: Origin;
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  /** What requests are signed with; "" for one that is not. Never answered after it was made. */
  readonly secret: string;
  /** JSON form. */
  readonly settings: unknown;
  readonly createdMs: number;
  readonly deletedMs: number;
}

export interface AlertSilenceRow {
  readonly id: string;
  readonly owner: string;
  /** JSON form. */
  readonly silence: unknown;
  readonly createdMs: number;
  readonly deletedMs: number;
}

export interface AlertDeliveryRow {
  /** The idempotency key: the same for the same change of the same alerts, whoever sends it. */
  readonly id: string;
  readonly owner: string;
  readonly hook: string;
  readonly groupKey: string;
  /** JSON form. */
  readonly members: unknown;
  /** As it is sent. */
  readonly body: string;
  readonly status: string;
  readonly attempts: number;
  readonly nextMs: number;
  readonly problem: string;
  readonly createdMs: number;
}

export interface AlertTables {
  readonly rules: ControlTable<AlertRuleRow>;
  readonly states: ControlTable<AlertStateRow>;
  readonly hooks: ControlTable<AlertHookRow>;
  readonly silences: ControlTable<AlertSilenceRow>;
  refresh(): Promise<void>;
}

export function openAlerts(store: StoreClient): AlertTables {
  const rules = new ControlTable<AlertRuleRow>(
    store,
    "alert_rules",
    ({ id }) => id,
    (row) => ({
      ...ids(row),
      origin: originOf(row),
      rule: JSON.parse(String(row["rule"])) as unknown,
      createdMs: Number(row["created_ms"]),
      changedMs: Number(row["changed_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    ({ rule, createdMs, changedMs, deletedMs, ...row }) => ({
      ...{ ...row, rule: JSON.stringify(rule) },
      ...{ created_ms: createdMs, changed_ms: changedMs, deleted_ms: deletedMs },
    }),
  );
  const hooks = new ControlTable<AlertHookRow>(
    store,
    "alert_hooks",
    ({ id }) => id,
    (row) => ({
      ...ids(row),
      origin: originOf(row),
      name: String(row["name"]),
      kind: String(row["kind"]),
      url: String(row["url"]),
      secret: String(row["secret"]),
      settings: JSON.parse(String(row["settings"])) as unknown,
      createdMs: Number(row["created_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    ({ settings, createdMs, deletedMs, ...row }) => ({
      ...{ ...row, settings: JSON.stringify(settings) },
      ...{ created_ms: createdMs, deleted_ms: deletedMs },
    }),
  );
  const silences = new ControlTable<AlertSilenceRow>(
    store,
    "alert_silences",
    ({ id }) => id,
    (row) => ({
      ...ids(row),
      silence: JSON.parse(String(row["silence"])) as unknown,
      createdMs: Number(row["created_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    ({ silence, createdMs, deletedMs, ...row }) => ({
      ...{ ...row, silence: JSON.stringify(silence) },
      ...{ created_ms: createdMs, deleted_ms: deletedMs },
    }),
  );
  const states = openStates(store);
  const tables = [rules, hooks, silences, states];
  return {
    ...{ rules, states, hooks, silences },
    refresh: async () => {
      await Promise.all(tables.map((table) => table.refresh()));
    },
  };
}

function openStates(store: StoreClient): ControlTable<AlertStateRow> {
  return new ControlTable<AlertStateRow>(
    store,
    "alert_states",
    ({ rule, key }) => stateKey(rule, key),
    (row) => ({
      rule: String(row["rule"]),
      key: String(row["key"]),
      owner: String(row["owner"]),
      status: String(row["status"]),
      state: JSON.parse(String(row["state"])) as unknown,
      changedMs: Number(row["changed_ms"]),
    }),
    ({ state, changedMs, ...row }) => ({ ...row, state: JSON.stringify(state), changed_ms: changedMs }),
  );
}

export function stateKey(rule: string, key: string): string {
  return `${rule}\0${key}`;
}

/** Writes one delivery's newest version. */
export async function putDelivery(store: StoreClient, row: AlertDeliveryRow, version: bigint): Promise<void> {
  const { groupKey, members, nextMs, createdMs, ...rest } = row;
  await store.insertRows("alert_deliveries", [
    {
      ...{ ...rest, group_key: groupKey, members: JSON.stringify(members) },
      ...{ next_ms: nextMs, created_ms: createdMs, version },
    },
  ]);
}

export interface DeliveryQuery {
  /** Null: everybody's. */
  readonly owner: string | null;
  readonly status?: string | undefined;
  readonly id?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Only those that follow this one in the list. */
  readonly beforeMs?: number | undefined;
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

/** After any time that there is. */
const MAX_MS = 2 ** 52;

/** The newest first. */
export async function readDeliveries(
  store: StoreClient,
  query: DeliveryQuery,
  options?: StoreOptions,
): Promise<AlertDeliveryRow[]> {
  const { owner, status = "", id = "", sinceMs = 0, beforeMs = MAX_MS, beforeId = "", limit } = query;
  const rows = await store.query<Record<string, unknown>>(
    `SELECT * FROM alert_deliveries FINAL
     WHERE ({owner:String} = '' OR owner = {owner:String}) AND ({status:String} = '' OR status = {status:String})
       AND ({id:String} = '' OR id = {id:String}) AND created_ms >= {since:Int64}
       AND (created_ms < {before:Int64} OR (created_ms = {before:Int64} AND id > {beforeId:String}))
     ORDER BY created_ms DESC, id LIMIT {limit:UInt32}`,
    { owner: owner ?? "", status, id, since: sinceMs, before: beforeMs, beforeId, limit },
    options,
  );
  return rows.map((row) => ({
    ...ids(row),
    hook: String(row["hook"]),
    groupKey: String(row["group_key"]),
    members: JSON.parse(String(row["members"])) as unknown,
    body: String(row["body"]),
    status: String(row["status"]),
    attempts: Number(row["attempts"]),
    nextMs: Number(row["next_ms"]),
    problem: String(row["problem"]),
    createdMs: Number(row["created_ms"]),
  }));
}

const KEEP_DELIVERIES_MS = 30 * 86_400_000;
/** Longer than any `repeatSec`: what a group was told last must still be known. */
const KEEP_STATES_MS = 30 * 86_400_000;

/** States of one rule that are kept of alerts that have ended: a key that is another each time would have no end of them. */
const KEEP_STATES_PER_RULE = 2000;

/** Deletes deliveries and states that nobody asks for any more. To do it twice is harmless. */
export async function sweepAlerts(store: StoreClient, { states }: AlertTables, nowMs: number): Promise<void> {
  const before = nowMs - KEEP_STATES_MS;
  const old = states.all().filter(({ status, changedMs }) => changedMs < before && status !== "firing");
  await store.command("ALTER TABLE alert_deliveries DELETE WHERE created_ms < {before:Int64}", {
    before: nowMs - KEEP_DELIVERIES_MS,
  });
  await sweepMany(store, states);
  if (old.length === 0) return;
  await store.command("ALTER TABLE alert_states DELETE WHERE changed_ms < {before:Int64} AND status != 'firing'", {
    before,
  });
  states.forget(old.map(({ rule, key }) => stateKey(rule, key)));
}

/** Of rules with very many states the newest stay. */
async function sweepMany(store: StoreClient, states: AlertTables["states"]): Promise<void> {
  const byRule = new Map<string, AlertStateRow[]>();
  for (const row of states.all()) {
    if (row.status === "firing" || row.status === "pending") continue;
    const own = byRule.get(row.rule);
    if (own === undefined) byRule.set(row.rule, [row]);
    else own.push(row);
  }
  for (const [rule, own] of byRule) {
    const last = own.sort((a, b) => b.changedMs - a.changedMs)[KEEP_STATES_PER_RULE];
    if (last === undefined) continue;
    await store.command(
      `ALTER TABLE alert_states DELETE WHERE rule = {rule:String} AND status NOT IN ('firing', 'pending')
         AND changed_ms <= {last:Int64}`,
      { rule, last: last.changedMs },
    );
    states.forget(own.filter(({ changedMs }) => changedMs <= last.changedMs).map(({ key }) => stateKey(rule, key)));
  }
}

function ids(row: Record<string, unknown>): { id: string; owner: string } {
  return { id: String(row["id"]), owner: String(row["owner"]) };
}

function originOf(row: Record<string, unknown>): Origin {
  return row["origin"] === "file" ? "file" : "api";
}
