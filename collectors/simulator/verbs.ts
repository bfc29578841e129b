/**
 * verbs.ts: what the wrapper on a host answers (docs/wire-formats.md), and that it answers nothing else.
 */
import type { CommandHost, Running } from "./command.ts";
import type { KstatCounters } from "./kstat-counters.ts";
import { KstatRun } from "./kstat-run.ts";
import { parsePattern, type KstatPattern } from "./kstat-text.ts";
import { Lease } from "./lease.ts";
import { compileProgram } from "./program-compile.ts";
import { ProgramRun } from "./program-run.ts";
import type { Exec } from "./ssh-server.ts";
import { vmList, zoneList } from "./zone-lists.ts";

/** The status of a shell that found a command it may not run. */
const REFUSED = 126;
const NONCE = /^[0-9a-f]{32}$/;

/** Starts a command. @returns what goes on running; undefined where the command is over already, or refused */
export function startVerb(
  host: CommandHost,
  counters: KstatCounters,
  version: string,
  exec: Exec,
): Running | undefined {
  const [verb = "", ...args] = exec.command.split(" ");
  const [nonce = ""] = args;
  if (verb === "kstat") return startKstat(host, counters, exec, args);
  if ((verb === "run" || verb === "compile") && args.length === 1 && NONCE.test(nonce)) {
    return verb === "run" ? new ProgramRun(host, exec, nonce) : startCompile(host, exec, nonce);
  }
  const text = args.length > 0 ? undefined : textOf(verb, host, version);
  if (text === undefined) {
    refuse(exec);
    return undefined;
  }
  exec.stdin.resume();
  exec.stdout.write(text);
  exec.exit(0);
  return undefined;
}

function textOf(verb: string, host: CommandHost, version: string): string | undefined {
  switch (verb) {
    case "version":
      return version;
    case "zones":
      return zoneList(host.zones, host.clock.now());
    case "vms":
      return vmList(host.zones, host.clock.now());
    default:
      return undefined;
  }
}

function startKstat(
  host: CommandHost,
  counters: KstatCounters,
  exec: Exec,
  args: readonly string[],
): Running | undefined {
  const patterns = args.map(parsePattern).filter((pattern): pattern is KstatPattern => pattern !== undefined);
  if (args.length === 0 || patterns.length < args.length) {
    refuse(exec);
    return undefined;
  }
  return new KstatRun(host, counters, exec, patterns, `kstat ${args.join(" ")}`);
}

function startCompile(host: CommandHost, exec: Exec, nonce: string): Running {
  const lease = new Lease(exec, nonce, host.clock, host.limits.leaseMs, {
    onProgram: (text) => {
      lease.close();
      const compiled = compileProgram(text);
      if ("error" in compiled) exec.stderr.write(compiled.error);
      exec.exit("error" in compiled ? 1 : 0);
    },
    onEnd: () => exec.exit(2),
  });
  return { stop: () => lease.close() };
}

function refuse(exec: Exec): void {
  exec.stdin.resume();
  exec.stderr.write("wrapper: refused\n");
  exec.exit(REFUSED);
}
