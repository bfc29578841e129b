/**
 * sign-in.test.ts: away to an OpenID provider on another site and back to where one wanted to be, in a real browser on the whole product.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { OidcProvider } from "../api/oidc-provider.ts";
import { startQueryApp, type QueryApp } from "../api/query-app.ts";
import { builtPage } from "../web/built-page.ts";
import { until } from "../until.ts";
import { assertUsable, useStackBed, type StackBed } from "./stack-bed.ts";

const { open, release } = useStackBed();
const provider = new OidcProvider();
let bed: StackBed;
let site: QueryApp;

const BUTTON = "sign in with the house";

/** A page that nobody has signed in at. */
async function onSite(hash: string, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await bed.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) bed.problems.push(message.text());
  });
  page.on("pageerror", (error) => bed.problems.push(error.message));
  await page.goto(`${site.url}/#${hash}`);
  await look(page);
  await context.close();
}

describe("the sign-in page", { timeout: 120_000 }, () => {
  before(async () => {
    bed = await open();
    // By another name than the product's: to a browser that is another site, whose navigation brings no strict cookie along.
    await provider.start("localhost");
    provider.users["root"] = { roles: ["isotherm-operator"] };
    provider.users["stranger"] = {};
    const oidc = { ...provider.options, name: "the house" };
    site = await startQueryApp(bed.stack, { webDir: await builtPage(), oidc });
    provider.redirectUris.push(`${site.url}/v1/session/oidc/callback`);
  });
  after(async () => {
    await site.close();
    await provider.close();
    await release();
  });

  test("leads to the provider and back to the address that was asked for", () =>
    onSite("page=fleet&host=cn-01&zone=local", async (page) => {
      await page.getByRole("link", { name: BUTTON }).click();
      await page.getByRole("button", { name: "root" }).click();
      await page.waitForSelector("[data-host=cn-01]");
      assert.equal(new URL(page.url()).origin, site.url);
      assert.equal(new URL(page.url()).hash, "#page=fleet&host=cn-01&zone=local");
      await page.reload();
      await page.waitForSelector("[data-host=cn-01]");
    }));

  test("is where one comes back to from signing out at the provider as well", async () => {
    const before = bed.problems.length;
    await onSite("page=fleet", async (page) => {
      await page.getByRole("link", { name: BUTTON }).click();
      await page.getByRole("button", { name: "root" }).click();
      await page.getByRole("button", { name: "sign out" }).click();
      await page.getByRole("link", { name: BUTTON }).waitFor();
      await until("the session at the provider has ended", () => provider.ended === 1);
      assert.equal(new URL(page.url()).origin, site.url);
    });
    // What the page was asking while its session ended is answered 401, which the browser writes down.
    const since = bed.problems.splice(before);
    bed.problems.push(...since.filter((text) => !text.includes("status of 401")));
  });

  test("says why one was not let in, keeps where one wanted to be, and then lets one in", () =>
    onSite("page=fleet", async (page) => {
      for (const [user, said] of [
        ["cancel", "the provider did not let you in"],
        ["stranger", "the provider knows you, but not which tenant’s you are"],
      ] as const) {
        await page.getByRole("link", { name: BUTTON }).click();
        await page.getByRole("button", { name: user }).click();
        await page.getByText(said).waitFor();
        assert.equal(new URL(page.url()).hash, "#page=fleet");
      }
      await page.getByRole("link", { name: BUTTON }).click();
      await page.getByRole("button", { name: "root" }).click();
      await page.waitForSelector("[data-summary]");
    }));

  test("goes nowhere else, whatever this tab has been told to want", () =>
    onSite("", async (page) => {
      await page.getByRole("link", { name: BUTTON }).waitFor();
      for (const wanted of ["//evil.example/", "https://evil.example/", "javascript:alert(1)"]) {
        await page.evaluate((value) => sessionStorage.setItem("isotherm.wanted", value), wanted);
        await page.goto("about:blank");
        await page.goto(`${site.url}/#sign-in-failed=OIDC_STATE`);
        await page.getByText("this browser did not begin that sign-in").waitFor();
        assert.equal(page.url(), `${site.url}/`);
      }
    }));

  test("serves everybody in both themes, fits a phone, and leaves no word on the console", async () => {
    await onSite("", async (page) => {
      await page.getByRole("link", { name: BUTTON }).waitFor();
      await assertUsable(page);
    });
    assert.deepEqual(bed.problems, []);
  });
});
