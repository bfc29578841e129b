/**
 * role-tokens.ts: the tokens that there must be before anybody can make one: in files, once; and a service's own.
 */
import { mkdir, open, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, OperationalError } from "../core/errors.ts";
import type { Tokens } from "../store/tokens.ts";

/** Makes `operator.token` and `collector.token` where they are missing, readable to their owner alone. */
export async function writeFirstTokens(tokens: Tokens, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const role of ["operator", "collector"] as const) {
    const path = join(dir, `${role}.token`);
    try {
      await writeOnce(path, () => tokens.create(role, "", `${role}.token`));
    } catch (cause) {
      throw new OperationalError("TOKEN_FILE", `write ${path}`, { cause });
    }
  }
}

/** Of two processes that start at once, the one that makes the file makes the token. */
async function writeOnce(path: string, make: () => Promise<string>): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    if (errorCode(error) === "EEXIST") return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    await file.write(`${await make()}\n`);
    await file.sync();
  } catch (error) {
    // An empty file would stand in the way of the next start.
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const LIFE_MS = 24 * 3_600_000;

/** A token of the role "service" for as long as the process lives, made anew before it expires. */
export class ServiceToken {
  readonly #tokens: Tokens;
  #token: Promise<string> | undefined;
  #madeMs = 0;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  readonly get = (): Promise<string> => {
    const nowMs = Date.now();
    if (this.#token === undefined || nowMs - this.#madeMs > LIFE_MS / 2) {
      this.#madeMs = nowMs;
      const label = `query on ${hostname()}, process ${process.pid}`;
      this.#token = this.#tokens.create("service", "", label, LIFE_MS);
      // Not made: the next call tries again.
      this.#token.catch(() => (this.#token = undefined));
    }
    return this.#token;
  };
}
