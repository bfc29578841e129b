/**
 * web-build.ts: the page's files: those of the package, or built from the sources beside this file when they are newer.
 */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @returns the folder to serve; null where there is neither a built page nor its sources */
export async function buildWeb(): Promise<string | null> {
  const roots = ["../web", "../../web"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const root = roots.find((each) => existsSync(join(each, "index.html")) || existsSync(join(each, "dist/index.html")));
  if (root === undefined) return null;
  const dist = join(root, "dist");
  const isPackage = !existsSync(join(root, "vite.config.ts"));
  if (isPackage || (await newest(join(dist, "index.html"))) > (await newestSource(root))) return dist;
  // Only a checkout builds, so only a checkout needs vite.
  const { build } = await import("vite");
  await build({ root, logLevel: "error" });
  return dist;
}

async function newest(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

/** When the page's sources changed last: those of web and of core, which it shares. */
async function newestSource(root: string): Promise<number> {
  const folders = [root, join(root, "../core")];
  const files = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const sources = files.flat().filter((path) => !path.includes("node_modules") && !path.startsWith(join(root, "dist")));
  return Math.max(...(await Promise.all(sources.map(newest))));
}
