/**
 * quality.ts: what spoils the counts of an enabling, as counters: by window, and in all.
 *
 * A message on standard error belongs to the window whose frame it comes before, or at most `SETTLE_MS` after (enabling.ts
 * holds each frame back that long). dtrace asks the kernel for its drops at the start of a pass and prints the tick's frame in
 * the same pass, so a drop is written before its frame; but the two come through different pipes, and sshd may send the second
 * one first. A drop that the kernel counts after dtrace has asked is told with the next window, at most a second late.
 */
import type { DtraceMessage, MessageKind } from "./dtrace-messages.ts";
import type { ProblemKind } from "./frames.ts";

/** How long a complete frame waits for what standard error has to say about it. */
export const SETTLE_MS = 25;

/** What takes events, or parts of them, from a window. */
const LOSSES: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "principal_drops",
  "aggregation_drops",
  "dynamic_drops",
  "speculative_drops",
  "speculation_failed",
  "stack_drops",
  "error_on_probe",
]);

export interface WindowLosses {
  /** By kind; empty where nothing was lost. */
  readonly losses: Readonly<Record<string, number>>;
  /** Events that are missing, at least. */
  readonly dropped: number;
  /** Whether the kernel ran out of space: what disabling goes by. An error in a clause is no drop. */
  readonly drops: boolean;
}

export class Quality {
  #window: Record<string, number> = {};
  readonly #totals: Record<string, number> = {};
  #unknownSample = "";

  /** @returns whether it was about lost data, and hence needs no further attention */
  message({ kind, count, text }: DtraceMessage): boolean {
    if (kind === "unknown") this.stray("unknown_lines", text);
    if (!LOSSES.has(kind)) return false;
    add(this.#window, kind, count);
    add(this.#totals, kind, count);
    return true;
  }

  /** Something that was not understood: counted, and the first of all kept. */
  stray(kind: string, sample: string): void {
    add(this.#totals, kind, 1);
    this.#unknownSample ||= sample.slice(0, 200);
  }

  /** A frame, or a line outside one, that could not be used. */
  problem(kind: ProblemKind): void {
    add(this.#totals, `bad_frames_${kind}`, 1);
  }

  /**
   * Ends a window.
   *
   * @param uncounted events that the host aggregated and that no row holds: the kernel's aggregation drops, as exact as
   *   it gets; messages about the same drops are not added to them
   */
  take(uncounted: number): WindowLosses {
    const losses = this.#window;
    this.#window = {};
    if (uncounted > 0) {
      losses["uncounted_events"] = uncounted;
      add(this.#totals, "uncounted_events", uncounted);
    }
    const aggregation = Math.max(uncounted, losses["aggregation_drops"] ?? 0);
    const dropped = aggregation + (losses["dynamic_drops"] ?? 0) + (losses["error_on_probe"] ?? 0);
    const drops = Object.keys(losses).some((kind) => kind !== "error_on_probe");
    return { losses, dropped: Math.min(dropped, Number.MAX_SAFE_INTEGER), drops };
  }

  /** Since the enabling was assigned, by kind; `unknown_lines` too. */
  get totals(): Readonly<Record<string, number>> {
    return this.#totals;
  }

  /** The first line that was not understood; "" where all were. */
  get unknownSample(): string {
    return this.#unknownSample;
  }
}

function add(counters: Record<string, number>, kind: string, count: number): void {
  counters[kind] = Math.min(Number.MAX_SAFE_INTEGER, (counters[kind] ?? 0) + count);
}
