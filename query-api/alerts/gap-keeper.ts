/**
 * gap-keeper.ts: what evaluations lacked, kept through restarts: late data are evaluated again whoever evaluates by then.
 *
 *   evaluator ──▶ gaps that opened or closed ──▶ stored, with the time         (every SEEN_EVERY_MS the time alone)
 *   successor: gaps read ──▶ batches that ingest took since that time and that were late ──▶ their rules are evaluated again
 *
 * A gap is stored a moment after it opens; one that is lost with the process in that moment opens again at the successor's first
 * evaluation that lacks something.
 */
import type { AlertState } from "../../core/alerts/machine.ts";
import { lateSince, putGaps, readGaps, type AlertGapRow } from "../../store/alert-gaps.ts";
import type { AlertRuleRow } from "../../store/alerts.ts";
import type { StoreClient } from "../../store/client.ts";
import type { Gap } from "./active-rule.ts";

/** How it was when somebody else evaluated, or this process before. */
export interface RestoredGap {
  readonly gap: Gap;
  /** The rule's when it was stored. */
  readonly changedMs: number;
  /** Data have come for it that nobody has looked at. */
  readonly isLate: boolean;
}

const SEEN_EVERY_MS = 10_000;
/** Ingest's clock may be behind ours by so much, and an evaluator may end that long after it was seen. */
const MARGIN_MS = 30_000;

export interface GapKeeperDeps {
  readonly store: StoreClient;
  readonly nowMs: () => number;
  /** What a rule counts, and how long its longest window is; null: it cannot be evaluated. */
  readonly groundOf: (rule: string) => { readonly spec: string; readonly windowSec: number } | null;
  /** How long after its time a tick is evaluated without waiting for more. */
  readonly settleSec: number;
  readonly onError: (error: unknown) => void;
}

export class GapKeeper {
  readonly #deps: GapKeeperDeps;
  #stored = new Map<string, Gap>();
  #version = 0;
  #seenMs = 0;
  #storing = false;

  constructor(deps: GapKeeperDeps) {
    this.#deps = deps;
  }

  /** By rule. */
  async load(): Promise<Map<string, RestoredGap>> {
    const { store, groundOf, settleSec, onError } = this.#deps;
    const { gaps, seenMs, version } = await readGaps(store);
    this.#version = version;
    const grounds = new Map(gaps.map(({ rule }) => [rule, groundOf(rule)]));
    const specs = [...new Set([...grounds.values()].flatMap((ground) => (ground === null ? [] : [ground.spec])))];
    const newest = await lateSince(store, specs, seenMs - MARGIN_MS, settleSec).catch((error: unknown) => {
      // Nobody knows: evaluating again what is as it was changes nothing.
      onError(error);
      return null;
    });
    const restored = new Map<string, RestoredGap>();
    for (const { rule, fromTs, changedMs, states } of gaps) {
      const ground = grounds.get(rule);
      const gap: Gap = { fromTs, before: new Map(states as [string, AlertState][]) };
      this.#stored.set(rule, gap);
      if (ground === null || ground === undefined) continue;
      const isLate = newest === null || (newest.get(ground.spec) ?? 0) >= fromTs - ground.windowSec;
      restored.set(rule, { gap, changedMs, isLate });
    }
    return restored;
  }

  /** Stores what has changed, and from time to time that somebody is here. */
  async keep(open: ReadonlyMap<string, { readonly row: AlertRuleRow; readonly gap: Gap }>): Promise<void> {
    if (this.#storing) return;
    const nowMs = this.#deps.nowMs();
    const rows: AlertGapRow[] = [];
    for (const [rule, { row, gap }] of open) {
      if (this.#stored.get(rule) === gap) continue;
      rows.push({ rule, fromTs: gap.fromTs, changedMs: row.changedMs, states: [...gap.before] });
    }
    for (const rule of this.#stored.keys()) {
      if (!open.has(rule)) rows.push({ rule, fromTs: 0, changedMs: 0, states: [] });
    }
    if (rows.length === 0 && nowMs - this.#seenMs < SEEN_EVERY_MS) return;
    this.#storing = true;
    try {
      this.#version = Math.max(nowMs, this.#version + 1);
      await putGaps(this.#deps.store, rows, nowMs, this.#version);
      this.#stored = new Map([...open].map(([rule, { gap }]) => [rule, gap]));
      this.#seenMs = nowMs;
    } finally {
      this.#storing = false;
    }
  }
}
