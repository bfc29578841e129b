/**
 * shapes-alerts.ts: what the query API answers about alerts: rules, states, silences, hooks, deliveries.
 */
import { Type, type Static } from "typebox";
import type * as api from "../core/alerts/api.ts";
import { number, object, orNull, text, words, type Is } from "./shape-parts.ts";

const TEXTS = Type.Record(Type.String(), Type.String());
const OWNER = text("operator, or a tenant's id");

export const AlertRuleInfo = object({
  id: text(),
  owner: OWNER,
  fromFile: Type.Boolean({ description: "part of the configuration, which alone can change it" }),
  rule: Type.Record(Type.String(), Type.Unknown(), { description: "as docs/alerts.md has it" }),
  createdMs: number(),
  changedMs: number(),
  problem: text("why it cannot be evaluated; empty while it can"),
});

const Firing = object({ key: orNull(text()), startsMs: number(), endsMs: orNull(number(), "null: it still fires") });
export const AlertRuleDetail = object({
  ...AlertRuleInfo.properties,
  firings: Type.Array(Firing, { description: "when it fired, in the last 30 days" }),
});

export const AlertInfo = object({
  fingerprint: text("the same for the same rule and key"),
  rule: text(),
  owner: OWNER,
  name: text(),
  key: orNull(text()),
  status: words("inactive", "pending", "firing", "resolved"),
  labels: TEXTS,
  annotations: TEXTS,
  sinceMs: number(),
  startsMs: orNull(number()),
  endsMs: orNull(number()),
  value: orNull(number(), "null: not known, which is not zero"),
  isPartial: Type.Boolean({ description: "hosts were missing, or events lost" }),
  unknownSinceMs: orNull(number(), "since when there is no data"),
  why: text(),
  isLate: Type.Boolean({ description: "found when late data came" }),
  isSilenced: Type.Boolean(),
});

export const AlertTest = object({
  fromTs: number(),
  toTs: number(),
  stepSec: number("how far apart it was tried"),
  evaluations: number(),
  unknown: number("evaluations at which nobody had watched, over all keys"),
  keys: number(),
  alerts: Type.Array(
    object({ key: orNull(text()), fromTs: number(), toTs: orNull(number()), worst: orNull(number()) }),
  ),
  columnSec: number(),
  columns: Type.Array(
    object({
      fromTs: number(),
      worst: orNull(number(), "of all keys; null: nothing to take a value of"),
      isUnknown: Type.Boolean({ description: "nobody had watched" }),
      isPartial: Type.Boolean(),
    }),
  ),
  notes: Type.Array(text()),
});

const Matcher = object({ name: text(), op: words("=", "!=", "^="), value: text() });
const Weekly = object({ days: Type.Array(number()), from: text(), to: text(), timeZone: text() });

export const SilenceInfo = object({
  id: text(),
  owner: OWNER,
  matchers: Type.Array(Matcher),
  startsMs: number(),
  endsMs: number(),
  weekly: orNull(Weekly, "a maintenance window: hours of each week"),
  comment: text(),
  createdMs: number(),
  isInForce: Type.Boolean(),
});

const HOOK = {
  id: text(),
  owner: OWNER,
  name: text(),
  kind: words("webhook", "alertmanager"),
  url: text(),
  isSigned: Type.Boolean(),
  groupBy: Type.Array(text()),
  groupWaitSec: number(),
  groupIntervalSec: number(),
  repeatSec: number(),
  sendResolved: Type.Boolean(),
  fromFile: Type.Boolean(),
  createdMs: number(),
};
export const HookInfo = object(HOOK);
export const NewHookInfo = object({ ...HOOK, secret: text("what requests are signed with: shown this once") });
export const ChangedHookInfo = object({
  ...HOOK,
  secret: orNull(text(), "only where a new one was made: shown this once"),
});
export const HookTest = object({ ok: Type.Boolean(), tookMs: number(), problem: text() });

export const DeliveryInfo = object({
  id: text("the idempotency key"),
  owner: OWNER,
  hook: text(),
  status: words("waiting", "sent", "dead"),
  createdMs: number(),
  attempts: number(),
  nextMs: orNull(number()),
  problem: text(),
  alerts: number(),
  report: orNull(text(), "the saved report that it is of; null: it is of alerts"),
});

const next = orNull(text(), "where the next page begins; null: there is none");
export const AlertsPage = object({ alerts: Type.Array(AlertInfo), next });
export const AlertRulesPage = object({ rules: Type.Array(AlertRuleInfo), next });
export const SilencesPage = object({ silences: Type.Array(SilenceInfo), next });
export const HooksPage = object({ hooks: Type.Array(HookInfo), next });
export const DeliveriesPage = object({ deliveries: Type.Array(DeliveryInfo), next });

/** Fails to compile where a shape lacks what its interface has, or has it otherwise. */
export type ShapesAreTheInterfaces = [
  Is<Static<typeof AlertRuleInfo>, api.AlertRuleInfo>,
  Is<Static<typeof AlertRuleDetail>, api.AlertRuleDetail>,
  Is<Static<typeof AlertInfo>, api.AlertInfo>,
  Is<Static<typeof AlertTest>, api.AlertTest>,
  Is<Static<typeof SilenceInfo>, api.SilenceInfo>,
  Is<Static<typeof HookInfo>, api.HookInfo>,
  Is<Static<typeof NewHookInfo>, api.NewHookInfo>,
  Is<Static<typeof HookTest>, api.HookTest>,
  Is<Static<typeof ChangedHookInfo>, api.ChangedHookInfo>,
  Is<Static<typeof DeliveryInfo>, api.DeliveryInfo>,
  Is<Static<typeof AlertsPage>, api.AlertsPage>,
  Is<Static<typeof AlertRulesPage>, api.AlertRulesPage>,
  Is<Static<typeof SilencesPage>, api.SilencesPage>,
  Is<Static<typeof HooksPage>, api.HooksPage>,
  Is<Static<typeof DeliveriesPage>, api.DeliveriesPage>,
];
