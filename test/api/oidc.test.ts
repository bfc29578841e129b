/**
 * Bearer tokens of an OpenID provider: a real server of keys on loopback, real signatures, and every way to be refused.
 */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import type { SessionInfo } from "../../core/api.ts";
import { oidcCheck, oidcReader, type OidcOptions } from "../../query-api/oidc.ts";
import { Client } from "../e2e/stack.ts";
import { startApi, type Api } from "./api-fixture.ts";
import { startQueryApp } from "./query-app.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const ISSUER = "https://id.example";
const AUDIENCE = "isotherm";
const TENANT_CLAIM = "https://example.com/tenant";

interface Key {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

async function makeKey(kid: string, alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** The provider's side: whatever keys it publishes at the moment, and how often it was asked. */
class Provider {
  keys: Key[] = [];
  fetches = 0;
  isBroken = false;
  readonly #server: Server = createServer((_request, response) => {
    this.fetches += 1;
    if (this.isBroken) response.writeHead(500).end();
    else
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
  });

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`;
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }
}

describe("bearer tokens of an OpenID provider", () => {
  const provider = new Provider();
  let options: OidcOptions;
  let rsa: Key;
  let ed: Key;
  let stranger: Key;

  before(async () => {
    [rsa, ed, stranger] = await Promise.all([makeKey("r1", "RS256"), makeKey("e1", "EdDSA"), makeKey("r1", "RS256")]);
    provider.keys = [rsa, ed];
    const jwksUrl = await provider.start();
    options = { issuer: ISSUER, jwksUrl, audience: AUDIENCE, tenantClaim: TENANT_CLAIM, rolesClaim: "realm.roles" };
  });
  after(() => provider.close());
  beforeEach(() => {
    provider.isBroken = false;
  });

  // An hour: the files of a group are loaded together, and on a slow machine this one has its turn minutes later.
  const LOADED_SEC = Math.floor(Date.now() / 1000);
  const CLAIMS = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "ada",
    iat: LOADED_SEC,
    exp: LOADED_SEC + 3600,
    [TENANT_CLAIM]: ACME,
  };
  const inSec = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
  const sign = (key: Key, claims: object = CLAIMS, header: object = {}): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: key.jwk.alg ?? "", ...(key.jwk.kid && { kid: key.jwk.kid }), ...header })
      .sign(key.privateKey);
  const plain = (value: object): string => base64url.encode(JSON.stringify(value));

  describe("who somebody is", () => {
    test("a tenant's member reads, and writes with the role for it; an operator has the whole", async () => {
      const check = oidcCheck(options);
      const as = async (claims: object): Promise<unknown> => {
        const row = await check(await sign(rsa, { ...CLAIMS, ...claims }));
        return row === null ? null : [row.role, row.tenant, row.scope];
      };
      assert.deepEqual(await as({}), ["tenant", ACME, "read"]);
      assert.deepEqual(await as({ realm: { roles: ["x", "isotherm-write"] } }), ["tenant", ACME, "write"]);
      assert.deepEqual(await as({ realm: { roles: "isotherm-write x" } }), ["tenant", ACME, "write"]);
      assert.deepEqual(await as({ realm: { roles: ["isotherm-operator"] } }), ["operator", "", "write"]);
      assert.deepEqual(await as({ aud: ["other", AUDIENCE] }), ["tenant", ACME, "read"]);
    });

    test("one without a tenant, or with what is no tenant's id, is nobody", async () => {
      const check = oidcCheck(options);
      const wrong = [
        undefined,
        "",
        "operator",
        "quarantine",
        "*",
        "a b",
        ["x"],
        { id: ACME },
        7,
        "x".repeat(65),
        "__proto__.",
      ];
      for (const tenant of wrong) {
        assert.equal(await check(await sign(ed, { ...CLAIMS, [TENANT_CLAIM]: tenant })), null, JSON.stringify(tenant));
      }
      for (const roles of ["isotherm-operators", { "isotherm-operator": true }, ["ISOTHERM-OPERATOR"]]) {
        const row = await check(await sign(ed, { ...CLAIMS, realm: { roles } }));
        assert.equal(row?.role, "tenant", JSON.stringify(roles));
      }
    });
  });

  describe("what is refused", () => {
    const cases: [name: string, make: () => Promise<string> | string][] = [
      ["another issuer", () => sign(rsa, { ...CLAIMS, iss: "https://evil.example" })],
      ["an issuer that only begins alike", () => sign(rsa, { ...CLAIMS, iss: `${ISSUER}/` })],
      ["another audience", () => sign(rsa, { ...CLAIMS, aud: "grafana" })],
      ["no audience", () => sign(rsa, { ...CLAIMS, aud: undefined })],
      ["expired beyond the tolerance", () => sign(rsa, { ...CLAIMS, exp: inSec(-31) })],
      ["no expiry", () => sign(rsa, { ...CLAIMS, exp: undefined })],
      ["no subject", () => sign(rsa, { ...CLAIMS, sub: undefined })],
      ["not valid yet", () => sign(rsa, { ...CLAIMS, nbf: inSec(7200) })],
      ["a kid that nobody publishes", () => sign(rsa, CLAIMS, { kid: "nobody" })],
      ["signed by another's key under a known kid", () => sign(stranger)],
      ["another algorithm than the key's", () => sign({ ...rsa, jwk: { ...rsa.jwk, kid: "e1" } })],
      ["a critical extension that we do not know", () => forged({ alg: "RS256", kid: "r1", crit: ["x"], x: 1 })],
      ["alg none", () => `${plain({ alg: "none" })}.${plain(CLAIMS)}.`],
      ["alg none with a signature", () => forged({ alg: "none", kid: "r1" })],
      ["HMAC with the public key as its secret", async () => hmac(await exportSPKI(rsa.publicKey))],
      ["HMAC with the published JWK as its secret", () => hmac(JSON.stringify(rsa.jwk))],
      ["a key that the token brings along", () => sign(stranger, CLAIMS, { kid: "r9", jwk: stranger.jwk })],
      [
        "a URL of keys that the token brings along",
        () => sign(stranger, CLAIMS, { kid: "r9", jku: "http://127.0.0.1:1/" }),
      ],
      ["claims changed after signing", async () => swapped(await sign(rsa))],
      ["no token at all", () => "x.y.z"],
      ["too long", async () => sign(rsa, { ...CLAIMS, pad: "x".repeat(9000) })],
    ];
    const forged = async (header: object): Promise<string> =>
      `${plain(header)}.${plain(CLAIMS)}.${(await sign(rsa)).split(".")[2] ?? ""}`;
    const hmac = (secret: string): Promise<string> =>
      new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid: "r1" }).sign(new TextEncoder().encode(secret));
    const swapped = (token: string): string => {
      const [header = "", , signature = ""] = token.split(".");
      return `${header}.${plain({ ...CLAIMS, [TENANT_CLAIM]: "another" })}.${signature}`;
    };
    for (const [name, make] of cases) {
      test(name, async () => {
        const check = oidcCheck(options);
        assert.ok(await check(await sign(rsa)), "a good one is taken");
        assert.equal(await check(await make()), null);
      });
    }

    test("a clock that is a little off is not", async () => {
      const check = oidcCheck(options);
      // Of now, not of when the file was loaded: others of its group may have run in between.
      const sec = Math.floor(Date.now() / 1000);
      assert.ok(await check(await sign(rsa, { ...CLAIMS, exp: sec - 5 })));
      assert.ok(await check(await sign(rsa, { ...CLAIMS, nbf: sec + 5 })));
    });
  });

  describe("the keys", () => {
    test("are fetched once, for many tokens", async () => {
      const check = oidcCheck(options);
      const from = provider.fetches;
      for (const sub of ["a", "b", "c"]) assert.ok(await check(await sign(rsa, { ...CLAIMS, sub })));
      assert.equal(provider.fetches - from, 1);
    });

    test("are fetched again for a kid that is new, and unknown ones cannot make that often", async () => {
      const check = oidcCheck(options, oidcReader(options, { cooldownDuration: 0 }));
      assert.ok(await check(await sign(rsa)));
      const next = await makeKey("r2", "RS256");
      provider.keys = [next];
      assert.ok(await check(await sign(next)), "rotated in");
      assert.equal(await check(await sign(rsa, { ...CLAIMS, sub: "eve" })), null, "rotated out");
      provider.keys = [rsa, ed];
      const cooling = oidcCheck(options);
      assert.ok(await cooling(await sign(rsa)));
      const from = provider.fetches;
      for (let i = 0; i < 20; i++) assert.equal(await cooling(await sign(rsa, CLAIMS, { kid: `k${i}` })), null);
      assert.equal(provider.fetches, from);
    });

    test("a provider that is down is no wrong token", async () => {
      provider.isBroken = true;
      await assert.rejects(oidcCheck(options)(await sign(rsa)), { code: "OIDC_UNAVAILABLE" });
      const nowhere = { ...options, jwksUrl: "http://127.0.0.1:1/jwks" };
      await assert.rejects(oidcCheck(nowhere)(await sign(rsa)), { code: "OIDC_UNAVAILABLE" });
    });

    test("come over https, or from this machine", () => {
      for (const jwksUrl of ["http://id.example/jwks", "ftp://id.example/", "jwks", "http://127.0.0.1.example/"]) {
        assert.throws(() => oidcCheck({ ...options, jwksUrl }), { code: "INVALID_INPUT" }, jwksUrl);
      }
      oidcCheck({ ...options, jwksUrl: "https://id.example/jwks" });
    });
  });

  describe("at the API", () => {
    let api: Api;
    let url: string;
    let close: () => Promise<void>;
    before(async () => {
      api = await startApi([{ id: ACME, name: "acme" }]);
      const guessLimits = { burst: 3, refillMs: 60_000 };
      ({ url, close } = await startQueryApp(api, { oidc: options, guessLimits }));
    });
    after(async () => {
      await close();
      await api.close();
    });

    test("they are taken beside our own, and may what their claims say", async () => {
      const session = await new Client(url, await sign(rsa)).json<SessionInfo>("/v1/session");
      assert.deepEqual(
        [session.role, session.tenant?.name, session.scope, session.label],
        ["tenant", "acme", "read", "ada"],
      );
      assert.equal((await new Client(url, api.operator.token).fetch("/v1/session")).status, 200);
      const body = JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"] });
      const post = async (claims: object): Promise<number> => {
        const init = { method: "POST", headers: { "content-type": "application/json" }, body };
        return (await new Client(url, await sign(rsa, claims)).fetch("/v1/instrumentations", init)).status;
      };
      assert.equal(await post(CLAIMS), 403);
      assert.equal(await post({ ...CLAIMS, realm: { roles: ["isotherm-write"] } }), 201);
    });

    test("one that is refused is 401, then 429 like any other guess; one for which there are no keys is 503", async () => {
      const status = async (token: string): Promise<number> =>
        (await new Client(url, token).fetch("/v1/session")).status;
      const bad = await sign(stranger);
      const seen: number[] = [];
      for (let i = 0; i < 5; i++) seen.push(await status(bad));
      assert.deepEqual(seen, [401, 401, 401, 429, 429]);
      assert.equal(await status(await sign(rsa)), 200);
    });

    test("one is traded for a session of the page, which ends when it does", async () => {
      const trade = async (token: string): Promise<Response> => {
        const headers = { "content-type": "application/json", origin: url };
        return fetch(`${url}/v1/session`, { method: "POST", headers, body: JSON.stringify({ token }) });
      };
      const exp = inSec(300);
      const beforeSec = Date.now() / 1000;
      const traded = await trade(await sign(rsa, { ...CLAIMS, exp }));
      const [cookie = ""] = traded.headers.getSetCookie();
      const lifeSec = Number(/Max-Age=(\d+)/.exec(cookie)?.[1]);
      assert.ok(lifeSec > 250 && lifeSec <= exp + 31 - beforeSec, cookie);
      const own = { headers: { cookie: cookie.split(";")[0] ?? "" } };
      const session = (await (await fetch(`${url}/v1/session`, own)).json()) as SessionInfo;
      assert.deepEqual([session.role, session.tenant?.name, session.scope], ["tenant", "acme", "read"]);
      await fetch(`${url}/v1/session`, { method: "DELETE", headers: { ...own.headers, origin: url } });
      assert.equal((await fetch(`${url}/v1/session`, own)).status, 401, "signed out");
      assert.ok(!(await trade(await sign(rsa, { ...CLAIMS, exp: inSec(-60) }))).ok, "expired");
    });
  });
});
