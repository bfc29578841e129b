/**
 * first-view.test.ts: what a browser has to fetch before it shows a heatmap stays small enough for a slow link.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Response } from "playwright-core";
import { CODE } from "./fake-api.ts";
import { PAST, usePageBed, type PageBed } from "./page-bed.ts";

const { open, release } = usePageBed();
const MOST_BYTES = 120_000;

describe("the first view", () => {
  let bed: PageBed;
  before(async () => {
    bed = await open();
  });
  after(release);

  test("comes in at most 120 kB, compressed", async () => {
    const context = await bed.browser.newContext();
    const page = await context.newPage();
    const files: Response[] = [];
    page.on("requestfinished", (request) => {
      const response = request.existingResponse();
      if (response !== null && !new URL(response.url()).pathname.startsWith("/v1/")) files.push(response);
    });
    await page.goto(`${bed.address}#signin=${CODE}&${PAST}`);
    await page.waitForSelector("[data-key-value] .spark path");
    // Those that are there by then: what comes later was not needed for it.
    const bodies = await Promise.all([...files].map((file) => file.body()));
    const bytes = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
    await context.close();
    assert.ok(bodies.length >= 4, `${bodies.length} files`);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  });
});
