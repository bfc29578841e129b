/**
 * enabling.ts: the running part of a D program: ticks in, frames out, into the ledger, and spoiled where a fault is planned.
 */
import type { ProgramHead } from "../../d-scripts/head.ts";
import type { CommandHost } from "./command.ts";
import type { Decomposition, Row } from "./decomposition.ts";
import { UNRESPONSIVE, type Fault } from "./faults.ts";
import { printFrame, type FrameParts } from "./frame.ts";
import { Metronome } from "./metronome.ts";
import type { Model } from "./models/model.ts";
import type { Outlet } from "./outlet.ts";
import { mix, unit } from "./random.ts";

export class Enabling {
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
  #cpuSec = 0;
  /** By the host's clock, ms: where the program takes over from another; it counts nothing before. */
  readonly #beginsMs: number;
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
    this.#beginsMs = beginsMs(host.clock.now() + host.clockOffsetMs, compiled.head);
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
    if (!this.#isAfterBoundary(endMs)) return;
    for (let sec = firstSec; sec <= lastSec; sec++) {
      if (!this.#isAfterBoundary((sec + 1) * 1000 + this.#host.phaseMs)) continue;
      this.#decomposition.add(this.#host.events.of(this.#model, sec));
    }
    const fault = faultAt(this.#fault, this.#tick + 1);
    if (fault?.kind === "missed-tick" && !this.#missed) {
      this.#missed = true;
      return;
    }
    this.#tick += 1;
    this.#print(this.#decomposition.take(), endMs, fault);
    if (this.#tick % CPU_TICKS === 0) this.#tellCpu();
    this.#host.toldUntil(this.#head.spec, endMs);
    if (this.#fault?.kind === "exit" && this.#fault.afterTick === this.#tick) {
      this.#end(this.#fault.status, this.#fault.stderr);
    }
  }

  /** Of a tick in true time; see d-scripts/takeover.ts. */
  #isAfterBoundary(endMs: number): boolean {
    return endMs + this.#host.clockOffsetMs >= this.#beginsMs + 5;
  }

  /** Ticks that come while the reader stalls pile up; past a bound, or after too long, the kernel gives up on us. */
  #isStalled(): boolean {
    if (this.#stdout.queuedBytes === 0) {
      this.#stalledSinceMs = undefined;
      return false;
    }
    this.#stalledSinceMs ??= this.#host.clock.now();
    const { queueBytes, stallMs } = this.#host.limits;
    return this.#stdout.piledBytes > queueBytes || this.#host.clock.now() - this.#stalledSinceMs > stallMs;
  }

  /** As the wrapper does: what dtrace itself has used since it was started. */
  #tellCpu(): void {
    this.#stderr.write(`wrapper: cpu ${this.#cpuSec.toFixed(2)} of ${this.#tick * this.#head.granularitySec}\n`);
  }

  #print(counted: readonly Row[], endMs: number, fault: Fault | undefined): void {
    const events = counted.reduce((sum, row) => sum + row.value, 0);
    this.#cpuSec += 0.002 + 0.000_1 * counted.length;
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
        // One write: its size is no sign of a reader that stalls.
        this.#stdout.write(
          fault.within === true
            ? Buffer.concat([Buffer.from(frame.begin), Buffer.from(fault.bytes), Buffer.from(frame.rows + frame.done)])
            : Buffer.concat([Buffer.from(fault.bytes), Buffer.from(whole)]),
        );
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

/** What BEGIN of a program that takes over works out. */
function beginsMs(nowMs: number, { after, granularitySec }: ProgramHead): number {
  if (after === undefined) return -Infinity;
  const periodMs = granularitySec * 1000;
  return nowMs + 1000 + periodMs - ((nowMs + 1000 - Number(BigInt(after) / 1000n) / 1000) % periodMs);
}

const CPU_TICKS = 10;

/** Frames that a reader must not have used. */
const UNSOUND: ReadonlySet<Fault["kind"]> = new Set(["hang", "no-done", "wrong-nonce", "unresponsive"]);

function faultAt(fault: Fault | undefined, tick: number): Fault | undefined {
  return fault !== undefined && "tick" in fault && fault.tick === tick ? fault : undefined;
}
