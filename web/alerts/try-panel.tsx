/**
 * try-panel.tsx: where a rule would have fired, before it is saved: the line of what it came to, the threshold as it is typed now, and the stretches.
 *
 * To try a week costs the store something, so it is asked for by a press. The threshold moves with what is typed at once; what would have fired is of
 * the rule that was tried, and says so when the form has gone on.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { AlertTest, TriedAlert } from "../../core/alerts/api.ts";
import { thresholdOf, type Rule } from "../../core/alerts/rule.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import { unitOfCondition } from "../../core/alerts/unit.ts";
import { tryRule } from "../api/alerts.ts";
import { isAbort } from "../api/client.ts";
import { durationText, serverNow, spanText } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import type { Shared } from "../view/route.ts";
import { alertLink } from "./alert-link.ts";
import { keyText, type Ground, type Measured } from "./ground.ts";
import { amountWords, valueText } from "./rule-words.ts";
import { gapsOf } from "./strip.ts";
import { StretchesList } from "./stretches-list.tsx";
import { TimeStrip, type Lane } from "./time-strip.tsx";

interface Props {
  /** The rule as it is typed now; null: something in it cannot be read. */
  readonly json: Readonly<Record<string, unknown>> | null;
  /** As it is typed now, in base units; null: not typed yet. */
  readonly threshold: number | null;
  readonly measured: Measured | null;
  readonly ground: Ground;
  readonly shared: Shared;
  /** Says at the fields what is wrong. */
  readonly onRefused: (error: unknown) => void;
  /** Somebody asks for something that cannot be read yet. */
  readonly onUnfinished: () => void;
}

interface Tried {
  readonly key: string;
  readonly rule: Rule;
  readonly answer: AlertTest;
  /** How far back was asked for. */
  readonly seconds: number;
}

const SPANS = [3600, 86_400, 7 * 86_400, 30 * 86_400] as const;
const MAX_LANES = 10;

export function TryPanel(props: Props) {
  const { json, onRefused, onUnfinished } = props;
  const [seconds, setSeconds] = useState<number>(7 * 86_400);
  const [tried, setTried] = useState<Tried | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const ask = (span: number): void => {
    if (json === null) {
      onUnfinished();
      return;
    }
    running.current?.abort();
    const controller = (running.current = new AbortController());
    setBusy(true);
    tryRule(json, span, controller.signal)
      .then((answer) => setTried({ key: JSON.stringify(json), rule: parseRule(json), answer, seconds: span }))
      .catch((error: unknown) => {
        if (!isAbort(error)) onRefused(error);
      })
      .finally(() => {
        if (running.current === controller) setBusy(false);
      });
  };
  const stale = tried !== null && tried.key !== JSON.stringify(json);
  return (
    <section class="try" aria-label="where it would have fired">
      <div class="try-head">
        <button
          type="button"
          class="secondary"
          data-key="r"
          title="where it would have fired (r)"
          onClick={() => ask(seconds)}
          disabled={busy}
        >
          {busy ? "trying …" : "try it"}
        </button>
        <Choice
          label="how far back"
          lead="on the last"
          options={SPANS.map((each) => ({
            value: String(each),
            text: spanText(each),
            title: `the last ${spanText(each)}`,
          }))}
          chosen={[String(seconds)]}
          onPick={(value) => {
            setSeconds(Number(value));
            if (tried !== null) ask(Number(value));
          }}
        />
      </div>
      <div
        class={busy ? "tried waiting" : "tried"}
        role="status"
        data-tried={busy ? "busy" : stale ? "stale" : tried === null ? "no" : "yes"}
      >
        {tried === null ? (
          <p class="quiet">
            What it would have come to, and where it would have fired, from what is stored. Nothing is saved or sent by
            that.
          </p>
        ) : (
          <Answer {...props} tried={tried} stale={stale} />
        )}
      </div>
    </section>
  );
}

function Answer(props: Props & { readonly tried: Tried; readonly stale: boolean }) {
  const { tried, stale, threshold, measured, ground, shared } = props;
  const { answer, rule } = tried;
  const { condition } = rule;
  const stretches = answer.alerts.map((each) => ({
    ...each,
    label: keyText(ground, rule.per, each.key),
    href: alertLink(rule, each, measured, shared, serverNow()),
  }));
  const unit = measured === null ? "" : unitOfCondition(condition, measured);
  const lanes = lanesOf(stretches, answer.toTs);
  const unknownSec = gapsOf(answer.columns, answer.columnSec, answer).reduce(
    (sum, gap) => sum + gap.toTs - gap.fromTs,
    0,
  );
  const bar = condition.kind === "burn" ? thresholdOf(condition).value : threshold;
  return (
    <>
      <p data-would={answer.alerts.length}>
        {wouldText(answer, tried.seconds)}
        {stale && <span class="quiet"> That was before your last change: try again.</span>}
      </p>
      <TimeStrip
        whole={answer}
        lanes={lanes}
        zone={shared.zone}
        label={`what the rule came to in the last ${spanText(tried.seconds)}; ${wouldText(answer, tried.seconds)}`}
        {...(condition.kind === "absent"
          ? {}
          : {
              line: {
                ...{ columns: answer.columns, columnSec: answer.columnSec, threshold: bar, unit },
                text: (value: number) => amountWords(value, unit),
              },
            })}
      />
      <StretchesList
        zone={shared.zone}
        stretches={[...stretches].reverse().map(({ worst, ...each }) => ({
          ...each,
          ...(worst === null || condition.kind === "absent" ? {} : { worst: valueText(worst, condition, measured) }),
        }))}
      />
      <ul class="notes quiet">
        {unknownSec > 0 && <li>nobody had watched for {durationText(unknownSec)} of it</li>}
        {answer.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </>
  );
}

function wouldText({ alerts }: AlertTest, seconds: number): string {
  const span = `the last ${spanText(seconds)}`;
  if (alerts.length === 0) return `It would not have fired in ${span}.`;
  const keys = new Set(alerts.map(({ key }) => key)).size;
  const times = alerts.length === 1 ? "once" : `${alerts.length} times`;
  return `It would have fired ${times} in ${span}${keys > 1 ? `, for ${keys} keys` : ""}.`;
}

type Labelled = TriedAlert & { readonly label: string; readonly href: string };

/** A lane for each key, those that fired longest first; what has no room is left to the list. */
function lanesOf(stretches: readonly Labelled[], toTs: number): readonly Lane[] {
  const labels = [...new Set(stretches.map(({ label }) => label))];
  const lanes = labels.map((label) => ({
    label,
    stretches: stretches.filter((each) => each.label === label).map((each) => ({ ...each, toTs: each.toTs ?? toTs })),
  }));
  const firedSec = ({ stretches: own }: Lane): number =>
    own.reduce((sum, each) => sum + Math.max(1, each.toTs - each.fromTs), 0);
  const shown = lanes.sort((a, b) => firedSec(b) - firedSec(a)).slice(0, MAX_LANES);
  return shown.length === 0 ? [{ label: "", stretches: [] }] : shown;
}
