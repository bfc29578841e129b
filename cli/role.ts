/**
 * role.ts: what `serve`, `ingest`, `query` and `collect` have in common: a configuration that can be reloaded, a log, metrics, a start
 * that can be called off, an orderly end.
 */
import { Command } from "commander";
import { createLog, type Log } from "../server/log.ts";
import { Metrics } from "../server/metrics.ts";
import { Closers } from "./closers.ts";
import type { ConfigFile } from "./config-schema.ts";
import { readConfig, type Config } from "./config.ts";
import { ABOUT, Reloads } from "./reload.ts";
import { packageVersion } from "./version.ts";

export interface Role {
  /** As it was at the start. */
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly closers: Closers;
  readonly reloads: Reloads;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
}

/**
 * @param secretsOf the sections of the configuration whose secrets it needs
 * @param start returns what to say on standard output once everything answers
 */
export function roleCommand(
  name: keyof typeof ABOUT,
  description: string,
  secretsOf: readonly (keyof ConfigFile)[],
  start: (role: Role) => Promise<string>,
): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-c, --config <file>", "the configuration file (docs/configuration.md)")
    .addHelpText(
      "after",
      `\nExample:\n  isotherm ${name} -c isotherm.yaml\n\nSIGHUP reads the configuration again; SIGTERM ends it.\n`,
    )
    .action(async (options: { config: string }) => {
      const read = (): Promise<Config> => readConfig(options.config, process.env, secretsOf);
      const config = await read();
      const ended = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
      const log = createLog(config.log.level);
      const metrics = new Metrics(true);
      infoMetric(metrics, await packageVersion());
      const reloads = new Reloads({ config, about: ABOUT[name], read, log, metrics });
      reloads.add({ keys: ["log.level"], prepare: (next) => () => void (log.level = next.log.level) });
      // From here on: without a listener the signal would end the process.
      process.on("SIGHUP", () => reloads.request());
      await run({ config, log, metrics, reloads, closers: new Closers(), signal: ended.signal }, start);
    });
}

async function run(role: Role, start: (role: Role) => Promise<string>): Promise<void> {
  const { closers, reloads, signal } = role;
  try {
    process.stdout.write(`isotherm: ${await start(role)}\n`);
    reloads.start();
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

export function infoMetric(metrics: Metrics, version: string): void {
  metrics.gauge("info", "The program's version, as a label; always 1.", ["version"]).set({ version }, 1);
}
