/**
 * report-form.tsx: saves what the page is asked as a report: under a name, when it is made, and whom it is sent to.
 */
import { useState } from "preact/hooks";
import type { HookInfo } from "../../core/alerts/api.ts";
import { FIRST_DRAFT, lackOf, scopeText, WEEKDAYS, type ReportDraft, type ReportScope } from "./report-draft.ts";

interface Props {
  readonly scope: ReportScope;
  readonly hooks: readonly HookInfo[];
  /** @throws what the API refuses */
  readonly onSave: (draft: ReportDraft) => Promise<void>;
  readonly onClose: () => void;
}

export function ReportForm({ scope, hooks, onSave, onClose }: Props) {
  const [draft, setDraft] = useState(FIRST_DRAFT);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const lack = lackOf(draft);
  const change = (some: Partial<ReportDraft>): void => setDraft({ ...draft, ...some });
  const webhooks = hooks.filter(({ kind }) => kind === "webhook");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (lack !== null || busy) return;
    setBusy(true);
    setProblem(null);
    onSave(draft).then(onClose, (error: unknown) => {
      setBusy(false);
      setProblem(error instanceof Error ? error.message : String(error));
    });
  };
  return (
    <form
      class="report-form"
      aria-label="save a report"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <input
        type="text"
        class="amount name"
        aria-label="name of the report"
        placeholder="name"
        maxLength={100}
        value={draft.name}
        autocomplete="off"
        ref={(input) => {
          if (input !== null && draft === FIRST_DRAFT) input.focus();
        }}
        onInput={(event) => change({ name: event.currentTarget.value })}
      />
      <span class="quiet">made</span>
      <select
        aria-label="how often"
        value={draft.every}
        onChange={(event) => change({ every: event.currentTarget.value as ReportDraft["every"] })}
      >
        <option value="never">when asked for</option>
        <option value="day">every day</option>
        <option value="week">every week</option>
        <option value="month">every month</option>
      </select>
      {draft.every === "week" && (
        <select
          aria-label="day of the week"
          value={draft.weekday}
          onChange={(event) => change({ weekday: Number(event.currentTarget.value) })}
        >
          {WEEKDAYS.map((name, i) => (
            <option key={name} value={i}>
              on {name}
            </option>
          ))}
        </select>
      )}
      {draft.every === "month" && (
        <select
          aria-label="day of the month"
          value={draft.day}
          onChange={(event) => change({ day: Number(event.currentTarget.value) })}
        >
          {Array.from({ length: 31 }, (_, i) => (
            <option key={i} value={i + 1}>
              on the {i + 1}.
            </option>
          ))}
        </select>
      )}
      {draft.every !== "never" && (
        <label>
          <span class="quiet">at</span>{" "}
          <input
            type="time"
            class="amount"
            aria-label="time, UTC"
            value={draft.at}
            onInput={(event) => change({ at: event.currentTarget.value })}
          />{" "}
          <span class="quiet">UTC</span>
        </label>
      )}
      <span class="quiet">sent to</span>
      <select aria-label="webhook" value={draft.hook} onChange={(event) => change({ hook: event.currentTarget.value })}>
        <option value="">nobody</option>
        {webhooks.map(({ id, name }) => (
          <option key={id} value={name}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit" class="primary" disabled={lack !== null || busy}>
        save
      </button>
      <button type="button" class="word" onClick={onClose}>
        cancel
      </button>
      <p class="quiet form-note">
        {scopeText(scope)}
        {lack !== null && `; it needs ${lack}`}
        {webhooks.length === 0 && "; no webhook is known: one is added with the alerts’ hooks"}
      </p>
      {problem !== null && (
        <p class="problem form-note" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
