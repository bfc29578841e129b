/**
 * api.ts: what the query API answers about alerts (core/api.ts has the rest). Times are epoch milliseconds, rows of history seconds.
 */
import type { Status } from "./machine.ts";
import type { PastFiring } from "./past.ts";
import type { SilenceInput } from "./silence.ts";

/** A rule with whose it is. `rule` is what `parseRule` reads. */
export interface AlertRuleInfo {
  readonly id: string;
  /** "operator", or a tenant's id. */
  readonly owner: string;
  /** Whether it comes from a file, which alone can change it. */
  readonly fromFile: boolean;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  readonly changedMs: number;
  /** Why it cannot be evaluated; "" while it can. */
  readonly problem: string;
}

/** GET /v1/alerts/rules/:id: a rule with when it fired, in the last 30 days. */
export interface AlertRuleDetail extends AlertRuleInfo {
  /** Ascending by `startsMs` for each key. */
  readonly firings: readonly (PastFiring & { readonly key: string | null })[];
}

/** One rule's state for one key. */
export interface AlertInfo {
  /** What tools know it by: the same for the same labels. */
  readonly fingerprint: string;
  readonly rule: string;
  readonly owner: string;
  readonly name: string;
  readonly key: string | null;
  readonly status: Status;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  readonly startsMs: number | null;
  readonly endsMs: number | null;
  /** Null: not known, which is not zero. */
  readonly value: number | null;
  readonly isPartial: boolean;
  /** Since when there is no data; null: there is. */
  readonly unknownSinceMs: number | null;
  readonly why: string;
  /** Found when late data came, after it happened. */
  readonly isLate: boolean;
  readonly isSilenced: boolean;
}

/** A stretch of the past in which a rule would have fired. */
export interface TriedAlert {
  readonly key: string | null;
  readonly fromTs: number;
  /** Null: it would still fire at the end. */
  readonly toTs: number | null;
  /** The worst that the value came to. */
  readonly worst: number | null;
}

/** A column of the line that a tried rule's values make. */
export interface TriedColumn {
  readonly fromTs: number;
  /** The worst of all keys in it; null: nothing to take a value of. */
  readonly worst: number | null;
  /** Whether nobody had watched, for any key, throughout. */
  readonly isUnknown: boolean;
  /** Whether some of it is from less than everything. */
  readonly isPartial: boolean;
}

export interface AlertTest {
  readonly fromTs: number;
  readonly toTs: number;
  /** How far apart the rule was tried: no shorter than `everySec`. */
  readonly stepSec: number;
  readonly evaluations: number;
  /** Evaluations at which nobody had watched, over all keys. */
  readonly unknown: number;
  readonly keys: number;
  readonly alerts: readonly TriedAlert[];
  /** What it came to, at most some 600 columns; ascending. */
  readonly columnSec: number;
  readonly columns: readonly TriedColumn[];
  /** What the answer does not hold, in words. */
  readonly notes: readonly string[];
}

export interface SilenceInfo extends SilenceInput {
  readonly id: string;
  readonly owner: string;
  readonly createdMs: number;
  readonly isInForce: boolean;
}

export interface HookInfo {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly kind: "webhook" | "alertmanager";
  readonly url: string;
  readonly isSigned: boolean;
  readonly groupBy: readonly string[];
  readonly groupWaitSec: number;
  readonly groupIntervalSec: number;
  readonly repeatSec: number;
  readonly sendResolved: boolean;
  readonly fromFile: boolean;
  readonly createdMs: number;
}

/** A hook when it is made: the one time that its secret is shown. */
export interface NewHookInfo extends HookInfo {
  readonly secret: string;
}

/** A hook when it was changed: with its secret where a new one was made, which is the one time that it is shown. */
export interface ChangedHookInfo extends HookInfo {
  readonly secret: string | null;
}

/** waiting: to be tried at `nextMs`; sent: a 2xx came; dead: given up, until somebody sends it again. */
export type DeliveryStatus = "waiting" | "sent" | "dead";

export interface DeliveryInfo {
  readonly id: string;
  readonly owner: string;
  readonly hook: string;
  readonly status: DeliveryStatus;
  readonly createdMs: number;
  readonly attempts: number;
  readonly nextMs: number | null;
  /** Why the last attempt failed; never what the target answered. */
  readonly problem: string;
  readonly alerts: number;
  /** Id of the saved report that it is of; null: it is of alerts. */
  readonly report: string | null;
}

/** `next` of a page goes on where it ends: the newest first by `before`, by name by `after`. Null: there is no other page. */
interface Page {
  readonly next: string | null;
}

export interface AlertsPage extends Page {
  readonly alerts: readonly AlertInfo[];
}

export interface AlertRulesPage extends Page {
  readonly rules: readonly AlertRuleInfo[];
}

export interface SilencesPage extends Page {
  readonly silences: readonly SilenceInfo[];
}

export interface HooksPage extends Page {
  readonly hooks: readonly HookInfo[];
}

export interface DeliveriesPage extends Page {
  readonly deliveries: readonly DeliveryInfo[];
}

/** What a test of a hook came to. */
export interface HookTest {
  readonly ok: boolean;
  readonly tookMs: number;
  readonly problem: string;
}
