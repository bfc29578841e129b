/**
 * silence-form.tsx: a silence for whatever has certain labels, from a time on, or every week at certain hours: a maintenance window.
 */
import { useState } from "preact/hooks";
import type { FieldError } from "../../core/errors.ts";
import { MATCHER_OPS, type Matcher } from "../../core/alerts/silence.ts";
import { createSilence } from "../api/alerts.ts";
import { ApiError } from "../api/client.ts";
import { serverNow, type Zone } from "../clock.ts";
import { Line } from "../panels/form-line.tsx";
import { problemAt, Typed } from "./form-parts.tsx";
import { DAYS, EMPTY_SILENCE, writeSilence, type SilenceDraft } from "./silence-draft.ts";
import { LENGTHS } from "./silence-now.tsx";

interface Props {
  readonly zone: Zone;
  readonly onDone: () => void;
  readonly onCancel: () => void;
  readonly fail: (error: unknown) => void;
}

const OP_WORDS: Readonly<Record<Matcher["op"], string>> = { "=": "is", "!=": "is not", "^=": "begins with" };
const WORK_NIGHT = { days: [6, 0], from: "22:00", to: "04:00" };

export function SilenceForm({ zone, onDone, onCancel, fail }: Props) {
  const [draft, setDraft] = useState<SilenceDraft>(EMPTY_SILENCE);
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const [attempted, setAttempted] = useState(false);
  const { json, errors: own } = writeSilence(draft, zone, serverNow() * 1000);
  const errors = [...(attempted ? own : []), ...refused];
  const change = (part: Partial<SilenceDraft>): void => {
    setDraft({ ...draft, ...part });
    setRefused([]);
  };
  const save = (): void => {
    setAttempted(true);
    if (own.length > 0) return;
    createSilence(json).then(onDone, (error: unknown) => {
      if (error instanceof ApiError && error.errors.length > 0) setRefused(error.errors);
      else fail(error);
    });
  };
  return (
    <form
      class="draft silence-form"
      aria-label="silence"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Line name="alerts with" problem={problemAt(errors, "matchers")}>
        <Matchers matchers={draft.matchers} onChange={(matchers) => change({ matchers })} />
      </Line>
      <Line name="from" problem={problemAt(errors, "startsMs", "endsMs")}>
        <Typed
          label={`begins, ${zone === "utc" ? "UTC" : "local time"}`}
          type="datetime-local"
          value={draft.starts}
          onInput={(starts) => change({ starts })}
        />
        <span class="quiet">{draft.starts === "" ? "now" : zone === "utc" ? "UTC" : "local time"}</span>
        <span>for</span>
        <Typed label="how long" value={draft.length} options={LENGTHS} onInput={(length) => change({ length })} />
      </Line>
      <Line name="each week" problem={problemAt(errors, "weekly")}>
        <Weeks {...{ draft, zone }} onChange={(weekly) => change({ weekly })} />
      </Line>
      <Line name="why" problem={problemAt(errors, "comment")}>
        <Typed
          label="why"
          wide
          value={draft.comment}
          placeholder="moving disks"
          onInput={(comment) => change({ comment })}
        />
      </Line>
      <div class="draft-end">
        <button type="submit" class="primary">
          silence
        </button>
        <button type="button" class="word link" onClick={onCancel}>
          cancel
        </button>
      </div>
    </form>
  );
}

interface MatchersProps {
  readonly matchers: readonly Matcher[];
  readonly onChange: (matchers: readonly Matcher[]) => void;
}

function Matchers({ matchers, onChange }: MatchersProps) {
  const change = (index: number, part: Partial<Matcher>): void =>
    onChange(matchers.map((each, i) => (i === index ? { ...each, ...part } : each)));
  return (
    <div class="pairs">
      {matchers.map(({ name, op, value }, i) => (
        <div class="pair" key={i}>
          <Typed
            label={`label ${i + 1}`}
            value={name}
            placeholder="alertname"
            options={["alertname", "zonename", "hostname", "severity", "tenant"]}
            onInput={(next) => change(i, { name: next })}
          />
          <select
            aria-label={`comparison ${i + 1}`}
            value={op}
            onChange={(event) => change(i, { op: event.currentTarget.value as Matcher["op"] })}
          >
            {MATCHER_OPS.map((each) => (
              <option value={each} key={each}>
                {OP_WORDS[each]}
              </option>
            ))}
          </select>
          <Typed
            label={`value ${i + 1}`}
            wide
            value={value}
            placeholder="slow reads"
            onInput={(next) => change(i, { value: next })}
          />
          {matchers.length > 1 && (
            <button
              type="button"
              class="word remove"
              aria-label={`remove label ${i + 1}`}
              onClick={() => onChange(matchers.filter((_, at) => at !== i))}
            >
              ×
            </button>
          )}
        </div>
      ))}
      <button
        type="button"
        class="word add-one"
        onClick={() => onChange([...matchers, { name: "", op: "=", value: "" }])}
      >
        + label
      </button>
    </div>
  );
}

interface WeeksProps {
  readonly draft: SilenceDraft;
  readonly zone: Zone;
  readonly onChange: (weekly: SilenceDraft["weekly"]) => void;
}

function Weeks({ draft: { weekly }, zone, onChange }: WeeksProps) {
  if (weekly === null) {
    const timeZone = zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
    return (
      <>
        <span class="quiet">all of the time between</span>
        <button type="button" class="word link" onClick={() => onChange({ ...WORK_NIGHT, timeZone })}>
          only at certain hours
        </button>
      </>
    );
  }
  const toggle = (day: number): readonly number[] =>
    weekly.days.includes(day) ? weekly.days.filter((each) => each !== day) : [...weekly.days, day].sort();
  return (
    <>
      <span class="choice days" role="group" aria-label="days on which it begins">
        {DAYS.map((name, day) => (
          <button
            type="button"
            class="word"
            key={name}
            aria-pressed={weekly.days.includes(day)}
            onClick={() => onChange({ ...weekly, days: toggle(day) })}
          >
            {name}
          </button>
        ))}
      </span>
      <Typed
        label="from hour"
        placeholder="22:00"
        value={weekly.from}
        onInput={(from) => onChange({ ...weekly, from })}
      />
      <span>to</span>
      <Typed label="to hour" placeholder="04:00" value={weekly.to} onInput={(to) => onChange({ ...weekly, to })} />
      <Typed label="time zone" wide value={weekly.timeZone} onInput={(timeZone) => onChange({ ...weekly, timeZone })} />
      <button type="button" class="word link" onClick={() => onChange(null)}>
        all of the time
      </button>
    </>
  );
}
