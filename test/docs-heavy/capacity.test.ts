/**
 * The documents' questions about months, asked of five weeks of a simulated history.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { complaints, openBed, type DocumentsBed } from "../docs/documents-bed.ts";
import { commands, HEAVY, NOT_HERE, PAGES, ruleFor } from "../docs/pages.ts";

/** A forecast wants 35. */
const DAYS = 36;

describe("questions about months", () => {
  let bed: DocumentsBed;
  before(async () => (bed = await openBed(DAYS)));
  after(() => bed.close());

  for (const page of PAGES) {
    const run = commands(page)
      .filter(({ text }) => ruleFor(NOT_HERE, page, text) === undefined)
      .filter(({ text }) => ruleFor(HEAVY, page, text)?.why === "capacity.test.ts");
    if (run.length === 0) continue;
    test(`${page}: ${run.length} commands run`, async () => {
      assert.deepEqual(await complaints(bed, page, run), []);
    });
  }
});
