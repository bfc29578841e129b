/**
 * capacity-client.ts: one question to the capacity routes, and where its answer goes.
 */
import { writeFile } from "node:fs/promises";
import { OperationalError } from "../core/errors.ts";
import { openApi, type ApiOptions } from "./api-client.ts";
import type { Environment } from "./config.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

/** @throws OperationalError API_UNREACHABLE, API_REFUSED */
export async function askService(
  options: ApiOptions,
  environment: Environment,
  path: string,
  query: Query,
): Promise<Response> {
  const api = await openApi(options, environment, process.stderr);
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)]));
  return api.open(`${path}?${search.toString()}`, "*/*");
}

/** Writes an answer to a file, or to standard output where there is none. @throws OperationalError CAPACITY_FILE */
export async function writeAnswer(
  response: Response,
  file: string | undefined,
  print: (text: string) => void,
): Promise<void> {
  if (file === undefined) {
    print(await response.text());
    return;
  }
  const bytes = Buffer.from(await response.arrayBuffer());
  await writeFile(file, bytes).catch((cause: unknown) => {
    throw new OperationalError("CAPACITY_FILE", `write ${file}`, { cause });
  });
}
