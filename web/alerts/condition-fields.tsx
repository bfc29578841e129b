/**
 * condition-fields.tsx: the condition of a rule as a sentence with places to type in, one for each kind that there is.
 */
import type { FieldError } from "../../core/errors.ts";
import type { Kind } from "../../core/alerts/rule.ts";
import { unitOfValues } from "../../core/alerts/unit.ts";
import { Menu } from "../panels/menu.tsx";
import { problemAt, Typed } from "./form-parts.tsx";
import type { Measured } from "./ground.ts";
import { kindsFor, thresholdUnit, type BurnTexts, type RuleDraft } from "./rule-draft.ts";
import { KIND_WORDS } from "./rule-words.ts";
import { exampleOf } from "./typed.ts";

interface Props {
  readonly draft: RuleDraft;
  readonly measured: Measured;
  readonly errors: readonly FieldError[];
  readonly onChange: (change: Partial<RuleDraft>) => void;
  readonly onText: (field: string, text: string) => void;
}

const WINDOWS = ["10 s", "30 s", "1 min", "5 min", "10 min", "1 h", "1 d"];

export function ConditionFields(props: Props) {
  const { draft, measured, onChange } = props;
  const { kind } = draft;
  return (
    <div class="condition-words">
      <Menu
        title="kind of condition"
        className="kind"
        label={KIND_WORDS[kind][0]}
        options={kindsFor(measured).map((each) => ({
          id: each,
          label: KIND_WORDS[each][0],
          detail: KIND_WORDS[each][1],
          selected: each === kind,
        }))}
        onPick={({ id }) => onChange({ kind: id as Kind, direction: "above" })}
      />
      <KindFields {...props} />
    </div>
  );
}

function KindFields(props: Props) {
  const { draft, measured, onChange } = props;
  const events = measured.metric.unit;
  const numeric = measured.numeric ?? "value";
  const values = exampleOf(unitOfValues(measured));
  switch (draft.kind) {
    case "quantile":
      return (
        <>
          <Field {...props} name="q" label="percentile" options={["p50", "p90", "p99", "p99.9"]} />
          <span>of {numeric}</span>
          <Window {...props} />
          <Bars {...props} />
        </>
      );
    case "share":
      return (
        <>
          <span>of {events} at or above</span>
          <Field {...props} name="over" label="value" example={values} />
          <Window {...props} />
          <Bars {...props} />
        </>
      );
    case "burn":
      return (
        <>
          <span>with</span>
          <Field {...props} name="objective" label="objective" options={["99 %", "99.5 %", "99.9 %", "99.99 %"]} />
          <span>of {events} below</span>
          <Field {...props} name="over" label="value" example={values} />
          <BurnWindows {...props} />
        </>
      );
    case "mass":
      return (
        <>
          <span>with a</span>
          <Menu
            title="number or share"
            label={draft.as === "share" ? `share of ${events}` : `number of ${events}`}
            options={[
              { id: "count", label: `number of ${events}`, selected: draft.as === "count" },
              { id: "share", label: `share of ${events}`, selected: draft.as === "share" },
            ]}
            onPick={({ id }) => onChange({ as: id === "share" ? "share" : "count" })}
          />
          <span>from</span>
          <Field {...props} name="low" label="lower value" example="any" />
          <span>to below</span>
          <Field {...props} name="high" label="upper value" example="any" />
          <Window {...props} />
          <Bars {...props} />
        </>
      );
    case "shape":
      return (
        <>
          <span>of {numeric}</span>
          <Window {...props} />
          <span>against the same hour of the past</span>
          <Field {...props} name="days" label="days" example="7" />
          <span>days, of which at least</span>
          <Field {...props} name="minDays" label="least days" example="3" />
          <span>were watched, from</span>
          <Field {...props} name="minEvents" label="least events" example="1000" />
          <span>{events} on,</span>
          <Bars {...props} hint="0.3 is a factor of two for all events, or of four for half of them" only="above" />
        </>
      );
    case "scalar":
      return (
        <>
          <span>as the</span>
          <Menu
            title="which reading"
            label={OF_WORDS[draft.of]}
            options={(["mean", "max", "min"] as const).map((id) => ({
              id,
              label: OF_WORDS[id],
              selected: id === draft.of,
            }))}
            onPick={({ id }) => onChange({ of: id as RuleDraft["of"] })}
          />
          <span>of {events}</span>
          <Window {...props} />
          <Bars {...props} />
        </>
      );
    case "rate":
      return (
        <>
          <span>of {events} a second</span>
          <Window {...props} />
          <Bars {...props} />
        </>
      );
    case "absent":
      return (
        <>
          <span>for</span>
          <Field {...props} name="windowSec" label="window" options={WINDOWS} />
        </>
      );
    case "coverage":
      return (
        <>
          <span>– the share of what should be watched and is not –</span>
          <Window {...props} />
          <Bars {...props} only="above" />
        </>
      );
    case "drops":
      return (
        <>
          <span>– events lost a second –</span>
          <Window {...props} />
          <Bars {...props} only="above" />
        </>
      );
  }
}

