/**
 * task-record.ts: what is remembered of one spec on one host across restarts, reconnects and changes of its zones.
 *
 * Its columns are accounted for without a break; its losses add up; and a spec that was switched off, or that the host cannot
 * run, does not get a new chance from a broken connection.
 */
import type { Cause } from "../core/host-status.ts";
import type { GapReason } from "../core/window.ts";
import type { RowSink } from "./batcher.ts";
import { CostGuard, type GuardLimits } from "./cost-guard.ts";
import { Coverage } from "./coverage.ts";
import { Quality } from "./quality.ts";
import { TickRates } from "./tick-rates.ts";

/** Not to be started before its time. */
export interface Hold {
  readonly state: "unsupported" | "disabled";
  readonly cause: Cause;
  readonly reason: string;
  readonly sinceMs: number;
  /** null: never, until somebody makes it anew. */
  readonly untilMs: number | null;
}

export class TaskRecord {
  readonly coverage: Coverage;
  readonly guard: CostGuard;
  readonly quality = new Quality();
  readonly rates: TickRates;
  hold: Hold | undefined;
  /** Why columns are missing since the last that was delivered. */
  gap: GapReason = "disabled";

  constructor(options: {
    readonly spec: string;
    readonly host: string;
    readonly granularitySec: number;
    readonly sink: RowSink;
    readonly limits: GuardLimits;
  }) {
    this.coverage = new Coverage(options);
    this.guard = new CostGuard(options.limits);
    this.rates = new TickRates(options.granularitySec);
  }

  /** An earlier run of the collector had columns up to this one: those since were missed because there was no collector. */
  resume(lastTs: number, nowMs: number): void {
    this.gap = "collector_down";
    this.coverage.resume(lastTs, nowMs, this.gap);
  }

  /** The host is another one now, or the program is: whether it runs there is an open question again. */
  forgetUnsupported(): void {
    if (this.hold?.state === "unsupported") this.hold = undefined;
  }
}
