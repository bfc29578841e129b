/**
 * program-run.ts: one D program on one host, from its first line to its exit status: what dtrace(1) would do with it.
 *
 *   reading ── @program-end ──▶ running ── lease ends, SIGTERM, SIGINT ──▶ exit 0
 *      │                           ├────── reader stalls ────────────────▶ aborted, exit 1
 *      └── lease ends ──▶ exit 2   └────── a planned fault ──────────────▶ its own end
 *
 * Our programs trunc() their aggregations in END, so the end prints nothing.
 */
import { OFF, type CommandHost, type Running } from "./command.ts";
import { Enabling } from "./enabling.ts";
import { NO_DTRACE, UNPRIVILEGED } from "./faults.ts";
import { Lease } from "./lease.ts";
import { Outlet } from "./outlet.ts";
import { compileProgram } from "./program-compile.ts";
import { mix, Random } from "./random.ts";
import type { Exec } from "./ssh-server.ts";

export class ProgramRun implements Running {
  readonly #host: CommandHost;
  readonly #exec: Exec;
  readonly #stdout: Outlet;
  readonly #stderr: Outlet;
  readonly #lease: Lease;
  #enabling: Enabling | undefined;
  #over = false;
  #cancelAge: () => void = () => undefined;

  constructor(host: CommandHost, exec: Exec, nonce: string) {
    this.#host = host;
    this.#exec = exec;
    const random = new Random(mix(host.seed, Number.parseInt(nonce.slice(0, 8), 16)));
    this.#stdout = new Outlet(exec.stdout, random, host.limits.maxPieceBytes);
    this.#stderr = new Outlet(exec.stderr, random, host.limits.maxPieceBytes);
    this.#lease = new Lease(exec, nonce, host.clock, host.limits.leaseMs, {
      onProgram: (text) => this.#start(text),
      onEnd: (early) => this.#end(early ? 2 : 0),
    });
    exec.onClose(() => this.stop());
    exec.onSignal((name) => {
      if (name === "TERM" || name === "INT") this.#end(0);
    });
  }

  stop(): void {
    this.#over = true;
    this.#enabling?.stop();
    this.#cancelAge();
    this.#lease.close();
    this.#stdout.close();
    this.#stderr.close();
  }

  switchOff(): void {
    this.#end(OFF, `wrapper: switched off by ${this.#host.off}\n`);
  }

  #start(text: string): void {
    const compiled = compileProgram(text, this.#host.compileFaults);
    if ("error" in compiled) {
      this.#end(1, compiled.error);
      return;
    }
    const fault = this.#host.takeFault(compiled.head.spec);
    if (fault?.kind === "no-dtrace") this.#end(127, NO_DTRACE);
    else if (fault?.kind === "unprivileged") this.#end(1, UNPRIVILEGED);
    else if (fault?.kind === "exit" && fault.afterTick === undefined) this.#end(fault.status, fault.stderr);
    else if (fault?.kind !== "silent") {
      this.#enabling = new Enabling(this.#host, compiled, fault, this.#stdout, this.#stderr, (status, stderr) =>
        this.#end(status, stderr),
      );
      this.#enabling.start();
      const { maxAgeSec } = compiled;
      if (maxAgeSec !== null && !this.#isOver())
        this.#cancelAge = this.#host.clock.after(maxAgeSec * 1000, () => this.#end(0));
    }
  }

  #isOver(): boolean {
    return this.#over;
  }

  #end(status: number, stderr = ""): void {
    if (this.#over) return;
    this.#over = true;
    this.#enabling?.stop();
    this.#cancelAge();
    this.#lease.close();
    // What waits for a reader is lost with the process, as a pipe's writer would lose it.
    this.#stdout.close();
    if (stderr !== "") this.#stderr.write(stderr);
    this.#stderr.whenDrained(() => {
      this.#stderr.close();
      this.#exec.exit(status);
    });
  }
}
