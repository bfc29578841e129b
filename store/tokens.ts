/**
 * tokens.ts: who may call, proved by 256 random bits of which the store keeps only a digest.
 *
 * A token is `iso_ID_SECRET`; it is looked up by its id and compared in constant time, so neither the store's contents nor
 * the time of an answer helps to guess one. Sessions of the page are tokens too, with a short life: at most as long as that of
 * the token that they were traded for, since who loses the one must lose the other.
 *
 * Rotation makes a successor beside a token, which goes on for a while: two of one *line*, so that whoever holds it can change
 * over without a gap. What a token has (a collector its hosts, its quota) belongs to the line and not to the one token.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role, Scope } from "../core/api.ts";
import { OperationalError } from "../core/errors.ts";
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface TokenRow {
  readonly id: string;
  /** sha-256 of the secret, hex. */
  readonly hash: string;
  readonly role: Role;
  /** The tenant's id; "" unless the role is tenant. */
  readonly tenant: string;
  /** Of a tenant's token; all others may write what their role may. */
  readonly scope: Scope;
  readonly label: string;
  readonly createdMs: number;
  /** 0: never. */
  readonly expiresMs: number;
  /** 0: not revoked. */
  readonly revokedMs: number;
  /** Of a session: the id of the token that it was traded for, or SIGN_IN_CODE; "" for a token of its own right. */
  readonly parent: string;
  /** The id of the first of those that followed one another by rotation: what stays the same. */
  readonly lineage: string;
}

/** What makes a token; absent: a tenant's may write, it does not expire, it is nobody's session. */
export interface NewToken {
  readonly role: Role;
  /** "" unless the role is tenant. */
  readonly tenant: string;
  readonly scope?: Scope;
  readonly label: string;
  readonly lifeMs?: number;
  readonly parent?: string;
}

export interface MadeToken {
  readonly row: TokenRow;
  /** Exists nowhere else from then on. */
  readonly text: string;
}

/** The parent of sessions that began with the demo's sign-in code. */
export const SIGN_IN_CODE = "sign-in-code";

/** In place of a parent: the bearer was vouched for by an OpenID provider, and is in no table. */
export const OIDC = "oidc";

/** The parent of sessions that were traded for a provider's token: their own life is no longer than that token's. */
export const OIDC_SESSION = "oidc-session";

export class Tokens {
  readonly #store: StoreClient;
  readonly #table: ControlTable<TokenRow>;
  readonly #now: () => number;
  /** Ids by line; rebuilt when the table changes. */
  #lines = new Map<string, string[]>();
  #indexed = -1;
  /** Rotations are handled one after another, so that two at once cannot make three of a line. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(store: StoreClient, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
    this.#table = new ControlTable<TokenRow>(store, "tokens", (row) => row.id, fromStore, toStore);
  }

  refresh(isChanged?: (table: string) => boolean): Promise<void> {
    return this.#table.refresh(isChanged);
  }

  all(): TokenRow[] {
    return this.#table.all();
  }

  get(id: string): TokenRow | undefined {
    return this.#table.get(id);
  }

  /** Makes a token. @returns its text, which exists nowhere else from then on */
  async create(role: Role, tenant: string, label: string, lifeMs = 0, parent = ""): Promise<string> {
    return (await this.make({ role, tenant, label, lifeMs, parent })).text;
  }

  make(input: NewToken): Promise<MadeToken> {
    return this.#make(input, "");
  }

