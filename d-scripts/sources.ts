/**
 * sources.ts: the door to the `.d` files.
 *
 * They lie beside this file. The compiled program has only the JavaScript in dist/d-scripts, and finds them in the package's
 * d-scripts, two folders up; so they are shipped once, as they are reviewed.
 */
import { readFileSync } from "node:fs";
import { OperationalError } from "../core/errors.ts";
import { parseTemplate, type Template } from "./template.ts";

const FOLDERS = ["./", "../../d-scripts/"];
const templates = new Map<string, Template>();

/**
 * The template of a DTrace metric; read once.
 *
 * @param metric a name in the catalogue, never one from outside
 * @throws OperationalError D_SOURCE where the file is missing, which is a broken installation
 */
export function templateOf(metric: string): Template {
  let template = templates.get(metric);
  if (template === undefined) {
    template = parseTemplate(readSource(metric), metric);
    templates.set(metric, template);
  }
  return template;
}

export function readSource(metric: string): string {
  let cause: unknown;
  for (const folder of FOLDERS) {
    try {
      return readFileSync(new URL(`${folder}${metric}.d`, import.meta.url), "utf8");
    } catch (error) {
      cause = error;
    }
  }
  throw new OperationalError("D_SOURCE", `read the D program of ${metric}`, { cause });
}
