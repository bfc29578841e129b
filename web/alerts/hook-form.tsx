/**
 * hook-form.tsx: a hook being made or changed. Its secret is shown once, right after it was made, and never again.
 */
import { useState } from "preact/hooks";
import type { HookInfo } from "../../core/alerts/api.ts";
import type { FieldError } from "../../core/errors.ts";
import { changeHook, createHook } from "../api/alerts.ts";
import { ApiError } from "../api/client.ts";
import { Choice } from "../heatmap/choice.tsx";
import { Line } from "../panels/form-line.tsx";
import { problemAt, Typed } from "./form-parts.tsx";
import { draftOfHook, EMPTY_HOOK, writeHook, type HookDraft } from "./hook-draft.ts";

/** A hook that was saved, with its secret where one was made. */
export interface SavedHook {
  readonly name: string;
  readonly secret: string | null;
}

interface Props {
  /** The one that is changed; null: a new one. */
  readonly before: HookInfo | null;
  readonly onDone: (saved: SavedHook) => void;
  readonly onCancel: () => void;
  readonly fail: (error: unknown) => void;
}

export function HookForm({ before, onDone, onCancel, fail }: Props) {
  const [draft, setDraft] = useState<HookDraft>(() => (before === null ? EMPTY_HOOK : draftOfHook(before)));
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const [attempted, setAttempted] = useState(false);
  const { json, errors: own } = writeHook(draft, before);
  const errors = [...own.filter(({ code }) => attempted || code !== "REQUIRED"), ...refused];
  const change = (part: Partial<HookDraft>): void => {
    setDraft({ ...draft, ...part });
    setRefused([]);
  };
  const save = (): void => {
    setAttempted(true);
    if (own.length > 0) return;
    const saving = before === null ? createHook(json) : changeHook(before.id, json);
    saving.then(
      ({ name, secret }) => onDone({ name, secret: secret === "" ? null : secret }),
      (error: unknown) => {
        if (!(error instanceof ApiError) || error.status === 401 || error.status === 0) fail(error);
        else setRefused(errorsOf(error));
      },
    );
  };
  const isWebhook = draft.kind === "webhook";
  const typed = (field: "groupWaitSec" | "groupIntervalSec" | "repeatSec", label: string) => (
    <Typed
      label={label}
      value={draft[field]}
      isWrong={problemAt(errors, field) !== null}
      onInput={(text) => change({ [field]: text })}
    />
  );
  return (
    <form
      class="draft hook-form"
      aria-label={before === null ? "new hook" : `change ${before.name}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {before === null && (
        <>
          <Line name="kind" problem={problemAt(errors, "kind")}>
            <Choice label="kind of hook" options={KINDS} chosen={[draft.kind]} onPick={(kind) => change({ kind })} />
          </Line>
          <Line name="name" problem={problemAt(errors, "name")}>
            <Typed
              label="hook name"
              wide
              value={draft.name}
              placeholder="pager"
              isWrong={problemAt(errors, "name") !== null}
              onInput={(name) => change({ name })}
            />
          </Line>
        </>
      )}
      <Line name="URL" problem={problemAt(errors, "url")}>
        <Typed
          label="URL"
          type="url"
          wide
          value={draft.url}
          placeholder={isWebhook ? "https://pager.example.com/isotherm" : "https://alertmanager.example.com"}
          isWrong={problemAt(errors, "url") !== null}
          onInput={(url) => change({ url })}
        />
      </Line>
      {isWebhook && (
        <>
          <Line name="secret" problem={problemAt(errors, "secret")}>
            {draft.newSecret ? (
              <>
                <span>a new one is made when this is saved, and shown once</span>
                <button type="button" class="word link" onClick={() => change({ newSecret: false })}>
                  keep the old one
                </button>
              </>
            ) : (
              <Typed
                label="secret"
                wide
                value={draft.secret}
                placeholder={before === null ? "one is made, and shown once" : "as it is"}
                isWrong={problemAt(errors, "secret") !== null}
                onInput={(secret) => change({ secret })}
              />
            )}
            {before !== null && !draft.newSecret && (
              <button type="button" class="word link" onClick={() => change({ newSecret: true, secret: "" })}>
                make a new one
              </button>
            )}
          </Line>
          <Line name="groups" problem={problemAt(errors, "groupBy", "groupWaitSec", "groupIntervalSec")}>
            <span>by</span>
            <Typed
              label="labels to group by"
              wide
              value={draft.groupBy}
              placeholder="alertname"
              onInput={(groupBy) => change({ groupBy })}
            />
            <span>after</span>
            {typed("groupWaitSec", "wait of a new group")}
            <span>changes after</span>
            {typed("groupIntervalSec", "wait of changes")}
          </Line>
          <Line name="again" problem={problemAt(errors, "repeatSec")}>
            <span>what still fires after</span>
            {typed("repeatSec", "repeat after")}
            <label class="tick-box">
              <input
                type="checkbox"
                checked={draft.sendResolved}
                onChange={(event) => change({ sendResolved: event.currentTarget.checked })}
              />{" "}
              ends are told too
            </label>
          </Line>
        </>
      )}
      <div class="draft-end">
        <button type="submit" class="primary">
          {before === null ? "add the hook" : "save"}
        </button>
        <button type="button" class="word link" onClick={onCancel}>
          cancel
        </button>
        <span class="problem" role="status">
          {problemAt(errors, "")}
        </span>
      </div>
    </form>
  );
}

const KINDS = [
  { value: "webhook", text: "webhook", title: "a signed request in the format of Alertmanager’s webhooks" },
  {
    value: "alertmanager",
    text: "Alertmanager",
    title: "posts to Alertmanager’s API, which groups and repeats by itself",
  },
] as const;

function errorsOf(error: ApiError): readonly FieldError[] {
  if (error.errors.length > 0) return error.errors;
  const field = error.code === "NAME_TAKEN" ? "name" : error.code === "HOOK_TARGET" ? "url" : "";
  return [{ field, code: error.code, message: error.message }];
}
