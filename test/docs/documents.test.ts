/**
 * The documents are true: their commands run, what they show of an output has that shape, their configurations and rules are taken by
 * the product, and their links lead somewhere.
 *
 * What starts services of its own is in test/docs-heavy; pages.ts has both lists, and what no test runs, with the reason.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseYaml, readConfig } from "../../cli/config.ts";
import { parseSelection } from "../../core/selection.ts";
import type { InstrumentationInput } from "../../query-api/instrumentations.ts";
import { complaints, openBed, type DocumentsBed } from "./documents-bed.ts";
import { anchorsOf, linksOf, type ShellCommand } from "./markdown.ts";
import { blocks, commands, HEAVY, NOT_HERE, PAGES, ROOT, ruleFor, textOf } from "./pages.ts";

/** YAML and JSON that is no configuration and no rule of ours, and so is parsed only. */
const OTHERS: readonly { readonly page: string; readonly begins: string; readonly why: string }[] = [];

interface RuleOfFile {
  readonly name: string;
  readonly instrumentation: InstrumentationInput;
}

describe("the documents", () => {
  let bed: DocumentsBed;
  before(async () => (bed = await openBed()));
  after(() => bed.close());

  const isRun = (page: string, { text }: ShellCommand): boolean =>
    ruleFor(NOT_HERE, page, text) === undefined && ruleFor(HEAVY, page, text) === undefined;

  for (const page of PAGES) {
    const run = commands(page).filter((command) => isRun(page, command));
    if (run.length === 0) continue;
    test(`${page}: ${run.length} commands run, and print what is shown`, async () => {
      assert.deepEqual(await complaints(bed, page, run), []);
    });
  }

  for (const page of PAGES) {
    const yaml = blocks(page, "yaml");
    if (yaml.length === 0) continue;
    test(`${page}: ${yaml.length} configurations and rules are taken by the product`, async () => {
      const folder = bed.folderOf(page);
      for (const { text, line } of yaml) {
        const where = `${page}:${line}`;
        if (OTHERS.some((other) => other.page === page && text.startsWith(other.begins))) continue;
        const values = parseYaml(where, text);
        const file = join(folder, `${line}.yaml`);
        writeFileSync(file, text);
        if (!("rules" in values || "hooks" in values)) {
          await readConfig(file, {}, []);
          continue;
        }
        const { stack } = bed;
        for (const { secretFile: _, ...hook } of (values["hooks"] ?? []) as Record<string, unknown>[]) {
          await stack.operator.post("/v1/alerts/hooks", { ...hook, name: `${String(hook["name"])} ${where}` });
        }
        for (const rule of (values["rules"] ?? []) as RuleOfFile[]) {
          const { id } = await stack.services.query.instrumentations.ensureStanding(rule.instrumentation);
          const named = { ...rule, name: `${rule.name} ${where}`, instrumentation: id, paused: true };
          await stack.operator.post("/v1/alerts/rules", named);
        }
      }
    });
  }

  test("JSON parses, and a selection is one", () => {
    for (const page of PAGES) {
      for (const { text, line } of blocks(page, "json")) {
        const value = JSON.parse(text) as Record<string, unknown>;
        if ("instrumentation" in value && "from" in value) parseSelection(value, `${page}:${line}`);
      }
    }
  });

  test("every list of what is not run is needed, and says why", () => {
    const all = PAGES.flatMap((page) => commands(page).map(({ text }) => ({ page, text })));
    // The general ones are for pages to come.
    for (const rule of [...NOT_HERE, ...HEAVY].filter(({ page }) => page !== undefined)) {
      assert.ok(
        all.some(({ page, text }) => ruleFor([rule], page, text) !== undefined),
        `${rule.page ?? ""} ${String(rule.command ?? "")}: no such command any more`,
      );
    }
    for (const { why } of [...NOT_HERE, ...HEAVY]) assert.notEqual(why, "");
    assert.ok(all.filter(({ page, text }) => isRun(page, { text, line: 0, output: [] })).length > 30);
  });
});

describe("links of the documents", () => {
  test("docs/README.md leads to every document", () => {
    const listed = new Set(linksOf(textOf("docs/README.md")).map((link) => `docs/${link}`));
    const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    assert.deepEqual(
      pages.filter((page) => !listed.has(page)),
      [],
    );
  });

  for (const page of PAGES) {
    test(`${page}: each leads to a file, and to a heading of it`, () => {
      const broken = linksOf(textOf(page)).filter((link) => {
        if (/^(https?|mailto):/.test(link)) return false;
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : normalize(join(dirname(page), path));
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(textOf(target)).has(anchor);
      });
      assert.deepEqual(broken, []);
    });
  }
});
