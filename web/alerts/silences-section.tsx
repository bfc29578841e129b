/**
 * silences-section.tsx: silences and maintenance windows: what is quiet now, what will be, and until when; add one, end one.
 */
import { useState } from "preact/hooks";
import type { SilenceInfo } from "../../core/alerts/api.ts";
import { endSilence } from "../api/alerts.ts";
import { durationText, serverNow } from "../clock.ts";
import { keyName } from "../panels/names.ts";
import type { Shared } from "../view/route.ts";
import { AskedTwice } from "../panels/asked-twice.tsx";
import { TableHead } from "../panels/table-head.tsx";
import { ownerText, type Ground } from "./ground.ts";
import { matchersText, silenceState, untilText, weeklyText } from "./silence-draft.ts";
import { SilenceForm } from "./silence-form.tsx";

interface Props {
  readonly list: readonly SilenceInfo[];
  readonly ground: Ground;
  readonly shared: Shared;
  readonly isOperator: boolean;
  readonly mayWrite: boolean;
  readonly onChanged: () => void;
  readonly fail: (error: unknown) => void;
}

export function SilencesSection(props: Props) {
  const { list, shared, mayWrite, onChanged, fail } = props;
  const [adding, setAdding] = useState(false);
  const nowMs = serverNow() * 1000;
  const current = list.filter(({ endsMs }) => endsMs > nowMs);
  const over = list.filter(({ endsMs }) => endsMs <= nowMs);
  return (
    <section aria-label="silences and maintenance windows" data-silences={current.length}>
      <h2>
        silences and maintenance windows <span class="quiet">{current.length === 0 ? "" : current.length}</span>
        {mayWrite && !adding && (
          <button type="button" class="word link" onClick={() => setAdding(true)}>
            + silence
          </button>
        )}
      </h2>
      {adding && (
        <SilenceForm
          zone={shared.zone}
          onDone={() => {
            setAdding(false);
            onChanged();
          }}
          onCancel={() => setAdding(false)}
          fail={fail}
        />
      )}
      {current.length === 0 && !adding && (
        <p class="quiet">
          Nothing is silenced: hooks are told of all that fires. A silenced alert is still evaluated and shown.
        </p>
      )}
      {current.length > 0 && <SilenceTable {...props} list={current} />}
      {over.length > 0 && (
        <details class="where over">
          <summary>{over.length === 1 ? "one that is over" : `${over.length} that are over`}</summary>
          <SilenceTable {...props} list={over} />
        </details>
      )}
    </section>
  );
}

function SilenceTable(props: Props) {
  const { list, isOperator } = props;
  return (
    <div class="table-box">
      <table class="table silences">
        <TableHead
          columns={["state", "alerts with", "when", "until", "why", isOperator && "owner", { hidden: "actions" }]}
        />
        <tbody>
          {list.map((silence) => (
            <SilenceRow {...props} key={silence.id} silence={silence} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SilenceRow(props: Props & { readonly silence: SilenceInfo }) {
  const { silence, ground, shared, isOperator, mayWrite, onChanged, fail } = props;
  const [asked, setAsked] = useState(false);
  const nowMs = serverNow() * 1000;
  const state = silenceState(silence, nowMs);
  const { matchers, startsMs, endsMs, weekly, comment, owner, id } = silence;
  const end = (): void => {
    setAsked(false);
    endSilence(id).then(onChanged, fail);
  };
  return (
    <tr data-silence={id} data-silence-state={state}>
      <td>
        <span class={`dot ${state === "quiet now" ? "resting" : "paused"}`}>{state}</span>
      </td>
      <th scope="row">{matchersText(matchers, (field, value) => keyName(field, value, ground.aliases))}</th>
      <td>
        {weekly === null
          ? startsMs > nowMs
            ? `from ${untilText(startsMs, shared.zone)}`
            : "all the time"
          : weeklyText(weekly)}
      </td>
      <td data-label="until">
        {untilText(endsMs, shared.zone)}
        {state !== "over" && <span class="quiet"> in {durationText((endsMs - nowMs) / 1000)}</span>}
      </td>
      <td class="says">{comment}</td>
      {isOperator && <td>{ownerText(ground, owner)}</td>}
      <td class="actions">
        {mayWrite && (
          <AskedTwice
            word={state === "over" ? "remove" : "end"}
            sure={state === "over" ? "remove it" : "end it"}
            keep="keep it"
            asked={asked}
            onAsk={setAsked}
            onSure={end}
          />
        )}
      </td>
    </tr>
  );
}
