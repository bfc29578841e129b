/**
 * oidc-sign-in.ts: sending people to the OpenID provider, and knowing who came back: the code flow with PKCE, state and nonce (OpenID
 * Connect Core 1.0, section 3.1; RFC 7636; RFC 9700).
 *
 * The browser keeps one secret in a cookie; state, nonce and the verifier of PKCE are digests of it. So a code counts only in the
 * browser that was sent away (state), an ID token only for that sign-in (nonce), and a code that was overheard is worth nothing
 * (verifier). Nothing is kept here between the two, so another process may finish what this one began.
 */
import type { JWTPayload } from "jose";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { OperationalError } from "../core/errors.ts";
import type { TokenRow } from "../store/tokens.ts";
import { OIDC_DEFAULTS } from "./oidc-defaults.ts";
import { safeUrl, type OidcOptions, type TokenReader } from "./oidc.ts";

export type SignInOptions = OidcOptions & { readonly clientId: string };

/** What the provider sends back in the query (RFC 6749, section 4.1.2; `iss`: RFC 9207). */
export interface Returned {
  readonly code?: string;
  readonly state?: string;
  readonly error?: string;
  readonly iss?: string;
}

/** Of what a provider publishes about itself, what is used here (OpenID Connect Discovery 1.0, section 3). */
interface Metadata {
  readonly authorization: URL;
  readonly token: URL;
  /** Where a session there is ended (OpenID Connect RP-Initiated Logout 1.0); null: nobody says. */
  readonly endSession: URL | null;
  /** The secret goes into the body, since the provider does not take it in a header. */
  readonly secretInBody: boolean;
  /** Every answer names its issuer. */
  readonly namesIssuer: boolean;
}

const TIMEOUT_MS = 5000;
const METADATA_MS = 600_000;
const MAX_BYTES = 100_000;

export class OidcSignIn {
  /** What the page calls the provider. */
  readonly name: string;
  readonly #options: SignInOptions;
  readonly #read: TokenReader;
  #metadata: { readonly untilMs: number; readonly known: Promise<Metadata> } | null = null;

  constructor(options: SignInOptions, read: TokenReader) {
    this.#options = options;
    this.#read = read;
    this.name = options.name ?? new URL(options.issuer).host;
  }

  /**
   * @returns where to send the browser, and the secret that it has to bring back
   * @throws OperationalError OIDC_UNAVAILABLE
   */
  async start(redirectUri: string): Promise<{ readonly location: string; readonly secret: string }> {
    const secret = randomBytes(32).toString("base64url");
    const location = new URL((await this.#known()).authorization);
    const asked = {
      response_type: "code",
      client_id: this.#options.clientId,
      redirect_uri: redirectUri,
      scope: this.#options.scopes ?? OIDC_DEFAULTS.scopes,
      state: digest("state", secret),
      nonce: digest("nonce", secret),
      code_challenge: createHash("sha256").update(digest("verifier", secret)).digest("base64url"),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(asked)) location.searchParams.set(name, value);
    return { location: location.href, secret };
  }

  /**
   * @param secret what the browser brought
   * @param redirectUri the same as at the start, to the letter
   * @throws OperationalError OIDC_STATE (another browser, or too late), OIDC_REFUSED (the provider's no, or an answer that is not its
   *   own), OIDC_NOBODY (neither a tenant's nor an operator), OIDC_UNAVAILABLE
   */
  async finish(returned: Returned, secret: string, redirectUri: string): Promise<TokenRow> {
    if (!equal(returned.state ?? "", digest("state", secret)))
      throw new OperationalError("OIDC_STATE", "end a sign-in: this browser did not begin it, or too long ago");
    const { issuer, clientId } = this.#options;
    const metadata = await this.#known();
    // An answer that another provider has been made to give (RFC 9207, section 2.4).
    if (returned.iss === undefined ? metadata.namesIssuer : returned.iss !== issuer) throw refused("another issuer");
    if (returned.error !== undefined) throw refused(returned.error);
    if (returned.code === undefined) throw refused("no code");
    const idToken = await this.#exchange(metadata.token, metadata.secretInBody, {
      grant_type: "authorization_code",
      code: returned.code,
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: digest("verifier", secret),
    });
    const vouched = await this.#read(idToken, clientId);
    if (vouched === null) throw refused("the ID token is not valid");
    if (vouched.payload["nonce"] !== digest("nonce", secret)) throw refused("the ID token is of another sign-in");
    if (!isFor(vouched.payload, clientId)) throw refused("the ID token is for another");
    if (vouched.principal !== null) return vouched.principal;
    throw new OperationalError(
      "OIDC_NOBODY",
      "sign in: the provider says neither which tenant nor that of an operator",
    );
  }

