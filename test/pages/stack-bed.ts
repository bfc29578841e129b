/**
 * stack-bed.ts: the page in a real browser on the whole product: a simulated host over ssh, collector, ingest, engine, query API.
 *
 * Started once for all test files of a process that ask for it. Whatever a page writes on its console is kept, for a test to find
 * nothing: the policy is the product's own.
 */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { startStack, type Client, type Stack } from "../e2e/stack.ts";
import { violations } from "../web/axe.ts";
import { launchBrowser } from "../web/browser.ts";
import { builtPage } from "../web/built-page.ts";

export interface OnPage {
  /** Default: the operator's. */
  readonly token?: string;
}

export interface StackBed {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly url: string;
  readonly operator: Client;
  readonly problems: string[];
  /** Runs `look` on a page of its own that is signed in and shows the address. */
  onPage(hash: string, look: (page: Page) => Promise<void>, options?: OnPage): Promise<void>;
}

let users = 0;
let opened: Promise<StackBed> | null = null;

/** To be called when a test file loads, so that the bed stays until the last of them has released it. */
export function useStackBed(): { open: () => Promise<StackBed>; release: () => Promise<void> } {
  users += 1;
  return {
    open: () => (opened ??= openBed()),
    release: async () => {
      users -= 1;
      if (users > 0 || opened === null) return;
      const { stack, browser } = await opened;
      opened = null;
      await browser.close();
      await stack.close();
    },
  };
}

async function openBed(): Promise<StackBed> {
  const webDir = await builtPage();
  const stack = await startStack({ hosts: 1, zonesPerHost: 3, tenants: 2, seed: 7, backfillSec: 40 }, {}, webDir);
  for (const metric of ["cpu.usage", "syscall.ops"]) {
    const decomposition = metric === "syscall.ops" ? ["execname", "latency"] : [];
    await stack.services.query.instrumentations.ensureStanding({ metric, decomposition });
  }
  const browser = await launchBrowser();
  const { url } = stack.services.query;
  const problems: string[] = [];
  return {
    ...{ stack, browser, url, problems },
    operator: stack.operator,
    onPage: (hash, look, { token = stack.operator.token } = {}) => onPageOf(browser, url, token, problems, hash, look),
  };
}

/** @param problems gets what the page writes on its console */
export async function onPageOf(
  browser: Browser,
  url: string,
  token: string,
  problems: string[],
  hash: string,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  const signedIn = await context.request.post(`${url}/v1/session`, { data: { token }, headers: { origin: url } });
  if (!signedIn.ok()) throw new Error(`sign in: ${signedIn.status()}`);
  // As the page itself notes where somebody has signed in.
  await context.addInitScript(() => localStorage.setItem("isotherm.signed-in", "yes"));
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${url}/#${hash}`);
  await look(page);
  await context.close();
}

/** Whether a page can be used by everybody: axe-core finds nothing in either theme, and on a phone nothing sticks out. */
export async function assertUsable(page: Page): Promise<void> {
  assert.deepEqual(await violations(page), [], "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForSelector("[data-theme=light]");
  assert.deepEqual(await violations(page), [], "light");
  await page.setViewportSize({ width: 390, height: 844 });
  // Charts take their new width in a frame of their own.
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
}

/** The text that an element shows, spaces as one sees them. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const text = await page.locator(selector).first().innerText();
  return text.replace(/\s+/g, " ").trim();
}
