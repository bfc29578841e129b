/**
 * Signing in by way of an OpenID provider: a real one on loopback that holds its client to the protocol, and every way to be refused.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { SessionInfo, SignedOut, SignInWays } from "../../core/api.ts";
import type { QueryOptions } from "../../query-api/context.ts";
import { startApi, type Api } from "./api-fixture.ts";
import { OidcProvider, type Faults } from "./oidc-provider.ts";
import { startQueryApp, type QueryApp } from "./query-app.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const CALLBACK = "/v1/session/oidc/callback";

/** A browser as far as it goes here: cookies of one site, and no redirect followed by itself. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(this.url + path, { redirect: "manual", headers: { cookie, ...headers } });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Away to the provider. @returns the address that it was sent to */
  async away(): Promise<URL> {
    const response = await this.get("/v1/session/oidc/start");
    assert.equal(response.status, 302);
    return new URL(locationOf(response), this.url);
  }

  /** Signs in at the provider. @returns the address that it sends back to */
  async atProvider(authorize: URL, user: string): Promise<URL> {
    const page = await fetch(authorize);
    assert.equal(page.status, 200, await page.text());
    const login = new URL(`/login${authorize.search}`, authorize);
    const answer = await fetch(login, { method: "POST", redirect: "manual", body: new URLSearchParams({ user }) });
    return new URL(locationOf(answer));
  }

  /** The whole way. @returns where it ends */
  async signIn(user: string): Promise<string> {
    const back = await this.atProvider(await this.away(), user);
    return locationOf(await this.get(back.pathname + back.search));
  }

  async session(): Promise<SessionInfo | number> {
    const response = await this.get("/v1/session");
    return response.ok ? ((await response.json()) as SessionInfo) : response.status;
  }
}

