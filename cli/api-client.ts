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
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import type { Environment } from "./config.ts";

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

/** @throws InputError where there is no token, or no such address */
export async function openApi(options: ApiOptions, environment: Environment): Promise<Api> {
  const url = baseUrl(options.url ?? environment["ISOTHERM_URL"] ?? DEFAULT_URL);
  const token = await readToken(options, environment);
  const headers = { authorization: `Bearer ${token}` };
  return {
    url,
    client: createClient<paths, "application/json">({ baseUrl: url, headers }),
    open: async (path, accept, signal) => {
      const response = await fetch(`${url}${path}`, {
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
  if (data === undefined || !response.ok) throw refused(api.url, response.status, error);
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
  return new OperationalError("API_REFUSED", `ask ${url}: ${said.slice(0, 1000)}${code === "" ? "" : ` (${code})`}`, {
    info: { status, code },
  });
}

function baseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/{1,8}$/, "");
  throw wrong("--url", text, "a URL such as http://127.0.0.1:8080");
}

async function readToken({ tokenFile }: ApiOptions, environment: Environment): Promise<string> {
  const file = tokenFile ?? environment["ISOTHERM_TOKEN_FILE"];
  const given = environment["ISOTHERM_TOKEN"] ?? "";
  if (file === undefined && given === "") {
    throw wrong("--token-file", "", "a file with a token (or ISOTHERM_TOKEN_FILE, or ISOTHERM_TOKEN)");
  }
  const text =
    file === undefined
      ? given
      : await readFile(file, "utf8").catch((error: unknown) => {
          throw wrong("--token-file", file, `a file to read (${errorCode(error) ?? "it cannot be read"})`);
        });
  const token = text.split("\n")[0]?.trim() ?? "";
  // Never shown: it might be a token all the same.
  if (!TOKEN.test(token)) throw wrong("--token-file", file ?? "ISOTHERM_TOKEN", "a token on its first line");
  return token;
}

function wrong(name: string, value: string, expected: string): InputError {
  const message = `${name} is ${value === "" ? "missing" : JSON.stringify(value)}, expected ${expected}`;
  return new InputError(message, [{ field: name, code: "BAD_OPTION", message }]);
}
