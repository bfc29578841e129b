/**
 * built-page.ts: the page as it is in the sources now, built into a folder of its own that goes when the process ends.
 *
 * Not web/dist: another test may be reading that.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

let built: Promise<string> | null = null;

/** @returns the folder; built once, however many tests of this process ask */
export function builtPage(): Promise<string> {
  return (built ??= buildPage());
}

async function buildPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "isotherm-web-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    root: join(import.meta.dirname, "../../web"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  return folder;
}
