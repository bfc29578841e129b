/**
 * oidc-provider.ts: a small but real OpenID provider on loopback: discovery, keys, a page to sign in at, codes and ID tokens.
 *
 * It holds its client to the protocol: a redirect URI that is not registered to the letter, a code used twice, a verifier that does
 * not fit its challenge, a wrong secret are refused. What a test has it do wrong, it says in `faults`.
 */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Faults {
  /** Claims of the ID token in place of the right ones; undefined: left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** What discovery says otherwise. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Another key than the published one signs. */
  readonly wrongKey?: boolean;
  /** The token endpoint's status. */
  readonly tokenStatus?: number;
  /** `iss` of the answer to the browser. */
  readonly answerIssuer?: string;
}

interface Asked {
  readonly redirectUri: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export const CLIENT = { clientId: "isotherm-page", clientSecret: "s:e c/ret" };
const KID = "k1";

export class OidcProvider {
  /** Name to claims. */
  readonly users: Record<string, Readonly<Record<string, unknown>>> = {};
  faults: Faults = {};
  /** Where it sends people back to. */
  redirectUris: string[] = [];
  /** Requests to the token endpoint. */
  exchanges = 0;
  discoveries = 0;
  /** Sessions ended here. */
  ended = 0;
  issuer = "";
  readonly #codes = new Map<string, Asked>();
  readonly #server: Server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  #key: CryptoKey | null = null;
  #stranger: CryptoKey | null = null;
  #jwk: JWK = {};

  /** @param host as the browser is to call it: another name of this machine is another site */
  async start(host = "127.0.0.1"): Promise<void> {
    const [own, other] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
    [this.#key, this.#stranger] = [own.privateKey, other.privateKey];
    this.#jwk = { ...(await exportJWK(own.publicKey)), kid: KID, alg: "ES256", use: "sig" };
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.issuer = `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  get options() {
    return { issuer: this.issuer, jwksUrl: `${this.issuer}/jwks`, audience: "isotherm-api", ...CLIENT };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.issuer);
    const form = new URLSearchParams(request.method === "POST" ? await bodyOf(request) : "");
    switch (url.pathname) {
      case "/.well-known/openid-configuration": {
        this.discoveries += 1;
        sendJson(response, 200, {
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/jwks`,
          end_session_endpoint: `${this.issuer}/logout`,
          authorization_response_iss_parameter_supported: true,
          ...this.faults.metadata,
        });
        return;
      }
      case "/jwks": {
        sendJson(response, 200, { keys: [this.#jwk] });
        return;
      }
      case "/authorize": {
        checkAsked(url.searchParams, this.redirectUris);
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        response.end(pageFor(url.search, Object.keys(this.users)));
        return;
      }
      case "/logout": {
        const to = url.searchParams.get("post_logout_redirect_uri") ?? "";
        const isOurs = this.redirectUris.some((uri) => new URL("/", uri).href === to);
        if (!isOurs || url.searchParams.get("client_id") !== CLIENT.clientId)
          throw new Error("a foreign end of a session");
        this.ended += 1;
        response.writeHead(302, { location: to }).end();
        return;
      }
      case "/login": {
        this.#login(url.searchParams, form, response);
        return;
      }
      case "/token": {
        await this.#token(request, form, response);
        return;
      }
    }
    response.writeHead(404).end();
  }

  #login(asked: URLSearchParams, form: URLSearchParams, response: ServerResponse): void {
    checkAsked(asked, this.redirectUris);
    const redirectUri = asked.get("redirect_uri") ?? "";
    const back = new URL(redirectUri);
    back.searchParams.set("state", asked.get("state") ?? "");
    back.searchParams.set("iss", this.faults.answerIssuer ?? this.issuer);
    const claims = this.users[form.get("user") ?? ""];
    if (claims === undefined) back.searchParams.set("error", "access_denied");
    else {
      const code = randomBytes(16).toString("base64url");
      const [nonce, challenge] = [asked.get("nonce") ?? "", asked.get("code_challenge") ?? ""];
      this.#codes.set(code, { redirectUri, nonce, challenge, claims: { sub: form.get("user"), ...claims } });
      back.searchParams.set("code", code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  async #token(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): Promise<void> {
    this.exchanges += 1;
    const asked = this.#codes.get(form.get("code") ?? "");
    this.#codes.delete(form.get("code") ?? "");
    const basic = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
    const [id, secret] = basic.includes(":")
      ? basic.split(":").map((part) => new URLSearchParams(`p=${part}`).get("p"))
      : [form.get("client_id"), form.get("client_secret")];
    const verifier = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isRight =
      asked !== undefined &&
      [id, secret].join() === [CLIENT.clientId, CLIENT.clientSecret].join() &&
      form.get("grant_type") === "authorization_code" &&
      form.get("redirect_uri") === asked.redirectUri &&
      verifier === asked.challenge;
    if (!isRight || this.faults.tokenStatus !== undefined) {
      sendJson(response, this.faults.tokenStatus ?? 400, { error: "invalid_grant" });
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: this.issuer, aud: CLIENT.clientId, iat: now, exp: now + 300, nonce: asked.nonce },
      ...asked.claims,
      ...this.faults.claims,
    };
    const key = this.faults.wrongKey === true ? this.#stranger : this.#key;
    if (key === null) throw new Error("the provider has not been started");
    const id_token = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: KID }).sign(key);
    sendJson(response, 200, { access_token: "unused", token_type: "Bearer", id_token });
  }
}

function checkAsked(asked: URLSearchParams, redirectUris: readonly string[]): void {
  const wrong = [
    asked.get("response_type") !== "code" && "response_type",
    asked.get("client_id") !== CLIENT.clientId && "client_id",
    !redirectUris.includes(asked.get("redirect_uri") ?? "") && `redirect_uri ${asked.get("redirect_uri")}`,
    asked.get("scope")?.split(" ").includes("openid") !== true && "scope",
    !/^[\w-]{43}$/.test(asked.get("state") ?? "") && "state",
    !/^[\w-]{43}$/.test(asked.get("nonce") ?? "") && "nonce",
    !/^[\w-]{43}$/.test(asked.get("code_challenge") ?? "") && "code_challenge",
    asked.get("code_challenge_method") !== "S256" && "code_challenge_method",
  ].filter((each) => each !== false);
  if (wrong.length > 0) throw new Error(`not as expected: ${wrong.join()}`);
}

function pageFor(search: string, users: readonly string[]): string {
  const action = `/login${search.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}`;
  const buttons = [...users, "cancel"].map((name) => `<button name="user" value="${name}">${name}</button>`);
  return `<!doctype html><title>Provider</title><form method="post" action="${action}">${buttons.join("")}</form>`;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
