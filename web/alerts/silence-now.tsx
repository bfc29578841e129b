/**
 * silence-now.tsx: silence for one alert, from its own line: how long, and why.
 */
import { useState } from "preact/hooks";
import type { AlertInfo } from "../../core/alerts/api.ts";
import { createSilence } from "../api/alerts.ts";
import { serverNow } from "../clock.ts";
import { keyName } from "../panels/names.ts";
import { Typed } from "./form-parts.tsx";
import { EMPTY_SILENCE, matchersOf, matchersText, writeSilence } from "./silence-draft.ts";

interface Props {
  readonly alert: AlertInfo;
  readonly aliases: ReadonlyMap<string, string>;
  readonly onDone: () => void;
  readonly onCancel: () => void;
  readonly fail: (error: unknown) => void;
}

export const LENGTHS = ["30 min", "1 h", "4 h", "1 d", "7 d"];

export function SilenceNow({ alert, aliases, onDone, onCancel, fail }: Props) {
  const [length, setLength] = useState("1 h");
  const [comment, setComment] = useState("");
  const matchers = matchersOf(alert);
  const { json, errors } = writeSilence({ ...EMPTY_SILENCE, matchers, length, comment }, "utc", serverNow() * 1000);
  return (
    <form
      class="silence-now"
      aria-label={`silence ${alert.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.length === 0) createSilence(json).then(onDone, fail);
      }}
    >
      <span>{matchersText(matchers, (field, value) => keyName(field, value, aliases))}</span>
      <span class="quiet">for</span>
      <Typed label="how long" value={length} options={LENGTHS} isWrong={errors.length > 0} onInput={setLength} />
      <Typed label="why" value={comment} placeholder="why" wide onInput={setComment} />
      <button type="submit" class="secondary" disabled={errors.length > 0}>
        silence it
      </button>
      <button type="button" class="word link" onClick={onCancel}>
        cancel
      </button>
    </form>
  );
}
