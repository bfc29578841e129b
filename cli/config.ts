/**
 * config.ts: the configuration: a YAML file, environment variables over it, secrets from files, defaults under it.
 *
 * A wrong value is one line that names the key, the value and what was expected, as InputError: exit status 2. The one door to yaml.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { parseDocument, stringify } from "yaml";
import { errorChain, errorCode, InputError } from "../core/errors.ts";
import { CONFIG, expectedOf, isSection, propertiesOf, type ConfigFile, type Node } from "./config-schema.ts";

type Section<K extends keyof ConfigFile> = NonNullable<ConfigFile[K]>;
type Filled<T, D extends string> = T & { readonly [K in Extract<keyof T, D>]-?: NonNullable<T[K]> };

/** With defaults, secrets and absolute paths. */
export interface Config {
  /** The file it came from. */
  readonly file: string;
  readonly store: Filled<Section<"store">, "dataDir" | "username" | "database"> & {
    readonly retention: Required<NonNullable<Section<"store">["retention"]>>;
  };
  readonly ingest: Filled<Section<"ingest">, "host" | "port" | "inFlightBytes" | "replayBytes" | "rollups"> & {
    readonly collectorLimits: Required<NonNullable<Section<"ingest">["collectorLimits"]>>;
    readonly tenantLimits: Required<NonNullable<Section<"ingest">["tenantLimits"]>>;
  };
  readonly query: Filled<Section<"query">, "host" | "port" | "web">;
  readonly alerts: Section<"alerts">;
  readonly collect: Omit<Filled<Section<"collect">, "host" | "port" | "name" | "spoolBytes">, "hosts"> & {
    readonly hosts: readonly ConfigHost[];
  };
  readonly tokens: Section<"tokens">;
  readonly log: Filled<Section<"log">, "level">;
}

export type ConfigHost = Filled<NonNullable<Section<"collect">["hosts"]>[number], "port" | "username" | "platform">;

type Json = Record<string, unknown>;
export type Environment = Readonly<Record<string, string | undefined>>;

const ENVIRONMENT_PREFIX = "ISOTHERM_";

/**
 * @param secretsOf the sections whose secrets are read from their files: those that are needed
 * @throws InputError naming the file or the key
 */
export async function readConfig(
  file: string,
  environment: Environment,
  secretsOf: readonly (keyof ConfigFile)[] = [],
): Promise<Config> {
  const path = resolve(file);
  const source = await readFile(path, "utf8").catch((cause: unknown) => {
    throw problem(file, "", `read ${file}: ${errorCode(cause) ?? "it cannot be read"}; expected a YAML file`);
  });
  const values = parseYaml(file, source);
  overrideSection(CONFIG, values, ENVIRONMENT_PREFIX, environment);
  check(file, values);
  complete(CONFIG, values, dirname(path));
  for (const [name, schema] of propertiesOf(CONFIG)) {
    if (secretsOf.includes(name as keyof ConfigFile)) await readSecrets(file, schema, values[name] as Json, name);
  }
  return { file: path, ...values } as unknown as Config;
}

/** @throws InputError naming a key that a role cannot do without */
export function required<T>(config: Config, key: string, value: T | undefined, expected: string): T {
  if (value === undefined) throw problem(config.file, key, `${key} is missing, expected ${expected}`);
  return value;
}

/** Without a cause: the one line says it all. */
export function problem(file: string, field: string, message: string): InputError {
  const text = field === "" ? message : `${file}: ${message}`;
  return new InputError(text, [{ field, code: "CONFIG", message }]);
}

/** The whole configuration as YAML, secrets hidden. */
export function printConfig({ file, ...values }: Config): string {
  return `# ${file}, with environment variables and defaults\n${stringify(hidden(CONFIG, values))}`;
}

/** Environment variables by key, for scalars outside lists: `query.port` is ISOTHERM_QUERY_PORT. */
export function environmentName(key: string): string {
  const words = key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replaceAll(".", "_");
  return `${ENVIRONMENT_PREFIX}${words.toUpperCase()}`;
}

/** @throws InputError naming the file for what is not keys and values */
export function parseYaml(file: string, source: string): Json {
  const document = parseDocument(source, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw problem(file, "", `read ${file}: ${error.message.split("\n")[0] ?? ""}`);
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Aliases of nothing, or of too much.
    throw problem(file, "", `read ${file}: ${errorChain(cause)}`);
  }
  if (values === null) return {};
  if (typeof values !== "object" || Array.isArray(values))
    throw problem(file, "", `read ${file}: expected keys and values`);
  return values as Json;
}

