/**
 * verbs.ts: what the wrapper on a host answers (docs/wire-formats.md), and that it answers nothing else.
 */
import { OFF, type CommandHost, type Running } from "./command.ts";
import type { KstatCounters } from "./kstat-counters.ts";
import { KstatRun } from "./kstat-run.ts";
import { kstatChain, poolChain, type Kstat } from "./kstat-chain.ts";
import { meantBy, parsePattern } from "./kstat-text.ts";
import { Lease } from "./lease.ts";
import { compileProgram } from "./program-compile.ts";
import { ProgramRun } from "./program-run.ts";
import { SharedRun } from "./shared-run.ts";
import type { Exec } from "./ssh-server.ts";
import { vmList, zoneList } from "./zone-lists.ts";

/** The status of a shell that found a command it may not run. */
const REFUSED = 126;
/** What the kill switch refuses, and the status of that. */
const TRACES: ReadonlySet<string> = new Set(["run", "compile", "kstat", "pools", "share"]);
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
  if (host.off !== "" && TRACES.has(verb)) {
    refuse(exec, OFF, `wrapper: switched off by ${host.off}\n`);
    return undefined;
  }
  if (verb === "kstat") return startKstat(host, counters, exec, args);
  if (exec.command === "pools") return new KstatRun(host, counters, exec, { what: "pools", chain: poolChain });
  if (exec.command === "share" && host.share > 0) return new SharedRun(host, exec);
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
  const patterns = args.map(parsePattern).filter((pattern) => pattern !== undefined);
  if (args.length === 0 || patterns.length < args.length) {
    refuse(exec);
    return undefined;
  }
  const chain = (...of: Parameters<typeof kstatChain>): Kstat[] => meantBy(kstatChain(...of), patterns);
  return new KstatRun(host, counters, exec, { what: `kstat ${args.join(" ")}`, chain });
}

function startCompile(host: CommandHost, exec: Exec, nonce: string): Running {
  const lease = new Lease(exec, nonce, host.clock, host.limits.leaseMs, {
    onProgram: (text) => {
      lease.close();
      const compiled = compileProgram(text, host.compileFaults);
      if ("error" in compiled) exec.stderr.write(compiled.error);
      exec.exit("error" in compiled ? 1 : 0);
    },
    onEnd: () => exec.exit(2),
  });
  const end = (): void => {
    lease.close();
    exec.exit(OFF);
  };
  return { stop: () => lease.close(), switchOff: end };
}

function refuse(exec: Exec, status = REFUSED, text = "wrapper: refused\n"): void {
  exec.stdin.resume();
  exec.stderr.write(text);
  exec.exit(status);
}
