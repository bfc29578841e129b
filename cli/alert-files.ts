/**
 * alert-files.ts: operators' alert rules and hooks from YAML files, as they stand there; what they may say is query-api/alerts' to check.
 *
 *   hooks:  [{name, url, secretFile, ...}]
 *   rules:  [{name, instrumentation, condition, ...}]
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "../core/errors.ts";
import type { AccessOptions } from "../query-api/service.ts";
import { parseYaml, problem, type Config } from "./config.ts";

type Alerting = NonNullable<AccessOptions["alerting"]>;
type FileRules = NonNullable<Alerting["rules"]>;

/** @throws InputError naming the file that cannot be read */
export async function readAlertFiles({ file, alerts }: Config): Promise<Alerting> {
  const { ruleFiles = [], allowTargets = [] } = alerts;
  const files = [];
  for (const name of ruleFiles) files.push(await readAlertFile(name, resolve(dirname(file), name)));
  return {
    rules: files.flatMap(({ rules }) => rules),
    hooks: files.flatMap(({ hooks }) => hooks),
    allowTargets,
  };
}

/** @param name what errors call it */
export async function readAlertFile(
  name: string,
  path: string,
): Promise<{ readonly rules: FileRules; readonly hooks: FileRules }> {
  const values = parseYaml(name, await read(name, "alerts.ruleFiles", path));
  for (const key of Object.keys(values)) {
    if (key !== "rules" && key !== "hooks") throw problem(name, key, `${key} is unknown, expected rules or hooks`);
  }
  const hooks: FileRules[number][] = [];
  for (const hook of listOf(name, values, "hooks")) {
    hooks.push({ ...hook, json: await withSecret(name, path, hook.json) });
  }
  return { rules: listOf(name, values, "rules"), hooks };
}

function listOf(file: string, values: Record<string, unknown>, key: string): FileRules {
  const list = values[key] ?? [];
  if (!Array.isArray(list)) throw problem(file, key, `${key} is no list, expected one`);
  return list.map((json: unknown, i) => ({ json, path: `${file}: ${key}[${i}]` }));
}

/** `secret` from `secretFile`. */
async function withSecret(file: string, path: string, json: unknown): Promise<unknown> {
  if (typeof json !== "object" || json === null || !("secretFile" in json)) return json;
  const { secretFile, ...rest } = json as Record<string, unknown>;
  const text = await read(file, "secretFile", resolve(dirname(path), String(secretFile)));
  return { ...rest, secret: text.split("\n")[0]?.trim() ?? "" };
}

async function read(file: string, key: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    const why = errorCode(cause) ?? "it cannot be read";
    throw problem(file, key, `${key} has ${JSON.stringify(path)}, expected a file to read (${why})`);
  });
}
