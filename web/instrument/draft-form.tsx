/**
 * draft-form.tsx: the form of an instrumentation: one line for each thing that decides what is counted, and for how long.
 */
import type { Metadata, MetadataMetric } from "../../core/api.ts";
import { durationText } from "../clock.ts";
import { Line } from "../panels/form-line.tsx";
import { Menu, type Option } from "../panels/menu.tsx";
import { fieldName } from "../panels/names.ts";
import { ConditionTree } from "./condition-tree.tsx";
import { isFinished } from "./conditions.ts";
import { DEFAULT_IDLE_SEC, type Draft } from "./draft.ts";
import { problemsOf, type Preview } from "./use-preview.ts";

interface Props {
  readonly draft: Draft;
  readonly metadata: Metadata;
  readonly isOperator: boolean;
  readonly preview: Preview;
  readonly busy: boolean;
  readonly onChange: (draft: Draft) => void;
  readonly onMetric: (metric: MetadataMetric) => void;
  readonly onCreate: () => void;
}

export function DraftForm(props: Props) {
  const { draft, metadata, preview, busy, onChange } = props;
  const { metric } = draft;
  const set = (change: Partial<Draft>): void => onChange({ ...draft, ...change });
  const finished = isFinished(draft.conditions, metric.fields);
  const refused = preview.answer?.refused ?? null;
  const hasFields = metric.fields.some(({ name }) => name !== "zonename");
  return (
    <form
      class="draft"
      aria-label="what to measure"
      onSubmit={(event) => {
        event.preventDefault();
        if (finished && !busy) props.onCreate();
      }}
    >
      <Line name="measure" problem={problemsOf(preview, "metric")}>
        <MetricMenu {...props} />
        <span class="quiet">{metric.label}</span>
      </Line>
      <Line name="count" problem={problemsOf(preview, "predicate")}>
        <ConditionTree
          group={draft.conditions}
          fields={metric.fields}
          predicate={metadata.predicate}
          onChange={(conditions) => set({ conditions })}
        />
      </Line>
      <Line name="by" problem={problemsOf(preview, "decomposition")}>
        <Keys {...props} />
        {!hasFields && <span class="quiet">nothing else to break it down by</span>}
      </Line>
      <Distribution {...props} />
      <Line name="every" problem={problemsOf(preview, "granularitySec")}>
        <SecondsMenu
          title="granularity"
          options={metadata.granularitiesSec}
          value={draft.granularitySec}
          onPick={(granularitySec) => set({ granularitySec })}
        />
      </Line>
      <Line name="keep for" problem={problemsOf(preview, "retentionSec")}>
        <SecondsMenu
          title="retention"
          options={RETENTIONS_SEC}
          value={draft.retentionSec}
          onPick={(retentionSec) => set({ retentionSec })}
        />
      </Line>
      <Line name="ends" problem={problemsOf(preview, "idleMaxSec") ?? problemsOf(preview, "lifeSec")}>
        <EndMenu {...props} />
      </Line>
      <Line name="name" problem={problemsOf(preview, "label")}>
        <input
          type="text"
          class="draft-name"
          aria-label="name"
          placeholder={metric.label}
          maxLength={200}
          value={draft.label}
          autocomplete="off"
          onInput={(event) => set({ label: event.currentTarget.value })}
        />
      </Line>
      <div class="draft-end">
        <button
          type="submit"
          class="primary"
          disabled={busy || !finished || preview.error !== null || refused !== null}
        >
          {busy ? "starting …" : "start measuring"}
        </button>
        <span class="quiet" role="status">
          {!finished
            ? "a condition lacks its value"
            : refused !== null
              ? (REFUSED[refused] ?? refused)
              : preview.error !== null
                ? preview.error.message
                : ""}
        </span>
      </div>
    </form>
  );
}

const REFUSED: Readonly<Record<string, string>> = {
  TOO_MANY_INSTRUMENTATIONS: "as many are being measured as one tenant may: stop one first",
  TOO_MANY_ENABLINGS: "every host that could run it has as many enablings as it may: stop one that runs everywhere",
};

const RETENTIONS_SEC = [3600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400, 365 * 86_400, 730 * 86_400];
const LIVES_SEC = [300, 600, 1800, 3600, 6 * 3600, 86_400, 7 * 86_400];
const IDLES_SEC = [DEFAULT_IDLE_SEC, 3600, 86_400, 7 * 86_400];

function MetricMenu({ draft, metadata, onMetric }: Props) {
  const options = metadata.modules.flatMap((module) =>
    module.metrics.flatMap((name): Option[] => {
      const metric = metadata.metrics.find((each) => each.name === name);
      if (metric === undefined) return [];
      const detail = `${metric.label}, ${metric.cost === "free" ? "free" : `${metric.cost} cost`}`;
      return [{ id: name, label: name, detail, group: module.label, selected: name === draft.metric.name }];
    }),
  );
  const pick = ({ id }: Option): void => {
    const metric = metadata.metrics.find((each) => each.name === id);
    if (metric !== undefined) onMetric(metric);
  };
  return (
    <Menu
      title="metric (/)"
      shortcut="/"
      className="metric"
      label={draft.metric.name}
      options={options}
      onPick={pick}
    />
  );
}

