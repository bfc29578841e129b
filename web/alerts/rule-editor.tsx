/**
 * rule-editor.tsx: a rule being made or changed: the form at the left, where it would have fired at the right.
 *
 * The draft is in the address, as far as it can be read, so that one can hand it to somebody, and come back to it.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { AlertRuleInfo, HookInfo } from "../../core/alerts/api.ts";
import type { SessionInfo } from "../../core/api.ts";
import type { FieldError } from "../../core/errors.ts";
import { saveRule } from "../api/alerts.ts";
import { ApiError } from "../api/client.ts";
import type { Shared } from "../view/route.ts";
import { measuredBy, ownerText, type Ground } from "./ground.ts";
import {
  draftFor,
  EMPTY_DRAFT,
  fieldOfError,
  readDraft,
  thresholdUnit,
  writeRule,
  type RuleDraft,
} from "./rule-draft.ts";
import { RuleFields } from "./rule-form.tsx";
import { TryPanel } from "./try-panel.tsx";
import { parseAmount } from "./typed.ts";

interface Props {
  readonly ground: Ground;
  readonly hooks: readonly HookInfo[];
  readonly session: SessionInfo;
  readonly shared: Shared;
  /** The rule that is changed; null: a new one. */
  readonly editing: AlertRuleInfo | null;
  /** The draft as the address has it; "": nothing yet. */
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSaved: (saved: AlertRuleInfo) => void;
  readonly onCancel: () => void;
  readonly fail: (error: unknown) => void;
}

export function RuleEditor(props: Props) {
  const { ground, hooks, session, shared, editing, text, onText, onSaved, onCancel, fail } = props;
  const first = useMemo(() => firstDraft(text, ground), []);
  const [draft, setDraft] = useState<RuleDraft>(first);
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const [attempted, setAttempted] = useState(false);
  const [busy, setBusy] = useState(false);
  const written = useRef(text);
  const form = useRef<HTMLFormElement>(null);
  const measured = measuredBy(ground, draft.instrumentation);
  const { json, errors: own } = writeRule(draft, measured);
  const owner = editing?.owner ?? (session.role === "operator" ? "operator" : (session.tenant?.id ?? ""));
  // What was never typed is said only to who has asked for something.
  const errors = [...own.filter(({ code }) => attempted || code === "UNREADABLE"), ...refused];
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("[data-focus]")?.focus({ preventScroll: true });
    form.current?.scrollIntoView({ block: "nearest" });
  }, []);
  // Back and forward of the browser change the address from outside.
  useEffect(() => {
    if (text === written.current) return;
    written.current = text;
    setDraft(firstDraft(text, ground));
    setRefused([]);
  }, [text]);
  const change = (part: Partial<RuleDraft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    setRefused((before) => before.filter(({ field }) => !isTouched(field, draft, next)));
    written.current = JSON.stringify(writeRule(next, measuredBy(ground, next.instrumentation)).json);
    onText(written.current);
  };
  const refuse = (error: unknown): void => {
    setAttempted(true);
    if (!(error instanceof ApiError) || error.status === 401 || error.status === 0) fail(error);
    else setRefused(fieldErrorsOf(error));
  };
  const save = (): void => {
    setAttempted(true);
    if (own.length > 0 || busy) return;
    setBusy(true);
    saveRule(editing?.id ?? null, json)
      .then(onSaved, refuse)
      .finally(() => setBusy(false));
  };
  const threshold =
    measured === null ? null : parseAmount(draft.texts["condition.threshold"] ?? "", thresholdUnit(draft, measured));
  const wrong = new Set(errors.map(({ field }) => field)).size;
  return (
    <section class="rule-editor" aria-label={editing === null ? "new rule" : "change the rule"} data-rule-editor>
      <h2>
        {editing === null ? "new rule" : "change the rule"}
        {editing !== null && owner !== "operator" && session.role === "operator" && (
          <span class="quiet"> of {ownerText(ground, owner)}</span>
        )}
        {editing !== null && <span class="quiet"> what it has firing ends when it is saved, and it begins anew</span>}
      </h2>
      <div class="measure-top">
        <form
          class="draft"
          ref={form}
          aria-label="rule"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <RuleFields
            {...{ draft, measured, ground, errors }}
            hooks={hooks.filter((hook) => hook.owner === owner)}
            isOperators={owner === "operator"}
            onChange={change}
          />
          <div class="draft-end">
            <button type="submit" class="primary" disabled={busy}>
              {busy ? "saving …" : "save"}
            </button>
            <button type="button" class="word link" onClick={onCancel}>
              cancel
            </button>
            <span class="problem" role="status">
              {wrong === 0 ? "" : `${wrong} ${wrong === 1 ? "field needs" : "fields need"} a look`}
              {errors.filter(({ field }) => field === "").map(({ message }) => `: ${message}`)}
            </span>
          </div>
        </form>
        <TryPanel
          json={own.length === 0 ? json : null}
          {...{ threshold, measured, ground, shared }}
          onRefused={refuse}
          onUnfinished={() => setAttempted(true)}
        />
      </div>
    </section>
  );
}

function firstDraft(text: string, ground: Ground): RuleDraft {
  const told = readDraft(text === "" ? null : text, (id) => measuredBy(ground, id));
  if (told !== null) return told;
  const [first] = [...ground.instrumentations].sort((a, b) => Number(b.numeric !== null) - Number(a.numeric !== null));
  const measured = first === undefined ? null : measuredBy(ground, first.id);
  return measured === null ? EMPTY_DRAFT : draftFor(measured);
}

/** What the server refuses, by the field at which it was typed. */
function fieldErrorsOf(error: ApiError): readonly FieldError[] {
  if (error.errors.length > 0) return error.errors.map((each) => ({ ...each, field: fieldOfError(each.field) }));
  const field = error.code === "NAME_TAKEN" ? "name" : error.code === "NOT_FOUND" ? "instrumentation" : "";
  return [{ field, code: error.code, message: error.message }];
}

/** Whether a change concerns what was refused. */
function isTouched(field: string, before: RuleDraft, after: RuleDraft): boolean {
  if (field === "" || before.kind !== after.kind || before.instrumentation !== after.instrumentation) return true;
  if (before.texts[field] !== after.texts[field]) return true;
  const name = /^(?:condition\.)?(\w+)/.exec(field)?.[1] ?? "";
  const of = (draft: RuleDraft): unknown => (draft as unknown as Readonly<Record<string, unknown>>)[name];
  return of(before) !== of(after);
}
