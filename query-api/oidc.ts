/**
 * oidc.ts: bearer tokens that an OpenID provider vouches for, beside our own; the one door to jose.
 *
 * A token is a JWT signed with one of the keys that the provider publishes (RFC 7517, RFC 7519). Algorithms are a list of ours,
 * all asymmetric: a token never chooses how it is checked, so neither `none` nor an HMAC keyed with a public key gets in (RFC
 * 8725, section 3.1). Keys are fetched again when one is named that is not known, at most every half minute.
 *
 * Who a caller is comes from claims: a role that makes an operator, or the tenant's id. One that has neither is nobody.
 */
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { createHash } from "node:crypto";
import { InputError, OperationalError } from "../core/errors.ts";
import { OPERATOR, QUARANTINE } from "../core/window.ts";
import type { BearerCheck } from "../server/http.ts";
import { OIDC, type TokenRow } from "../store/tokens.ts";
import { OIDC_DEFAULTS } from "./oidc-defaults.ts";

export interface OidcOptions {
  /** As the tokens have it in `iss`, to the letter. */
  readonly issuer: string;
  /** Where the provider publishes its keys. */
  readonly jwksUrl: string;
  /** What tokens for us have in `aud`. */
  readonly audience: string;
  /** The claim with the tenant's id; a path where dots lead into objects. Default: `tenant`. */
  readonly tenantClaim?: string;
  /** The claim with roles: a list, or text with spaces between. Default: `roles`. */
  readonly rolesClaim?: string;
  /** The role that makes an operator. Default: `isotherm-operator`. */
  readonly operatorRole?: string;
  /** The role that lets a tenant's member write. Default: `isotherm-write`. */
  readonly writeRole?: string;
  /** How far the provider's clock and ours may be apart. Default: 30 s. */
  readonly clockToleranceSec?: number;
  /** What the provider knows us by: with it people are sent there to sign in (oidc-sign-in.ts); absent: they bring a token. */
  readonly clientId?: string;
  /** Absent: we are a public client, proved by PKCE alone. */
  readonly clientSecret?: string;
  /** What is asked for, words; `openid` among them. Default: `openid`. */
  readonly scopes?: string;
  /** What the page calls the provider. Default: the issuer's host. */
  readonly name?: string;
  /** How long a session lives that began at the provider. Default: 8 hours. */
  readonly sessionSec?: number;
}

/** What a provider vouches for. */
export interface Vouched {
  readonly payload: JWTPayload;
  /** null: of nobody that we know. */
  readonly principal: TokenRow | null;
}

/** Reads the provider's tokens. @returns null for one that is not valid */
export type TokenReader = (text: string, audience: string) => Promise<Vouched | null>;

const ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
/** A key that the provider has withdrawn, or a role that it has taken away by a shorter token, is honoured for so long. */
const REMEMBERED_MS = 60_000;
const JWKS = { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: 5_000 };

/** @throws InputError where the keys would be fetched in clear from another machine */
export function oidcReader(options: OidcOptions, jwksTimes: Partial<typeof JWKS> = {}): TokenReader {
  const settings = { ...OIDC_DEFAULTS, ...options };
  const keys = createRemoteJWKSet(safeUrl(settings.jwksUrl, "oidc.jwksUrl"), { ...JWKS, ...jwksTimes });
  return async (text, audience) => {
    if (text.length > MAX_LENGTH || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return null;
    const expectations = {
      issuer: settings.issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: settings.clockToleranceSec,
      requiredClaims: ["exp", "sub"],
    };
    return jwtVerify(text, keys, expectations).then(
      ({ payload }) => ({ payload, principal: principalOf(payload, settings) }),
      (error: unknown) => {
        if (isBadToken(error)) return null;
        throw new OperationalError("OIDC_UNAVAILABLE", "fetch the keys of the OpenID provider", { cause: error });
      },
    );
  };
}

export function oidcCheck(options: OidcOptions, read = oidcReader(options)): BearerCheck {
  const known = new LRUCache<string, TokenRow>({ max: 10_000, ttl: REMEMBERED_MS });
  return async (text) => {
    const digest = createHash("sha256").update(text).digest("hex");
    const remembered = known.get(digest);
    if (remembered !== undefined && remembered.expiresMs > Date.now()) return remembered;
    const principal = (await read(text, options.audience))?.principal ?? null;
    if (principal !== null) known.set(digest, principal);
    return principal;
  };
}

/** Longer than any provider's, far below the header's own limit. */
const MAX_LENGTH = 8192;

/** Of jose's errors those that the token is to blame for; what is left is the provider's, or the network's. */
function isBadToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    // Says that the answer with the keys was none: jose has no class of its own for it.
    error.code !== "ERR_JOSE_GENERIC"
  );
}

function principalOf(payload: JWTPayload, settings: OidcOptions & typeof OIDC_DEFAULTS): TokenRow | null {
  const roles = listOf(claim(payload, settings.rolesClaim));
  const isOperator = roles.includes(settings.operatorRole);
  const tenant = isOperator ? "" : claim(payload, settings.tenantClaim);
  if (typeof tenant !== "string" || (!isOperator && !isTenantId(tenant))) return null;
  const id = `oidc:${createHash("sha256").update(`${payload.iss}\0${payload.sub}`).digest("hex").slice(0, 32)}`;
  return {
    id,
    hash: "",
    role: isOperator ? "operator" : "tenant",
    tenant,
    scope: isOperator || roles.includes(settings.writeRole) ? "write" : "read",
    label: String(payload.sub)
      .replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 200),
    createdMs: (payload.iat ?? 0) * 1000,
    expiresMs: ((payload.exp ?? 0) + settings.clockToleranceSec) * 1000,
    revokedMs: 0,
    parent: OIDC,
    lineage: id,
  };
}

function isTenantId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text) && text !== OPERATOR && text !== QUARANTINE;
}

/** A claim by its name, which may hold dots itself (`https://example.com/tenant`), else by a path (`realm_access.roles`). */
function claim(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split(".").reduce<unknown>((at, part) => {
    const isObject = typeof at === "object" && at !== null && Object.hasOwn(at, part);
    return isObject ? (at as Record<string, unknown>)[part] : undefined;
  }, payload);
}

function listOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

/**
 * A URL at which the provider is asked.
 *
 * @throws InputError naming `field`, where it is neither https nor this machine's
 */
export function safeUrl(text: string, field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback)) return url;
  const message = "expected an https URL: who can change what the provider says on its way can be anybody";
  throw new InputError("read the OpenID provider's settings", [{ field, code: "NOT_HTTPS", message }]);
}
