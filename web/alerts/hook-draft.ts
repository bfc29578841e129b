/**
 * hook-draft.ts: a hook as it is typed, and what the API takes of it: all of a new one, of one that is changed only what was changed.
 */
import type { HookInfo } from "../../core/alerts/api.ts";
import type { FieldError } from "../../core/errors.ts";
import { parseSeconds, secondsText } from "./typed.ts";

export interface HookDraft {
  readonly kind: HookInfo["kind"];
  readonly name: string;
  readonly url: string;
  /** "": one is made for a new hook, and a changed one keeps its own. */
  readonly secret: string;
  /** Of a changed one: whether a new one is made. */
  readonly newSecret: boolean;
  readonly groupBy: string;
  readonly groupWaitSec: string;
  readonly groupIntervalSec: string;
  readonly repeatSec: string;
  readonly sendResolved: boolean;
}

export const EMPTY_HOOK: HookDraft = {
  ...{ kind: "webhook", name: "", url: "", secret: "", newSecret: false, groupBy: "alertname" },
  ...{ groupWaitSec: "2 s", groupIntervalSec: "30 s", repeatSec: "4 h", sendResolved: true },
};

export function draftOfHook(hook: HookInfo): HookDraft {
  const { kind, name, url, groupBy, sendResolved } = hook;
  return {
    ...{ kind, name, url, secret: "", newSecret: false, groupBy: groupBy.join(", "), sendResolved },
    groupWaitSec: secondsText(hook.groupWaitSec),
    groupIntervalSec: secondsText(hook.groupIntervalSec),
    repeatSec: secondsText(hook.repeatSec),
  };
}

export interface WrittenHook {
  readonly json: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];
}

/** @param before the hook that is changed; null: a new one */
export function writeHook(draft: HookDraft, before: HookInfo | null): WrittenHook {
  const errors: FieldError[] = [];
  const seconds = (field: "groupWaitSec" | "groupIntervalSec" | "repeatSec"): number | undefined => {
    const value = parseSeconds(draft[field]);
    if (value === null) errors.push({ field, code: "UNREADABLE", message: "expected something like 30 s" });
    return value ?? undefined;
  };
  if (draft.name.trim() === "") errors.push({ field: "name", code: "REQUIRED", message: "expected a name" });
  if (draft.url.trim() === "") errors.push({ field: "url", code: "REQUIRED", message: "expected an https URL" });
  const about = { name: draft.name.trim(), url: draft.url.trim(), sendResolved: draft.sendResolved };
  const groups = {
    groupBy: draft.groupBy
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== ""),
    ...{ groupWaitSec: seconds("groupWaitSec"), groupIntervalSec: seconds("groupIntervalSec") },
    repeatSec: seconds("repeatSec"),
  };
  const secret = draft.newSecret ? { secret: null } : draft.secret === "" ? {} : { secret: draft.secret };
  // An Alertmanager groups by itself, and is not signed for.
  const whole: Record<string, unknown> =
    draft.kind === "alertmanager" ? { name: about.name, url: about.url } : { ...about, ...groups, ...secret };
  if (before === null) return { json: { kind: draft.kind, ...whole }, errors };
  const was = before as unknown as Readonly<Record<string, unknown>>;
  const changed = Object.entries(whole).filter(
    // Its name is what rules know it by: it stays.
    ([name, value]) => name === "secret" || (name !== "name" && JSON.stringify(value) !== JSON.stringify(was[name])),
  );
  return { json: Object.fromEntries(changed), errors };
}