  /** @returns where the browser ends its session at the provider; null where that has no such place, or is not to be reached */
  async end(returnTo: string): Promise<string | null> {
    const metadata = await this.#known().catch(() => null);
    if (metadata === null || metadata.endSession === null) return null;
    const location = new URL(metadata.endSession);
    // Without the ID token, which is not kept, it asks who is there whether they mean it.
    location.searchParams.set("client_id", this.#options.clientId);
    location.searchParams.set("post_logout_redirect_uri", returnTo);
    return location.href;
  }

  async #exchange(url: URL, secretInBody: boolean, form: Readonly<Record<string, string>>): Promise<string> {
    const { clientId, clientSecret } = this.#options;
    const headers: Record<string, string> = { accept: "application/json" };
    const body = new URLSearchParams(form);
    if (clientSecret !== undefined && secretInBody) body.set("client_secret", clientSecret);
    else if (clientSecret !== undefined) {
      // Each part form-encoded first (RFC 6749, section 2.3.1).
      const parts = [clientId, clientSecret].map((part) => new URLSearchParams({ part }).toString().slice(5));
      headers["authorization"] = `Basic ${Buffer.from(parts.join(":")).toString("base64")}`;
    }
    const { status, json } = await ask(url, { method: "POST", headers, body });
    if (status >= 500) throw unavailable(`the token endpoint answered ${status}`);
    const token = json["id_token"];
    if (status === 200 && typeof token === "string") return token;
    throw refused(typeof json["error"] === "string" ? json["error"] : `the token endpoint answered ${status}`);
  }

  #known(): Promise<Metadata> {
    const now = Date.now();
    if (this.#metadata === null || this.#metadata.untilMs < now) {
      const known = this.#discover();
      this.#metadata = { untilMs: now + METADATA_MS, known };
      // What failed is asked for again by the next.
      known.catch(() => (this.#metadata = null));
    }
    return this.#metadata.known;
  }

  async #discover(): Promise<Metadata> {
    const { issuer } = this.#options;
    const url = safeUrl(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, "oidc.issuer");
    const { status, json } = await ask(url, { headers: { accept: "application/json" } });
    if (status !== 200) throw unavailable(`discovery answered ${status}`);
    if (json["issuer"] !== issuer) throw unavailable("discovery is of another issuer");
    const methods = json["token_endpoint_auth_methods_supported"];
    const list = Array.isArray(methods) ? methods : ["client_secret_basic"];
    return {
      authorization: endpointOf(json, "authorization_endpoint"),
      token: endpointOf(json, "token_endpoint"),
      endSession: optionalOf(json, "end_session_endpoint"),
      secretInBody: !list.includes("client_secret_basic") && list.includes("client_secret_post"),
      namesIssuer: json["authorization_response_iss_parameter_supported"] === true,
    };
  }
}

function endpointOf(metadata: Readonly<Record<string, unknown>>, name: string): URL {
  try {
    return safeUrl(String(metadata[name]), name);
  } catch (cause) {
    throw unavailable(`discovery has no ${name} to send anybody to`, cause);
  }
}

/** People can sign in without it, so one that nobody may be sent to is none. */
function optionalOf(metadata: Readonly<Record<string, unknown>>, name: string): URL | null {
  try {
    return endpointOf(metadata, name);
  } catch {
    return null;
  }
}

/** One question to the provider. It never redirects: a code must not follow wherever it is sent. */
async function ask(url: URL, init: RequestInit): Promise<{ status: number; json: Record<string, unknown> }> {
  try {
    const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new Error(`an answer of ${text.length} bytes`);
    const json: unknown = text.startsWith("{") ? JSON.parse(text) : {};
    return { status: response.status, json: json as Record<string, unknown> };
  } catch (cause) {
    throw unavailable(`ask ${url.origin}`, cause);
  }
}

/** Several audiences, or somebody else's authority, need to name us as the one it was made for (Core 1.0, section 3.1.3.7). */
function isFor({ aud, azp }: JWTPayload & { readonly azp?: unknown }, clientId: string): boolean {
  return azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === clientId;
}

function digest(what: string, secret: string): string {
  return createHash("sha256").update(`${what}\0${secret}`).digest("base64url");
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(why: string): OperationalError {
  return new OperationalError("OIDC_REFUSED", "sign in at the OpenID provider", { cause: new Error(why) });
}

function unavailable(why: string, cause?: unknown): OperationalError {
  return new OperationalError("OIDC_UNAVAILABLE", `ask the OpenID provider: ${why}`, { cause });
}
