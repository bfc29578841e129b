/**
 * version.ts: the version of this program, from the package that this file belongs to, built or not; and all that a report of a fault needs.
 */
import { readFile } from "node:fs/promises";

export async function packageVersion(): Promise<string> {
  for (const path of ["../package.json", "../../package.json"]) {
    const text = await readFile(new URL(path, import.meta.url), "utf8").catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return "unknown";
}

/** `isotherm 0.1.0, Node v20.19.0, linux x64` */
export async function versionText(): Promise<string> {
  return `isotherm ${await packageVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`;
}