describe("signing in at an OpenID provider", () => {
  const provider = new OidcProvider();
  let api: Api;
  let app: QueryApp;
  const startApp = async (differs: Partial<QueryOptions> = {}): Promise<QueryApp> => {
    const made = await startQueryApp(api, { oidc: provider.options, ...differs });
    provider.redirectUris.push(made.url + CALLBACK);
    return made;
  };

  before(async () => {
    await provider.start();
    provider.users["ada"] = { tenant: ACME, roles: ["isotherm-write"] };
    provider.users["root"] = { roles: "isotherm-operator" };
    provider.users["nobody"] = {};
    api = await startApi([{ id: ACME, name: "acme" }]);
  });
  after(async () => {
    await api.close();
    await provider.close();
  });
  // A fresh one each: metadata are kept, and wrong answers counted.
  beforeEach(async () => (app = await startApp()));
  afterEach(async () => {
    provider.faults = {};
    await app.close();
  });

  test("is offered where the provider knows us, and nowhere else", async () => {
    const ways = async (url: string): Promise<SignInWays> => (await fetch(`${url}/v1/session/ways`)).json() as never;
    assert.deepEqual(await ways(app.url), { oidc: { name: new URL(provider.issuer).host } });
    assert.deepEqual(await ways(api.url), { oidc: null });
    const { clientId: _, ...unknown } = provider.options;
    const tokensOnly = await startApp({ oidc: unknown });
    assert.deepEqual(await ways(tokensOnly.url), { oidc: null });
    for (const path of ["start", "callback"])
      assert.equal((await fetch(`${tokensOnly.url}/v1/session/oidc/${path}`)).status, 404);
    await tokensOnly.close();
  });

  test("ends in a session of who the provider says that it is", async () => {
    const browser = new Browser(app.url);
    assert.equal(await browser.session(), 401);
    assert.equal(await browser.signIn("ada"), "/#signed-in");
    const ada = (await browser.session()) as SessionInfo;
    assert.deepEqual([ada.role, ada.tenant?.name, ada.scope, ada.label], ["tenant", "acme", "write", "ada"]);
    const other = new Browser(app.url);
    assert.equal(await other.signIn("root"), "/#signed-in");
    assert.equal(((await other.session()) as SessionInfo).role, "operator");
    assert.equal(provider.discoveries > 0, true);
  });

  test("is ended at the provider too, where that has a place for it, and here in any case", async () => {
    const signOut = async (browser: Browser, site = app): Promise<unknown> => {
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { cookie, origin: site.url };
      const response = await fetch(`${site.url}/v1/session`, { method: "DELETE", headers });
      assert.equal(await browser.session(), 401);
      return ((await response.json()) as SignedOut).endSession;
    };
    const ada = new Browser(app.url);
    await ada.signIn("ada");
    const place = new URL(String(await signOut(ada)));
    assert.equal(place.origin + place.pathname, `${provider.issuer}/logout`);
    assert.deepEqual(
      ["client_id", "post_logout_redirect_uri"].map((name) => place.searchParams.get(name)),
      [provider.options.clientId, `${app.url}/`],
    );
    // A provider that has none, and one that would send people off without https.
    for (const end_session_endpoint of [undefined, "http://elsewhere.example/logout", 7]) {
      provider.faults = { metadata: { end_session_endpoint } };
      const site = await startApp();
      const browser = new Browser(site.url);
      assert.equal(await browser.signIn("ada"), "/#signed-in");
      assert.equal(await signOut(browser, site), null);
      await site.close();
    }
    // A session that a token of ours was traded for is none of the provider's.
    const headers = { "content-type": "application/json", origin: app.url };
    const body = JSON.stringify({ token: api.operator.token });
    const traded = await fetch(`${app.url}/v1/session`, { method: "POST", headers, body });
    const own = new Browser(app.url);
    const [name = "", value = ""] = (traded.headers.getSetCookie()[0] ?? "").split(";")[0]?.split("=") ?? [];
    own.cookies.set(name, value);
    assert.equal(await signOut(own), null);
  });

  test("asks for what the browser's own secret stands behind, and that secret alone is in a cookie scripts cannot read", async () => {
    const browser = new Browser(app.url);
    const response = await browser.get("/v1/session/oidc/start");
    const [line = ""] = response.headers.getSetCookie();
    assert.match(line, /^isotherm_sign_in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const asked = new URL(locationOf(response)).searchParams;
    const secret = browser.cookies.get("isotherm_sign_in") ?? "";
    const shown = ["state", "nonce", "code_challenge"].map((name) => asked.get(name));
    assert.equal(new Set([...shown, secret]).size, 4, "each is its own, and none is the secret");
    const again = (await new Browser(app.url).away()).searchParams;
    for (const name of ["state", "nonce", "code_challenge"]) assert.notEqual(asked.get(name), again.get(name));
  });

  test("has cookies that only https carries where the site has it", async () => {
    const publicUrl = "https://isotherm.example";
    const site = await startApp({ publicUrl });
    const response = await new Browser(site.url).get("/v1/session/oidc/start");
    assert.match(response.headers.getSetCookie()[0] ?? "", /^__Host-isotherm_sign_in=.*; Secure; SameSite=Lax$/);
    assert.equal(new URL(locationOf(response)).searchParams.get("redirect_uri"), publicUrl + CALLBACK);
    await site.close();
  });

  test("makes a session that lives as long as the configuration says, whatever the ID token's own life", async () => {
    const site = await startApp({ oidc: { ...provider.options, sessionSec: 90 } });
    const browser = new Browser(site.url);
    const back = await browser.atProvider(await browser.away(), "ada");
    const response = await browser.get(back.pathname + back.search);
    const line = response.headers.getSetCookie().find((each) => each.startsWith("isotherm_session")) ?? "";
    assert.match(line, /Max-Age=90; Path=\/; HttpOnly; SameSite=Strict/);
    await site.close();
  });

  test("proves the client in the body where the provider wants it there", async () => {
    provider.faults = { metadata: { token_endpoint_auth_methods_supported: ["client_secret_post"] } };
    assert.equal(await new Browser(app.url).signIn("ada"), "/#signed-in");
  });

  describe("is refused", () => {
    const refusals: [name: string, code: string, faults: Faults][] = [
      ["an ID token of another sign-in", "OIDC_REFUSED", { claims: { nonce: "x" } }],
      ["an ID token without a nonce", "OIDC_REFUSED", { claims: { nonce: undefined } }],
      ["an ID token for another client", "OIDC_REFUSED", { claims: { aud: "grafana" } }],
      ["an ID token for the API and not for the page", "OIDC_REFUSED", { claims: { aud: "isotherm-api" } }],
      ["one of several clients' that does not say whose", "OIDC_REFUSED", { claims: { aud: ["isotherm-page", "x"] } }],
      ["one that was made for another client", "OIDC_REFUSED", { claims: { azp: "grafana" } }],
      ["an ID token of another issuer", "OIDC_REFUSED", { claims: { iss: "https://evil.example" } }],
      ["an ID token that has ended", "OIDC_REFUSED", { claims: { exp: 1_000_000_000 } }],
      ["an ID token signed by another's key", "OIDC_REFUSED", { wrongKey: true }],
      ["a code that the provider does not take", "OIDC_REFUSED", { tokenStatus: 400 }],
      ["an answer in another provider's name", "OIDC_REFUSED", { answerIssuer: "https://evil.example" }],
      ["a provider that fails", "OIDC_UNAVAILABLE", { tokenStatus: 502 }],
    ];
    for (const [name, code, faults] of refusals) {
      test(name, async () => {
        provider.faults = faults;
        const browser = new Browser(app.url);
        assert.equal(await browser.signIn("ada"), `/#sign-in-failed=${code}`);
        assert.equal(await browser.session(), 401);
        provider.faults = {};
        assert.equal(await browser.signIn("ada"), "/#signed-in", "and nothing else was wrong");
      });
    }

    test("one who says no at the provider, and one of whom it says too little", async () => {
      assert.equal(await new Browser(app.url).signIn("cancel"), "/#sign-in-failed=OIDC_REFUSED");
      assert.equal(await new Browser(app.url).signIn("nobody"), "/#sign-in-failed=OIDC_NOBODY");
    });

    test("an answer in a browser that did not ask, and the same answer twice", async () => {
      const [own, victim] = [new Browser(app.url), new Browser(app.url)];
      const back = await own.atProvider(await own.away(), "ada");
      const path = back.pathname + back.search;
      assert.equal(locationOf(await victim.get(path)), "/#sign-in-failed=OIDC_STATE");
      await victim.away();
      assert.equal(locationOf(await victim.get(path)), "/#sign-in-failed=OIDC_STATE", "nor with a secret of its own");
      assert.equal(locationOf(await own.get(path)), "/#signed-in");
      assert.equal(locationOf(await own.get(path)), "/#sign-in-failed=OIDC_STATE");
    });

    test("a code that somebody overheard: it is worth nothing without the verifier", async () => {
      const [own, thief] = [new Browser(app.url), new Browser(app.url)];
      const back = await own.atProvider(await own.away(), "ada");
      const state = (await thief.away()).searchParams.get("state") ?? "";
      back.searchParams.set("state", state);
      const stolen = await thief.get(back.pathname + back.search);
      assert.equal(locationOf(stolen), "/#sign-in-failed=OIDC_REFUSED");
    });

    test("a provider that publishes another's name, or addresses in clear", async () => {
      const wrong = [
        { issuer: "https://evil.example" },
        { token_endpoint: "http://id.example/token" },
        { authorization_endpoint: "javascript:alert(1)" },
      ];
      for (const metadata of wrong) {
        provider.faults = { metadata };
        const ends = locationOf(await new Browser(app.url).get("/v1/session/oidc/start"));
        assert.equal(ends, "/#sign-in-failed=OIDC_UNAVAILABLE", JSON.stringify(metadata));
      }
    });

    test("who guesses, after a while, like any other guess", async () => {
      const site = await startApp({ guessLimits: { burst: 2, refillMs: 60_000 } });
      const seen: string[] = [];
      for (let i = 0; i < 3; i++)
        seen.push(locationOf(await new Browser(site.url).get(`${CALLBACK}?state=${i}&code=x`)));
      assert.deepEqual(
        seen.map((each) => each.split("=")[1]),
        ["OIDC_STATE", "OIDC_STATE", "TOO_MANY_GUESSES"],
      );
      await site.close();
    });
  });

  test("leads nowhere but to this site's own page, whatever else is asked", async () => {
    const evil = [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "%0d%0aSet-Cookie:x=1",
    ];
    for (const each of evil) {
      const asked = ["to", "next", "return", "redirect_uri", "RelayState"].map(
        (name) => `${name}=${encodeURIComponent(each)}`,
      );
      const browser = new Browser(app.url);
      const start = await browser.get(`/v1/session/oidc/start?${asked.join("&")}`);
      const authorize = new URL(locationOf(start));
      assert.deepEqual(
        [authorize.origin, authorize.searchParams.get("redirect_uri")],
        [provider.issuer, app.url + CALLBACK],
      );
      const back = await browser.atProvider(authorize, "ada");
      const done = await browser.get(`${back.pathname}${back.search}&${asked.join("&")}`);
      assert.equal(locationOf(done), "/#signed-in");
      const failed = await browser.get(`${CALLBACK}?state=x&error=${encodeURIComponent(each)}&${asked.join("&")}`);
      assert.equal(locationOf(failed), "/#sign-in-failed=OIDC_STATE");
    }
  });
});

function locationOf(response: Response): string {
  return response.headers.get("location") ?? `${response.status} without a location`;
}
