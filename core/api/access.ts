/**
 * access.ts: who may use the API: roles, sessions, tenants, tokens, the audit trail; and the one shape of an error.
 */
export type Role = "operator" | "tenant" | "collector" | "service";

/** What a tenant's token may do: look, or ask for measurements and manage its tenant's tokens as well. */
export type Scope = "read" | "write";

/** Who is asking: GET /v1/session. */
export interface SessionInfo {
  readonly role: Role;
  /** "read": the page offers nothing that changes anything. */
  readonly scope: Scope;
  /** The tenant whose token this is; null for operators. */
  readonly tenant: TenantInfo | null;
  /** The label of the token. */
  readonly label: string;
  /** True in the demo: the page says that its data are simulated. */
  readonly simulated: boolean;
  readonly version: string;
}

/** GET /v1/session/ways: how people sign in besides with a token; for anybody. */
export interface SignInWays {
  /** The OpenID provider that people are sent to (GET /v1/session/oidc/start); null: none. */
  readonly oidc: { readonly name: string } | null;
}

/** DELETE /v1/session. */
export interface SignedOut {
  readonly ok: boolean;
  /** Where the session at the OpenID provider is ended; null: there is none to end. */
  readonly endSession: string | null;
}

export interface TenantInfo {
  /** The owner's uuid. */
  readonly id: string;
  readonly name: string;
  /** Zones owned now. */
  readonly zones: readonly { readonly name: string; readonly alias: string }[];
}

/** GET /v1/tenants/:id: a tenant with the history of its zones. */
export interface TenantDetail extends TenantInfo {
  /** Whether there is an account: zones may have an owner that nobody has named. */
  readonly named: boolean;
  /** The newest first. */
  readonly intervals: readonly OwnershipInterval[];
}

/** A zone was the tenant's from `fromMs` (0: as long as anybody knows) until `toMs` (null: still is). */
export interface OwnershipInterval {
  readonly zone: string;
  readonly alias: string;
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Operators only. */
  readonly host?: string;
}

/** GET /v1/tokens answers {tokens: TokenInfo[]}; never with the secret, nor its digest. */
export interface TokenInfo {
  readonly id: string;
  readonly role: Role;
  /** The tenant's id; null unless the role is tenant. */
  readonly tenant: string | null;
  readonly scope: Scope;
  readonly label: string;
  /** A session of the page, or a service's own, which the program makes and forgets. */
  readonly passing: boolean;
  /** The same for a token and its successors. */
  readonly lineage: string;
  readonly createdMs: number;
  /** null: never, not revoked. */
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
  readonly valid: boolean;
}

/** The answer to making or rotating a token: the one time that its text is shown. */
export interface NewTokenInfo extends TokenInfo {
  readonly token: string;
}

/** One line of GET /v1/audit: who did what. */
export interface AuditInfo {
  readonly id: string;
  readonly atMs: number;
  /** For example "token.revoke". */
  readonly action: string;
  /** Whose affair it was: "operator" or a tenant's id. */
  readonly owner: string;
  /** The id of what it was done to. */
  readonly object: string;
  /** Tenants learn the role of an operator, not which one. */
  readonly actor: {
    readonly role: Role;
    readonly tenant: string | null;
    readonly id?: string;
    readonly label?: string;
  };
  readonly detail: Readonly<Record<string, unknown>>;
}

/** GET /v1/audit: the newest first. */
export interface AuditPage {
  readonly entries: readonly AuditInfo[];
  /** `before` of the next page; null: there is none. */
  readonly next: string | null;
}

/** The one shape of an HTTP error. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly errors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}
