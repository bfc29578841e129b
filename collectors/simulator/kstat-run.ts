/**
 * kstat-run.ts: one `kstat -p -T u PATTERN... 1` on one host: a sample at once, then one every second, until its lease ends.
 */
import { OFF, type CommandHost, type Running } from "./command.ts";
import type { kstatChain } from "./kstat-chain.ts";
import type { HostTotals, KstatCounters } from "./kstat-counters.ts";
import { kstatLines } from "./kstat-text.ts";
import { Lease } from "./lease.ts";
import { Metronome } from "./metronome.ts";
import { Outlet } from "./outlet.ts";
import { mix, Random } from "./random.ts";
import type { Exec } from "./ssh-server.ts";

let runs = 0;

export class KstatRun implements Running {
  readonly #host: CommandHost;
  readonly #counters: KstatCounters;
  readonly #exec: Exec;
  readonly #chain: typeof kstatChain;
  readonly #stdout: Outlet;
  readonly #lease: Lease;
  readonly #metronome: Metronome;
  readonly #run = ++runs;
  #totals: HostTotals | undefined;
  #sample = 0;
  #previous = new Map<string, bigint>();
  #over = false;

  /** @param of which kstats, and what the past is told by */
  constructor(
    host: CommandHost,
    counters: KstatCounters,
    exec: Exec,
    { what, chain }: { readonly what: string; readonly chain: typeof kstatChain },
  ) {
    this.#host = host;
    this.#counters = counters;
    this.#exec = exec;
    this.#chain = chain;
    this.#stdout = new Outlet(exec.stdout, new Random(mix(host.seed, this.#run)), host.limits.maxPieceBytes);
    this.#lease = new Lease(exec, null, host.clock, host.limits.leaseMs, { onEnd: () => this.#end(0) });
    exec.onClose(() => this.stop());
    exec.onSignal(() => this.#end(0));
    this.#metronome = new Metronome({
      clock: host.clock,
      outlet: this.#stdout,
      phaseMs: host.phaseMs,
      granularitySec: 1,
      // The second before: its end has passed already, so that the first sample comes at once.
      fromMs: host.tellFrom(what) - 1000,
      onTick: (_firstSec, lastSec, endMs) => {
        this.#print(lastSec, endMs);
        host.toldUntil(what, endMs);
      },
      onLive: () => host.toldUntil(what, Infinity),
    });
    this.#metronome.start();
  }

  stop(): void {
    this.#over = true;
    this.#halt();
    this.#stdout.close();
  }

  switchOff(): void {
    this.#exec.stderr.write(`wrapper: switched off by ${this.#host.off}\n`);
    this.#end(OFF);
  }

  #halt(): void {
    this.#lease.close();
    this.#metronome.stop();
  }

  #end(status: number): void {
    if (this.#over) return;
    this.stop();
    this.#exec.exit(status);
  }

  #print(sec: number, endMs: number): void {
    if (this.#over) return;
    // kstat blocks on a reader that stalls; what it would have printed meanwhile never was.
    if (this.#stdout.queuedBytes > this.#host.limits.queueBytes) return;
    const totals = this.#totalsAt(sec);
    const chain = this.#chain(this.#host, totals, endMs);
    const snaptimeNs = Math.max(0, endMs - this.#host.bootMs) * 1e6;
    let text = `${Math.floor((endMs + this.#host.clockOffsetMs) / 1000)}\n`;
    const values = new Map<string, bigint>();
    const counted = this.#host.ledger.on;
    let lines = 0;
    for (const { left, value, integer } of kstatLines(chain, snaptimeNs, this.#host.lacking)) {
      text += `${left}\t${value}\n`;
      lines += 1;
      if (counted && integer) values.set(left, BigInt(value));
    }
    if (lines === 0 && this.#sample === 0) {
      this.#end(1);
      return;
    }
    this.#stdout.write(`${text}\n`);
    this.#sample += 1;
    if (counted) this.#enter(values, endMs);
  }

  #totalsAt(sec: number): HostTotals {
    this.#totals ??= this.#counters.at(sec);
    while (this.#totals.sec < sec) this.#counters.advance(this.#totals);
    return this.#totals;
  }

  #enter(values: Map<string, bigint>, endMs: number): void {
    const deltas = new Map<string, bigint>();
    for (const [left, value] of values) {
      const before = this.#previous.get(left);
      if (before !== undefined) deltas.set(left, value - before);
    }
    this.#previous = values;
    const { name: host, ledger } = this.#host;
    ledger.add({ kind: "sample", host, run: this.#run, sample: this.#sample, endMs, deltas });
  }
}
