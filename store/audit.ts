/**
 * audit.ts: who did what: one row for each change that somebody asked for, written once.
 *
 * A row is written after the change, and the change is answered whether or not the row could be: the caller of `record` logs
 * what could not be stored, so that it is in the one place or the other. Rows leave by age alone.
 */
import { randomBytes } from "node:crypto";
import type { Role } from "../core/api.ts";
import type { StoreClient, StoreOptions } from "./client.ts";

export interface AuditRow {
  readonly id: string;
  readonly atMs: number;
  /** For example "instrumentation.create": what was done to what. */
  readonly action: string;
  /** Whose affair it was: OPERATOR or a tenant's id. */
  readonly owner: string;
  /** The id of what it was done to. */
  readonly object: string;
  /** The id of the token that it was done with. */
  readonly actor: string;
  readonly actorRole: Role;
  /** "" unless the role is tenant. */
  readonly actorTenant: string;
  readonly actorLabel: string;
  /** Never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditQuery {
  /** Only what was this one's affair; null: all. */
  readonly owner: string | null;
  readonly action?: string | undefined;
  readonly object?: string | undefined;
  /** Only rows before this one in time: the last of the page before. */
  readonly before?: Pick<AuditRow, "atMs" | "id"> | undefined;
  readonly limit: number;
}

/** Two years, as long as the hours of what was measured. */
const KEEP_MS = 730 * 86_400_000;

export class Audit {
  readonly #store: StoreClient;
  readonly #now: () => number;
  #lastMs = 0;

  constructor(store: StoreClient, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** Stores what was done, with its time and an id. */
  async record(input: Omit<AuditRow, "id" | "atMs">): Promise<AuditRow> {
    // Rises with every row of this process, so that two changes of one millisecond keep their order.
    const atMs = (this.#lastMs = Math.max(this.#now(), this.#lastMs + 1));
    const row = { ...input, id: randomBytes(8).toString("hex"), atMs };
    await this.#store.insertRows("audit", [toStore(row)]);
    return row;
  }

  /** The newest first. */
  async read(query: AuditQuery, options: StoreOptions = {}): Promise<AuditRow[]> {
    const { owner, action, object, before, limit } = query;
    const terms = [
      ...(owner === null ? [] : ["owner = {owner:String}"]),
      ...(action === undefined ? [] : ["action = {action:String}"]),
      ...(object === undefined ? [] : ["object = {object:String}"]),
      ...(before === undefined ? [] : ["at_ms <= {atMs:Int64}", "(at_ms < {atMs:Int64} OR id < {id:String})"]),
    ];
    const rows = await this.#store.query<Record<string, unknown>>(
      `SELECT * FROM audit ${terms.length === 0 ? "" : `WHERE ${terms.join(" AND ")}`}
       ORDER BY at_ms DESC, id DESC LIMIT {limit:UInt32}`,
      defined({ owner: owner ?? undefined, action, object, atMs: before?.atMs, id: before?.id, limit }),
      options,
    );
    return rows.map(fromStore);
  }

  /** Deletes what is old enough. */
  async sweep(): Promise<void> {
    const params = { before: this.#now() - KEEP_MS };
    const [row] = await this.#store.query<{ n: string }>(
      "SELECT count() AS n FROM audit WHERE at_ms < {before:Int64}",
      params,
    );
    if (row?.n !== "0") await this.#store.command("ALTER TABLE audit DELETE WHERE at_ms < {before:Int64}", params);
  }
}

function defined(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

function toStore(row: AuditRow): Record<string, unknown> {
  return {
    at_ms: row.atMs,
    id: row.id,
    owner: row.owner,
    action: row.action,
    object: row.object,
    actor: row.actor,
    actor_role: row.actorRole,
    actor_tenant: row.actorTenant,
    actor_label: row.actorLabel,
    detail: JSON.stringify(row.detail),
  };
}

function fromStore(row: Record<string, unknown>): AuditRow {
  return {
    id: String(row["id"]),
    atMs: Number(row["at_ms"]),
    action: String(row["action"]),
    owner: String(row["owner"]),
    object: String(row["object"]),
    actor: String(row["actor"]),
    actorRole: String(row["actor_role"]) as Role,
    actorTenant: String(row["actor_tenant"]),
    actorLabel: String(row["actor_label"]),
    detail: JSON.parse(String(row["detail"])) as Record<string, unknown>,
  };
}