function Keys({ draft, metadata, onChange }: Props) {
  const { metric, keys } = draft;
  const discrete = metric.fields.filter(({ arity, name }) => arity === "discrete" && name !== "zonename");
  const zoned = metric.fields.some(({ name }) => name === "zonename");
  const free = discrete.filter(({ name }) => !keys.includes(name));
  const room = keys.length < metadata.limits.keys;
  return (
    <>
      {zoned && <span title="what has zones is always kept apart by zone">zone</span>}
      {keys.map((name) => (
        <span class="chip" key={name}>
          {fieldName(name)}
          <button
            type="button"
            class="word remove"
            aria-label={`not by ${fieldName(name)}`}
            onClick={() => onChange({ ...draft, keys: keys.filter((each) => each !== name) })}
          >
            ×
          </button>
        </span>
      ))}
      {free.length > 0 && room && (
        <Menu
          title="add a field"
          className="add"
          label="+ field"
          options={free.map(({ name, label }) => ({ id: name, label: fieldName(name), detail: label }))}
          onPick={({ id }) => onChange({ ...draft, keys: [...keys, id] })}
        />
      )}
    </>
  );
}

function Distribution({ draft, metadata, preview, onChange }: Props) {
  const numeric = draft.metric.fields.filter(({ arity }) => arity === "numeric");
  if (numeric.length === 0) return null;
  const field = numeric.find(({ name }) => name === draft.numeric);
  const options: Option[] = [
    ...numeric.map(({ name, label }) => ({ id: name, label: name, detail: label, selected: name === draft.numeric })),
    { id: "", label: "no distribution", detail: "one number a key", selected: draft.numeric === null },
  ];
  const scheme = draft.scheme ?? field?.scheme ?? "";
  return (
    <Line name="as" problem={problemsOf(preview, "scheme")}>
      <Menu
        title="distribution"
        label={draft.numeric === null ? "one number a key" : `a distribution of ${draft.numeric}`}
        options={options}
        onPick={({ id }) => onChange({ ...draft, numeric: id === "" ? null : id, scheme: null })}
      />
      {field !== undefined && draft.metric.schemes === "any" && (
        <label class="scheme">
          <span class="quiet">in</span>
          <input
            type="text"
            aria-label="bucket scheme"
            list="schemes"
            value={scheme}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget: { value } }) =>
              onChange({ ...draft, scheme: value === "" || value === field.scheme ? null : value })
            }
          />
          <datalist id="schemes">
            {[field.scheme ?? "", "quantize()"].map((each) => (
              <option value={each} key={each} />
            ))}
          </datalist>
        </label>
      )}
      {field !== undefined && draft.metric.schemes === "own" && (
        <span class="quiet">
          in the kernel’s own thresholds ({metadata.schemes.find(({ kind }) => kind === "edges")?.label})
        </span>
      )}
    </Line>
  );
}

function EndMenu({ draft, isOperator, onChange }: Props) {
  const { end } = draft;
  const idle = end.kind === "idle" && !IDLES_SEC.includes(end.seconds) ? [end.seconds, ...IDLES_SEC] : IDLES_SEC;
  const life = end.kind === "life" && !LIVES_SEC.includes(end.seconds) ? [end.seconds, ...LIVES_SEC] : LIVES_SEC;
  const options: Option[] = [
    ...idle.map((seconds) => ({
      id: `idle ${seconds}`,
      label: endText({ kind: "idle", seconds }),
      group: "when nobody needs it",
      selected: end.kind === "idle" && end.seconds === seconds,
    })),
    ...life.map((seconds) => ({
      id: `life ${seconds}`,
      label: endText({ kind: "life", seconds }),
      group: "after a time, whoever reads it",
      selected: end.kind === "life" && end.seconds === seconds,
    })),
    ...(isOperator
      ? [{ id: "never", label: endText({ kind: "never" }), group: "operators", selected: end.kind === "never" }]
      : []),
  ];
  const pick = ({ id }: Option): void => {
    const [kind, seconds] = id.split(" ");
    const next = kind === "idle" || kind === "life" ? { kind, seconds: Number(seconds) } : { kind: "never" as const };
    onChange({ ...draft, end: next as Draft["end"] });
  };
  return <Menu title="when it ends" label={endText(end)} options={options} onPick={pick} />;
}

function endText(end: Draft["end"]): string {
  if (end.kind === "never") return "when it is stopped";
  return end.kind === "idle"
    ? `when nobody has read it for ${durationText(end.seconds)}`
    : `after ${durationText(end.seconds)}`;
}

interface SecondsProps {
  readonly title: string;
  readonly options: readonly number[];
  readonly value: number;
  readonly onPick: (seconds: number) => void;
}

function SecondsMenu({ title, options, value, onPick }: SecondsProps) {
  const all = options.includes(value) ? options : [value, ...options];
  return (
    <Menu
      title={title}
      label={durationText(value)}
      options={all.map((each) => ({ id: String(each), label: durationText(each), selected: each === value }))}
      onPick={({ id }) => onPick(Number(id))}
    />
  );
}
