/**
 * The documents' commands that start a demo, or open a store of their own: import, backup, restore.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runDemo } from "../docs/demo-command.ts";
import { commands, HEAVY, NOT_HERE, PAGES, ROOT, ruleFor } from "../docs/pages.ts";
import { Shell } from "../docs/shell.ts";

describe("commands that open a store of their own", { concurrency: 1 }, () => {
  let root: string;
  let shell: Shell;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), "isotherm-stores-"));
    mkdirSync(join(root, "shell"));
    shell = await Shell.start(join(root, "shell"));
  });
  after(async () => {
    await shell.close();
    rmSync(root, { recursive: true, force: true });
  });

  const mine = (page: string): string[] =>
    commands(page)
      .map(({ text }) => text)
      .filter((text) => ruleFor(NOT_HERE, page, text) === undefined)
      .filter((text) => ruleFor(HEAVY, page, text)?.why === "stores.test.ts");

  for (const page of PAGES) {
    const stores = mine(page).filter((text) => !text.startsWith("npm"));
    if (stores.length > 0) {
      test(`${page}: ${stores.length} commands on stores`, async () => {
        const folder = join(root, page.replaceAll("/", "-"));
        mkdirSync(join(folder, "backups"), { recursive: true });
        // What they begin with: three days of history in a file, and in the demo's store.
        const prepared = [
          "import --simulated 3 --print >history.jsonl",
          "import history.jsonl --data data/demo --enable",
        ];
        const texts = [
          ...prepared.map((text) => `isotherm ${text}`),
          // Years take half a minute each.
          ...stores.map((text) =>
            text
              .replaceAll("/backups/", `${folder}/backups/`)
              .replaceAll("/var/lib/isotherm", "data/demo")
              .replace(/--simulated \d{3,}/, "--simulated 20"),
          ),
        ].map((text) => text.replace("import history.jsonl --data data/isotherm", "$& --enable"));
        const outcomes = await shell.run(texts, folder, {});
        texts.forEach((text, i) => assert.equal(outcomes[i]?.status, 0, `${text}: ${outcomes[i]?.stderr ?? ""}`));
      });
    }
    for (const text of mine(page).filter((each) => each.startsWith("npm"))) {
      test(`${page}: ${text.replace(/ +#.*/, "")}`, async () => {
        const [command = ""] = text.split(/ +#/);
        const args = ["--port", "0", "--backfill", "5", "--data", mkdtempSync(join(root, "demo-"))];
        const { said, end } = await runDemo(command, args, ROOT);
        assert.match(said, /http:\/\/127\.0\.0\.1:\d+\/#signin=/);
        await end();
      });
    }
  }
});
