/**
 * api-client.ts: the query API as commands ask it: an address, a token, answers of known shape, errors of one line.
 *
 * The one door to openapi-fetch: paths, parameters and answers are checked by the compiler against the API's own document
 * (core/api-paths.ts).
 */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import createClient from "openapi-fetch";
import type { ErrorBody } from "../core/api.ts";
import type { paths } from "../core/api-paths.ts";
import { durationText } from "../core/duration.ts";
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import type { Environment } from "./config.ts";
import { progressOn } from "./progress.ts";

export interface ApiOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface Api {
  readonly url: string;
  readonly client: ReturnType<typeof createClient<paths, "application/json">>;
  /** A request whose answer is read as it comes. @throws OperationalError API_UNREACHABLE, API_REFUSED */
  open(path: string, accept: string, signal?: AbortSignal): Promise<Response>;
}

type Terminal = Parameters<typeof progressOn>[0];

const DEFAULT_URL = "http://127.0.0.1:8080";
const TOKEN = /^iso_[0-9A-Za-z_-]{1,500}$|^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The options that every command of the API has, and what it says of them. */
export function withApi(command: Command): Command {
  return command
    .option("--url <url>", `the query API (default: ISOTHERM_URL, or ${DEFAULT_URL})`)
    .option(
      "--token-file <file>",
      "file with a token on its first line (default: ISOTHERM_TOKEN_FILE, or ISOTHERM_TOKEN)",
    );
}

/**
 * @param terminal where a wait for an answer is told; none: nowhere, since a screen is drawn there
 * @throws InputError where there is no token, or no such address
 */
export async function openApi(options: ApiOptions, environment: Environment, terminal?: Terminal): Promise<Api> {
  // Empty is as good as absent: `ISOTHERM_URL= isotherm ...`.
  const url =
    options.url === undefined
      ? baseUrl("ISOTHERM_URL", environment["ISOTHERM_URL"] || DEFAULT_URL)
      : baseUrl("--url", options.url);
  const token = await readToken(options, environment);
  const headers = { authorization: `Bearer ${token}` };
  const ask = terminal === undefined ? fetch : telling(terminal, url);
  return {
    url,
    client: createClient<paths, "application/json">({ baseUrl: url, headers, fetch: (request) => ask(request) }),
    open: async (path, accept, signal) => {
      const response = await ask(`${url}${path}`, {
        headers: { ...headers, accept },
        redirect: "error",
        ...(signal === undefined ? {} : { signal }),
      }).catch((cause: unknown) => {
        throw unreachable(url, cause);
      });
      if (response.ok) return response;
      const body: unknown = await response.json().catch(() => undefined);
      throw refused(url, response.status, body);
    },
  };
}

/** As fetch; says on the terminal how long it has waited. */
function telling(terminal: Terminal, url: string): typeof fetch {
  return async (...request) => {
    const progress = progressOn(terminal);
    const startedMs = Date.now();
    const say = (): void => progress.say(`waiting for ${url}: ${durationText((Date.now() - startedMs) / 1000)}`);
    say();
    const ticks = setInterval(say, 500);
    try {
      return await fetch(...request);
    } finally {
      clearInterval(ticks);
      progress.end();
    }
  };
}

/**
 * What an answer holds: the caller names its shape of core/api.ts, which the API's own document is checked against
 * (query-api/shapes.ts). openapi-fetch's own answer types take readonly arrays apart.
 *
 * @throws OperationalError API_UNREACHABLE, API_REFUSED with the API's own words
 */
export async function answer<T>(
  api: Api,
  asked: Promise<{ data?: unknown; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked.catch((cause: unknown) => {
    throw unreachable(api.url, cause);
  });
  // A deletion answers nothing.
  const isNothing = response.status === 204;
  if (!response.ok || (data === undefined && !isNothing)) throw refused(api.url, response.status, error);
  return data as T;
}

function unreachable(url: string, cause: unknown): OperationalError {
  return new OperationalError("API_UNREACHABLE", `ask ${url}`, { cause });
}

function refused(url: string, status: number, body: unknown): OperationalError {
  const {
    code = "",
    message = "",
    errors = [],
  } = (typeof body === "object" && body !== null ? body : {}) as Partial<ErrorBody>;
  const fields = errors.map((each) => `${each.field}: ${each.message}`);
  const said = [message === "" ? `status ${status}` : message, ...fields].join("; ");
  const hint = status === 401 ? "; is the token of this installation? (--token-file, ISOTHERM_TOKEN_FILE)" : "";
  const name = code === "" ? "" : ` (${code})`;
  return new OperationalError("API_REFUSED", `ask ${url}: ${said.slice(0, 1000)}${name}${hint}`, {
    info: { status, code },
  });
}

/** @param name where it was given */
function baseUrl(name: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/{1,8}$/, "");
  throw wrong(name, text, "a URL such as http://127.0.0.1:8080");
}

async function readToken({ tokenFile }: ApiOptions, environment: Environment): Promise<string> {
  const name = tokenFile === undefined ? "ISOTHERM_TOKEN_FILE" : "--token-file";
  const file = tokenFile ?? (environment["ISOTHERM_TOKEN_FILE"] || undefined);
  const given = environment["ISOTHERM_TOKEN"] ?? "";
  if (file === undefined && given === "") throw wrong("--token-file", "", NO_TOKEN);
  const text =
    file === undefined
      ? given
      : await readFile(file, "utf8").catch((error: unknown) => {
          throw wrong(name, file, `a file to read (${errorCode(error) ?? "it cannot be read"})`);
        });
  const token = text.split("\n")[0]?.trim() ?? "";
  if (TOKEN.test(token)) return token;
  if (file !== undefined) throw wrong(name, file, "a file with a token on its first line");
  // Never shown: it might be a token all the same.
  const message = "ISOTHERM_TOKEN is none, expected a token";
  throw new InputError(message, [{ field: "ISOTHERM_TOKEN", code: "BAD_OPTION", message }]);
}

const NO_TOKEN =
  "a file with a token, such as operator.token in the service's data directory (or ISOTHERM_TOKEN_FILE, or ISOTHERM_TOKEN)";

function wrong(name: string, value: string, expected: string): InputError {
  const message = `${name} is ${value === "" ? "missing" : JSON.stringify(value)}, expected ${expected}`;
  return new InputError(message, [{ field: name, code: "BAD_OPTION", message }]);
}