  async #make(input: NewToken, lineage: string): Promise<MadeToken> {
    const { role, tenant, scope = "write", label, lifeMs = 0, parent = "" } = input;
    const id = randomBytes(8).toString("hex");
    const secret = randomBytes(32).toString("base64url");
    const now = this.#now();
    const row = {
      id,
      hash: digest(secret),
      role,
      tenant,
      scope,
      label,
      createdMs: now,
      expiresMs: lifeMs === 0 ? 0 : now + lifeMs,
      revokedMs: 0,
      parent,
      lineage: lineage === "" ? id : lineage,
    };
    await this.#table.put([row]);
    return { row, text: `iso_${id}_${secret}` };
  }

  /** The token's row if it is genuine, not expired and not revoked. */
  verify(text: string): TokenRow | undefined {
    const row = this.#genuine(text);
    return row !== undefined && this.isValid(row.id) ? row : undefined;
  }

  /** Whether it was made here, be it valid still or not: who sends one that has ended guesses nothing. */
  isGenuine(text: string): boolean {
    return this.#genuine(text) !== undefined;
  }

  #genuine(text: string): TokenRow | undefined {
    const match = /^iso_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(text);
    const row = this.#table.get(match?.[1] ?? "");
    // An unknown id is compared too, so that it takes the time that a wrong secret takes.
    const same = timingSafeEqual(Buffer.from(digest(match?.[2] ?? "")), Buffer.from(row?.hash ?? NO_HASH));
    return same ? row : undefined;
  }

  /** Whether a token that was genuine still is: neither expired nor revoked, nor is the one that a session was traded for. */
  isValid(id: string): boolean {
    const row = this.#table.get(id);
    if (row === undefined || row.revokedMs !== 0) return false;
    if (row.expiresMs !== 0 && row.expiresMs <= this.#now()) return false;
    return ["", SIGN_IN_CODE, OIDC_SESSION].includes(row.parent) || this.isValid(row.parent);
  }

  /** Whether a caller that was let in would be again: what a stream asks, which outlives the check of its request. */
  stands(principal: TokenRow): boolean {
    if (principal.parent === OIDC) return principal.expiresMs > this.#now();
    return this.isValid(principal.id);
  }

  /** Whether any token of a line is valid. */
  isLineValid(lineage: string): boolean {
    return this.#line(lineage).some((id) => this.isValid(id));
  }

  #line(lineage: string): readonly string[] {
    if (this.#indexed !== this.#table.revision) {
      this.#lines = new Map();
      for (const row of this.#table.all()) {
        const ids = this.#lines.get(row.lineage);
        if (ids === undefined) this.#lines.set(row.lineage, [row.id]);
        else ids.push(row.id);
      }
      this.#indexed = this.#table.revision;
    }
    return this.#lines.get(lineage) ?? [];
  }

  /**
   * Makes a token's successor: the same rights, and as long a life as it was given. The token itself ends after the overlap.
   *
   * @param overlapMs how long both are valid; 0: the old one ends at once
   * @throws OperationalError TOKEN_ROTATION where it has ended, is no token that people make, or two of its line are valid
   */
  rotate(id: string, overlapMs: number): Promise<MadeToken> {
    const made = this.#queue.then(() => this.#rotate(id, overlapMs));
    this.#queue = made.catch(() => undefined);
    return made;
  }

  async #rotate(id: string, overlapMs: number): Promise<MadeToken> {
    const old = this.#table.get(id);
    const refuse = (why: string): OperationalError => new OperationalError("TOKEN_ROTATION", `rotate a token: ${why}`);
    if (old === undefined || !this.isValid(id)) throw refuse("it has ended");
    if (isPassing(old)) throw refuse("sessions and a service's own tokens are not rotated");
    if (this.#line(old.lineage).some((other) => other !== id && this.isValid(other))) {
      throw refuse("two of its line are valid already; revoke one");
    }
    const lifeMs = old.expiresMs === 0 ? 0 : old.expiresMs - old.createdMs;
    const { role, tenant, scope, label, lineage } = old;
    const made = await this.#make({ role, tenant, scope, label, lifeMs }, lineage);
    const endsMs = this.#now() + overlapMs;
    if (overlapMs === 0) await this.#table.put([{ ...old, revokedMs: this.#now() }]);
    else if (old.expiresMs === 0 || endsMs < old.expiresMs) await this.#table.put([{ ...old, expiresMs: endsMs }]);
    return made;
  }

  async revoke(id: string): Promise<boolean> {
    const row = this.#table.get(id);
    if (row === undefined) return false;
    if (row.revokedMs === 0) await this.#table.put([{ ...row, revokedMs: this.#now() }]);
    return true;
  }

  /**
   * Forgets sessions and services' tokens that have expired, here and in the store: there is one for each sign-in, for ever. What
   * people made stays: when it ended is worth knowing.
   *
   * @returns how many
   */
  async sweep(): Promise<number> {
    const ended = this.#table
      .all()
      .filter((row) => isPassing(row) && row.expiresMs !== 0 && row.expiresMs <= this.#now());
    if (ended.length === 0) return 0;
    const ids = ended.slice(0, MAX_SWEPT).map((row) => row.id);
    await this.#store.command(`ALTER TABLE tokens DELETE WHERE has({ids:Array(String)}, id)`, { ids });
    this.#table.forget(ids);
    return ids.length;
  }
}

/** A statement's parameters travel in the URL, which has its limit; the rest is the next sweep's. */
const MAX_SWEPT = 500;

/** Made by the program for a while, and not by people to be kept. */
export function isPassing(row: TokenRow): boolean {
  return row.parent !== "" || row.role === "service";
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
    // Tokens of before there were scopes could write, and were their own line.
    scope: row["scope"] === "read" ? "read" : "write",
    label: String(row["label"]),
    createdMs: Number(row["created_ms"]),
    expiresMs: Number(row["expires_ms"]),
    revokedMs: Number(row["revoked_ms"]),
    parent: String(row["parent"]),
    lineage: row["lineage"] === "" ? String(row["id"]) : String(row["lineage"]),
  };
}

function toStore(row: TokenRow): Record<string, unknown> {
  return {
    id: row.id,
    hash: row.hash,
    role: row.role,
    tenant: row.tenant,
    scope: row.scope,
    label: row.label,
    created_ms: row.createdMs,
    expires_ms: row.expiresMs,
    revoked_ms: row.revokedMs,
    parent: row.parent,
    lineage: row.lineage,
  };
}
