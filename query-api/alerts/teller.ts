/**
 * teller.ts: what a hook is told, and how it gets there: the message with its breakdown, the target that is checked, the post.
 */
import { lookup } from "node:dns/promises";
import { randomBytes } from "node:crypto";
import type { HookTest } from "../../core/alerts/api.ts";
import { OperationalError } from "../../core/errors.ts";
import { within } from "../../core/within.ts";
import { OPERATOR } from "../../core/window.ts";
import type { Log } from "../../server/log.ts";
import type { StoreClient } from "../../store/client.ts";
import type { Ownership } from "../../store/ownership.ts";
import type { KeyState } from "./active-rule.ts";
import { readCombinations } from "./combinations.ts";
import type { Hook } from "./hooks.ts";
import { alertmanagerBody, canBreakDown, selectionOf, webhookBody, type AlertFacts, type Linking } from "./payload.ts";
import { DEADLINE_MS, post, problemOf, type Connect } from "./send.ts";
import { checkTarget } from "./target.ts";

/** A breakdown that takes longer is left out: an alert that comes late is worse. */
const BREAKDOWN_MS = 2_000;
const MAX_BREAKDOWNS = 5;

export interface TellerDeps {
  readonly store: StoreClient;
  readonly ownership: Pick<Ownership, "current">;
  readonly nowSec: () => number;
  readonly log: Log;
  readonly publicUrl: string | undefined;
  readonly options: {
    readonly allowTargets?: readonly string[];
    /** All addresses of a name; tests have their own. */
    readonly resolve?: (name: string) => Promise<readonly string[]>;
    readonly connect?: Connect;
  };
}

export class Teller {
  /** In front of links; "" until it is known. */
  baseUrl: string;
  /** Targets that operators allow although they lie inside. */
  allowTargets: readonly string[];
  readonly #deps: TellerDeps;

  constructor(deps: TellerDeps) {
    this.#deps = deps;
    this.baseUrl = deps.publicUrl?.replace(/\/$/, "") ?? "";
    this.allowTargets = deps.options.allowTargets ?? [];
  }

  /** Sends a hook something to see that it arrives. Never throws for what the target does. */
  async test(hook: Hook): Promise<HookTest> {
    const begun = Date.now();
    const at = new Date(begun).toISOString();
    const alert = {
      ...{
        status: "firing",
        labels: { alertname: "IsothermTest" },
        annotations: { summary: "a test of this hook; nothing is wrong" },
      },
      ...{
        startsAt: at,
        endsAt: new Date(begun + 60_000).toISOString(),
        generatorURL: this.baseUrl,
        fingerprint: "0".repeat(16),
      },
    };
    const { status: _status, fingerprint: _fingerprint, ...posted } = alert;
    const body =
      hook.kind === "alertmanager"
        ? JSON.stringify([posted])
        : JSON.stringify({
            ...{
              version: "4",
              groupKey: "{}:test",
              truncatedAlerts: 0,
              status: "firing",
              receiver: hook.row.name,
              groupLabels: {},
            },
            ...{
              commonLabels: alert.labels,
              commonAnnotations: alert.annotations,
              externalURL: this.baseUrl,
              alerts: [alert],
            },
          });
    try {
      await this.post(hook, body, `test-${randomBytes(8).toString("hex")}`);
      return { ok: true, tookMs: Date.now() - begun, problem: "" };
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      return { ok: false, tookMs: Date.now() - begun, problem: problemOf(error) };
    }
  }

  /** What a hook is sent of the states of a group. */
  async compose(hook: Hook, groupKey: string, states: readonly KeyState[], nowMs: number): Promise<string> {
    const signal = AbortSignal.timeout(BREAKDOWN_MS);
    const all: AlertFacts[] = [];
    for (const [i, state] of states.entries()) {
      const wanted = i < MAX_BREAKDOWNS && canBreakDown(state) && state.state.status === "firing";
      const combinations = wanted ? await this.#combinations(state, signal) : null;
      all.push({ state, combinations });
    }
    return hook.kind === "alertmanager"
      ? alertmanagerBody(hook, all, this.linking(), nowMs)
      : webhookBody(hook, groupKey, all, this.linking());
  }

  async #combinations(state: KeyState, signal: AbortSignal): Promise<AlertFacts["combinations"]> {
    const { store, nowSec, log } = this.#deps;
    const { from, to, low, high } = selectionOf(state);
    const view = this.#viewOfKey(state);
    try {
      return await readCombinations(store, view, { fromTs: from, toTs: to ?? from }, { low, high }, nowSec(), signal);
    } catch (error) {
      log.warn({ err: error }, "an alert is sent without its breakdown");
      return null;
    }
  }

  /** The rule's view, of one key. */
  #viewOfKey({ rule, view, key }: KeyState): KeyState["view"] {
    if (rule.per === null || rule.per === "hostname") return view;
    const own = { op: "eq", field: rule.per, value: key } as const;
    return { ...view, where: view.where.op === "true" ? own : { op: "and", terms: [view.where, own] } };
  }

  /** Sends a body to where the hook points now. @throws OperationalError HOOK_REFUSED, HOOK_FAILED, and those of targets */
  async post(hook: Hook, body: string, idempotencyKey: string): Promise<void> {
    const { options } = this.#deps;
    const rules = { allowTargets: this.allowTargets, resolve: options.resolve ?? resolveAll };
    const text = hook.kind === "alertmanager" ? `${hook.row.url.replace(/\/$/, "")}/api/v2/alerts` : hook.row.url;
    const begun = Date.now();
    const target = await within(DEADLINE_MS, checkTarget(text, hook.row.owner === OPERATOR, rules), unresolved);
    const deadlineMs = Math.max(1, DEADLINE_MS - (Date.now() - begun));
    await post({ target, body, secret: hook.row.secret, idempotencyKey, connect: options.connect, deadlineMs });
  }

  /** Where links in messages lead, and what zones are called. */
  linking(): Linking {
    const aliases = new Map(this.#deps.ownership.current().map(({ zone, alias }) => [zone, alias]));
    return { baseUrl: this.baseUrl, aliasOf: (zone) => aliases.get(zone) || zone };
  }
}

/** A name that nobody resolves is not waited for longer than a target that does not answer. */
function unresolved(): OperationalError {
  return new OperationalError("HOOK_FAILED", "resolve a hook's target: no answer in time");
}

async function resolveAll(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}
