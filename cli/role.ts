/**
 * role.ts: what `serve`, `ingest`, `query` and `collect` have in common: a configuration, a log, a start that can be called off, an
 * orderly end.
 */
import { Command } from "commander";
import { createLog, type Log } from "../server/log.ts";
import { Closers } from "./closers.ts";
import type { ConfigFile } from "./config-schema.ts";
import { readConfig, type Config } from "./config.ts";

export interface Role {
  readonly config: Config;
  readonly log: Log;
  readonly closers: Closers;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
}

/**
 * @param secretsOf the sections of the configuration whose secrets it needs
 * @param start returns what to say on standard output once everything answers
 */
export function roleCommand(
  name: string,
  description: string,
  secretsOf: readonly (keyof ConfigFile)[],
  start: (role: Role) => Promise<string>,
): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-c, --config <file>", "the configuration file (docs/configuration.md)")
    .addHelpText("after", `\nExample:\n  isotherm ${name} -c isotherm.yaml\n`)
    .action(async (options: { config: string }) => {
      const config = await readConfig(options.config, process.env, secretsOf);
      const ended = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
      await run({ config, log: createLog(config.log.level), closers: new Closers(), signal: ended.signal }, start);
    });
}

async function run(role: Role, start: (role: Role) => Promise<string>): Promise<void> {
  const { closers, signal } = role;
  try {
    process.stdout.write(`isotherm: ${await start(role)}\n`);
    await new Promise<void>((done) => {
      if (signal.aborted) done();
      else signal.addEventListener("abort", () => done(), { once: true });
    });
  } catch (error) {
    // Whoever ends it while it starts wants no reason.
    if (!signal.aborted) throw error;
  } finally {
    await closers.close();
  }
}