const OF_WORDS = { mean: "mean", max: "largest", min: "smallest" } as const;

interface FieldProps extends Props {
  /** As the API calls it, without `condition.`. */
  readonly name: string;
  readonly label: string;
  readonly example?: string;
  readonly options?: readonly string[];
}

function Field({ draft, errors, onText, name, label, example = "", options }: FieldProps) {
  const field = `condition.${name}`;
  return (
    <Typed
      label={label}
      value={draft.texts[field] ?? ""}
      placeholder={example}
      isWrong={problemAt(errors, field) !== null}
      {...(options === undefined ? {} : { options })}
      onInput={(text) => onText(field, text)}
    />
  );
}

function Window(props: Props) {
  return (
    <>
      <span>over</span>
      <Field {...props} name="windowSec" label="window" options={WINDOWS} />
    </>
  );
}

function Bars(props: Props & { readonly only?: "above"; readonly hint?: string }) {
  const { draft, measured, onChange, only, hint } = props;
  const unit = thresholdUnit(draft, measured);
  const isAbove = draft.direction === "above";
  return (
    <span class="bars">
      {only === undefined ? (
        <Menu
          title="above or below"
          label={isAbove ? "is above" : "is below"}
          options={[
            { id: "above", label: "is above", selected: isAbove },
            { id: "below", label: "is below", selected: !isAbove },
          ]}
          onPick={({ id }) => onChange({ direction: id === "below" ? "below" : "above" })}
        />
      ) : (
        <span>is above</span>
      )}
      <Field {...props} name="threshold" label="threshold" example={exampleOf(unit)} />
      {unitWord(unit) !== "" && <span class="quiet">{unitWord(unit)}</span>}
      <span>and ends {isAbove ? "at or below" : "at or above"}</span>
      <Field {...props} name="resolve" label="threshold to end" example="the same" />
      {hint !== undefined && <span class="quiet hint">{hint}</span>}
    </span>
  );
}

/** What a typed number has no sign for. */
function unitWord(unit: string): string {
  return unit === "decades" || unit === "steps" ? unit : "";
}

function BurnWindows({ draft, errors, onChange }: Props) {
  const { windows } = draft;
  if (windows === null) {
    return (
      <span class="quiet">
        in the windows of the SRE Workbook: 14.4 times as fast in 1 h and 5 min, 6 times in 6 h and 30 min, or once in 3
        d and 6 h{" "}
        <button
          type="button"
          class="word link"
          onClick={() => onChange({ windows: [{ longSec: "1 h", shortSec: "5 min", factor: "14.4" }] })}
        >
          other windows
        </button>
      </span>
    );
  }
  const change = (index: number, part: Partial<BurnTexts>): void =>
    onChange({ windows: windows.map((each, i) => (i === index ? { ...each, ...part } : each)) });
  return (
    <div class="burn-windows">
      {windows.map((each, i) => {
        const isWrong = problemAt(errors, `condition.windows[${i}]`) !== null;
        const typed = (name: keyof BurnTexts, label: string) => (
          <Typed
            label={`${label} ${i + 1}`}
            value={each[name]}
            isWrong={isWrong}
            onInput={(text) => change(i, { [name]: text })}
          />
        );
        return (
          <div class="pair" key={i}>
            {typed("factor", "factor")}
            <span>times as fast in</span>
            {typed("longSec", "long window")}
            <span>and</span>
            {typed("shortSec", "short window")}
            <button
              type="button"
              class="word remove"
              aria-label={`remove windows ${i + 1}`}
              onClick={() => onChange({ windows: windows.length === 1 ? null : windows.filter((_, at) => at !== i) })}
            >
              ×
            </button>
          </div>
        );
      })}
      <button
        type="button"
        class="word add-one"
        onClick={() => onChange({ windows: [...windows, { longSec: "6 h", shortSec: "30 min", factor: "6" }] })}
      >
        + windows
      </button>
    </div>
  );
}
