/**
 * program-run.ts: one D program on one host, from its first line to its exit status: what dtrace(1) would do with it.
 *
 *   reading ── @program-end ──▶ running ── lease ends, SIGTERM, SIGINT ──▶ exit 0
 *      │                           ├────── reader stalls ────────────────▶ aborted, exit 1
 *      └── lease ends ──▶ exit 2   └────── a planned fault ──────────────▶ its own end
 *
 * Our programs trunc() their aggregations in END, so the end prints nothing.
 */
import type { ProgramHead } from "../../d-scripts/head.ts";
import type { CommandHost, Running } from "./command.ts";
import { Decomposition, type Row } from "./decomposition.ts";
import { NO_DTRACE, UNPRIVILEGED, UNRESPONSIVE, type Fault } from "./faults.ts";
import { printFrame, type FrameParts } from "./frame.ts";
import { Lease } from "./lease.ts";
import { Metronome } from "./metronome.ts";
import type { Model } from "./models/model.ts";
import { Outlet } from "./outlet.ts";
import { compileProgram } from "./program-compile.ts";
import { mix, Random, unit } from "./random.ts";
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

  #start(text: string): void {
    const compiled = compileProgram(text);
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

/** The running part: ticks in, frames out. */
class Enabling {
  readonly #host: CommandHost;
  readonly #head: ProgramHead;
  readonly #model: Model;
  readonly #decomposition: Decomposition;
  readonly #fault: Fault | undefined;
  readonly #stdout: Outlet;
  readonly #stderr: Outlet;
  readonly #end: (status: number, stderr?: string) => void;
  readonly #metronome: Metronome;
  #tick = 0;
  #hung = false;
  #missed = false;
  #stalledSinceMs: number | undefined;

  constructor(
    host: CommandHost,
    compiled: { readonly head: ProgramHead; readonly model: Model; readonly decomposition: Decomposition },
    fault: Fault | undefined,
    stdout: Outlet,
    stderr: Outlet,
    end: (status: number, stderr?: string) => void,
  ) {
    this.#host = host;
    this.#head = compiled.head;
    this.#model = compiled.model;
    this.#decomposition = compiled.decomposition;
    this.#fault = fault;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#end = end;
    this.#metronome = new Metronome({
      clock: host.clock,
      outlet: stdout,
      phaseMs: host.phaseMs,
      granularitySec: compiled.head.granularitySec,
      fromMs: host.tellFrom(compiled.head.spec),
      onTick: (firstSec, lastSec, endMs) => this.#onTick(firstSec, lastSec, endMs),
      onLive: () => host.toldUntil(compiled.head.spec, Infinity),
    });
  }

  start(): void {
    this.#metronome.start();
  }

  stop(): void {
    this.#hung = true;
    this.#metronome.stop();
  }

  #onTick(firstSec: number, lastSec: number, endMs: number): void {
    if (this.#hung) return;
    if (this.#isStalled()) {
      this.#end(1, UNRESPONSIVE);
      return;
    }
    for (let sec = firstSec; sec <= lastSec; sec++) {
      this.#decomposition.add(this.#host.events.of(this.#model, sec));
    }
    const fault = faultAt(this.#fault, this.#tick + 1);
    if (fault?.kind === "missed-tick" && !this.#missed) {
      this.#missed = true;
      return;
    }
    this.#tick += 1;
    this.#print(this.#decomposition.take(), endMs, fault);
    this.#host.toldUntil(this.#head.spec, endMs);
    if (this.#fault?.kind === "exit" && this.#fault.afterTick === this.#tick) {
      this.#end(this.#fault.status, this.#fault.stderr);
    }
  }

  /** Ticks that come while the reader stalls pile up; past a bound, or after too long, the kernel gives up on us. */
  #isStalled(): boolean {
    if (this.#stdout.queuedBytes === 0) {
      this.#stalledSinceMs = undefined;
      return false;
    }
    this.#stalledSinceMs ??= this.#host.clock.now();
    const { queueBytes, stallMs } = this.#host.limits;
    return this.#stdout.queuedBytes > queueBytes || this.#host.clock.now() - this.#stalledSinceMs > stallMs;
  }

  #print(counted: readonly Row[], endMs: number, fault: Fault | undefined): void {
    const events = counted.reduce((sum, row) => sum + row.value, 0);
    const rows = fault?.kind === "drops" ? counted.slice(fault.lostRows ?? 0) : counted;
    const nonce = fault?.kind === "wrong-nonce" ? "f".repeat(32) : this.#head.nonce;
    const walltimestampNs = this.#walltimestampNs(endMs);
    const scheme = this.#head.numeric === null ? null : this.#decomposition.scheme;
    const frame = printFrame(nonce, this.#tick, walltimestampNs, rows, scheme, events);
    this.#write(frame, fault);
    const sound = fault === undefined || !UNSOUND.has(fault.kind);
    const { name: host, ledger } = this.#host;
    const { spec } = this.#head;
    const entry = { kind: "frame", host, spec, nonce: this.#head.nonce, tick: this.#tick, walltimestampNs } as const;
    ledger.add({ ...entry, endMs, events, rows, sound });
  }

  #write(frame: FrameParts, fault: Fault | undefined): void {
    const whole = frame.begin + frame.rows + frame.done;
    switch (fault?.kind) {
      case "hang":
        this.#hung = true;
        this.#stdout.write(whole.slice(0, Math.floor(whole.length / 2)));
        return;
      case "no-done":
        this.#stdout.write(frame.begin + frame.rows);
        return;
      case "repeated-tick":
        this.#stdout.write(whole + whole);
        return;
      case "junk":
        if (fault.within === true) this.#stdout.write(frame.begin);
        this.#stdout.write(Buffer.from(fault.bytes));
        this.#stdout.write(fault.within === true ? frame.rows + frame.done : whole);
        return;
      case "drops":
        this.#stderr.write(fault.lines.map((line) => `${line}\n`).join(""));
        break;
      case "stderr-flood":
        this.#stderr.write("dtrace: 5027700 aggregation drops on CPU 1\n".repeat(fault.lines));
        break;
      case "unresponsive":
        this.#end(1, UNRESPONSIVE);
        return;
      default:
    }
    this.#stdout.write(whole);
  }

  /** By the host's own clock; the tick's clause runs some microseconds late, and never at the same one. */
  #walltimestampNs(endMs: number): bigint {
    const lateNs = Math.floor(40_000 + 260_000 * unit(mix(this.#host.seed, 11), Math.floor(endMs / 1000)));
    return BigInt(Math.round(endMs + this.#host.clockOffsetMs)) * 1_000_000n + BigInt(lateNs);
  }
}

/** Frames that a reader must not have used. */
const UNSOUND: ReadonlySet<Fault["kind"]> = new Set(["hang", "no-done", "wrong-nonce", "unresponsive"]);

function faultAt(fault: Fault | undefined, tick: number): Fault | undefined {
  return fault !== undefined && "tick" in fault && fault.tick === tick ? fault : undefined;
}