function overrideSection(schema: TSchema, values: Json, prefix: string, environment: Environment, at = ""): void {
  for (const [name, each] of propertiesOf(schema)) {
    const key = at === "" ? name : `${at}.${name}`;
    if (isSection(each)) {
      const inner = isObject(values[name]) ? values[name] : {};
      overrideSection(each, inner, prefix, environment, key);
      if (values[name] === undefined && Object.keys(inner).length > 0) values[name] = inner;
      continue;
    }
    const text = environment[environmentName(key)];
    if (text !== undefined) values[name] = fromText(each, text);
  }
}

/** A text that cannot be read as what is expected stays as it is, to be named as wrong. */
function fromText(schema: Node, text: string): unknown {
  const { type } = schema as { type?: unknown };
  if (type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type === "array") return text.split(",").map((each) => each.trim());
  return text;
}

function check(file: string, values: Json): void {
  const error = [...Value.Errors(CONFIG, values)].find(({ keyword }) => keyword !== "boolean");
  if (error === undefined) return;
  const path = error.instancePath.split("/").slice(1);
  const { schema, value } = lookUp(path, values);
  const key = dotted(path);
  const { additionalProperties, requiredProperties } = error.params as Record<string, string[] | undefined>;
  if (error.keyword === "additionalProperties") {
    const known = propertiesOf(schema).map(([name]) => name);
    const unknown = dotted([...path, additionalProperties?.[0] ?? ""]);
    throw problem(file, unknown, `${unknown} is unknown, expected one of ${known.join(", ")}`);
  }
  if (error.keyword === "required") {
    const missing = requiredProperties?.[0] ?? "";
    const name = dotted([...path, missing]);
    const expected = propertiesOf(schema).find(([each]) => each === missing)?.[1];
    throw problem(
      file,
      name,
      `${name} is missing, expected ${expected === undefined ? "a value" : expectedOf(expected)}`,
    );
  }
  const shown = schema.secret === true ? "(hidden)" : JSON.stringify(value).slice(0, 120);
  throw problem(file, key, `${key} is ${shown}, expected ${expectedOf(schema)}`);
}

function lookUp(path: readonly string[], values: unknown): { schema: Node; value: unknown } {
  let schema = CONFIG as Node;
  let value = values;
  for (const part of path) {
    const { items } = schema as { items?: Node };
    schema = items ?? (propertiesOf(schema).find(([name]) => name === part)?.[1] as Node);
    value = (value as Json | undefined)?.[part];
  }
  return { schema, value };
}

/** collect.hosts[0].port */
function dotted(path: readonly string[]): string {
  return path.reduce(
    (key, part) => (/^\d+$/.test(part) ? `${key}[${part}]` : key === "" ? part : `${key}.${part}`),
    "",
  );
}

/** Defaults in, and paths made absolute. */
function complete(schema: TSchema, values: Json, folder: string): void {
  for (const [name, each] of propertiesOf(schema)) {
    const { items } = each as { items?: TSchema };
    if (isSection(each)) complete(each, (values[name] ??= {}) as Json, folder);
    else if (items !== undefined && isSection(items)) {
      for (const item of (values[name] ??= []) as Json[]) complete(items, item, folder);
    } else values[name] ??= each.default;
    if (each.path === true && typeof values[name] === "string") values[name] = resolve(folder, values[name]);
    if (values[name] === undefined) Reflect.deleteProperty(values, name);
  }
}

/** `token` from `tokenFile`, wherever a secret has a key beside it that names a file. */
async function readSecrets(file: string, schema: TSchema, values: Json, at: string): Promise<void> {
  for (const [name, each] of propertiesOf(schema)) {
    const key = at === "" ? name : `${at}.${name}`;
    if (isSection(each)) await readSecrets(file, each, values[name] as Json, key);
    const from = values[`${name}File`];
    if (each.secret !== true || typeof from !== "string") continue;
    if (values[name] !== undefined)
      throw problem(file, key, `${key} is set, and so is ${key}File, expected one of them`);
    const text = await readFile(from, "utf8").catch((cause: unknown) => {
      const why = errorCode(cause) ?? "it cannot be read";
      throw problem(file, `${key}File`, `${key}File is ${JSON.stringify(from)}, expected a file to read (${why})`);
    });
    const secret = text.split("\n")[0]?.trim() ?? "";
    if (secret === "")
      throw problem(file, `${key}File`, `${key}File is ${JSON.stringify(from)}, expected a secret on its first line`);
    values[name] = secret;
  }
}

function hidden(schema: TSchema, values: Json): Json {
  const shown: Json = {};
  for (const [name, each] of propertiesOf(schema)) {
    const value = values[name];
    if (value === undefined) continue;
    shown[name] = each.secret === true ? "(hidden)" : isSection(each) ? hidden(each, value as Json) : value;
  }
  return shown;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
