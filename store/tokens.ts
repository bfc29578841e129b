/**
 * tokens.ts: who may call, proved by 256 random bits of which the store keeps only a digest.
 *
 * A token is `iso_ID_SECRET`; it is looked up by its id and compared in constant time, so neither the store's contents nor
 * the time of an answer helps to guess one. Sessions of the page are tokens too, with a short life: at most as long as that of
 * the token that they were traded for, since who loses the one must lose the other.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role } from "../core/api.ts";
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface TokenRow {
  readonly id: string;
  /** sha-256 of the secret, hex. */
  readonly hash: string;
  readonly role: Role;
  /** The tenant's id; "" unless the role is tenant. */
  readonly tenant: string;
  readonly label: string;
  readonly createdMs: number;
  /** 0: never. */
  readonly expiresMs: number;
  /** 0: not revoked. */
  readonly revokedMs: number;
  /** Of a session: the id of the token that it was traded for, or SIGN_IN_CODE; "" for a token of its own right. */
  readonly parent: string;
}

/** The parent of sessions that began with the demo's sign-in code. */
export const SIGN_IN_CODE = "sign-in-code";

export class Tokens {
  readonly #table: ControlTable<TokenRow>;
  readonly #now: () => number;

  constructor(store: StoreClient, now: () => number = Date.now) {
    this.#now = now;
    this.#table = new ControlTable<TokenRow>(store, "tokens", (row) => row.id, fromStore, toStore);
  }

  refresh(): Promise<void> {
    return this.#table.refresh();
  }

  all(): TokenRow[] {
    return this.#table.all();
  }

  /** Makes a token. @returns its text, which exists nowhere else from then on */
  async create(role: Role, tenant: string, label: string, lifeMs = 0, parent = ""): Promise<string> {
    const id = randomBytes(8).toString("hex");
    const secret = randomBytes(32).toString("base64url");
    const now = this.#now();
    const expiresMs = lifeMs === 0 ? 0 : now + lifeMs;
    const row = { id, hash: digest(secret), role, tenant, label, createdMs: now, expiresMs, revokedMs: 0, parent };
    await this.#table.put([row]);
    return `iso_${id}_${secret}`;
  }

  /** The token's row if it is genuine, not expired and not revoked. */
  verify(text: string): TokenRow | undefined {
    const match = /^iso_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(text);
    const row = this.#table.get(match?.[1] ?? "");
    // An unknown id is compared too, so that it takes the time that a wrong secret takes.
    const same = timingSafeEqual(Buffer.from(digest(match?.[2] ?? "")), Buffer.from(row?.hash ?? NO_HASH));
    return same && row !== undefined && this.isValid(row.id) ? row : undefined;
  }

  /** Whether a token that was genuine still is: neither expired nor revoked, nor is the one that a session was traded for. */
  isValid(id: string): boolean {
    const row = this.#table.get(id);
    if (row === undefined || row.revokedMs !== 0) return false;
    if (row.expiresMs !== 0 && row.expiresMs <= this.#now()) return false;
    return row.parent === "" || row.parent === SIGN_IN_CODE || this.isValid(row.parent);
  }

  async revoke(id: string): Promise<boolean> {
    const row = this.#table.get(id);
    if (row === undefined) return false;
    await this.#table.put([{ ...row, revokedMs: this.#now() }]);
    return true;
  }
}

const NO_HASH = "0".repeat(64);

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function fromStore(row: Record<string, unknown>): TokenRow {
  return {
    id: String(row["id"]),
    hash: String(row["hash"]),
    role: String(row["role"]) as Role,
    tenant: String(row["tenant"]),
    label: String(row["label"]),
    createdMs: Number(row["created_ms"]),
    expiresMs: Number(row["expires_ms"]),
    revokedMs: Number(row["revoked_ms"]),
    parent: String(row["parent"]),
  };
}

function toStore(row: TokenRow): Record<string, unknown> {
  return {
    id: row.id,
    hash: row.hash,
    role: row.role,
    tenant: row.tenant,
    label: row.label,
    created_ms: row.createdMs,
    expires_ms: row.expiresMs,
    revoked_ms: row.revokedMs,
    parent: row.parent,
  };
}
