/**
 * sentence.tsx: what is shown, as a sentence whose words are the controls:
 *
 *   syscall.ops  latency by execname  where zone = web-3 × + where
 */
import type { InstrumentationInfo, MetricInfo } from "../../core/api.ts";
import type { Catalogue } from "../api/use-catalogue.ts";
import { toggle, without, type Term } from "../view/terms.ts";
import { Menu, type Option } from "./menu.tsx";
import { fieldName, keyName } from "./names.ts";
import { predicateText } from "./predicate-text.ts";

interface Props {
  readonly catalogue: Catalogue;
  readonly instrumentation: InstrumentationInfo;
  readonly by: string | null;
  readonly where: readonly Term[];
  readonly aliases: ReadonlyMap<string, string>;
  readonly onInstrumentation: (id: string) => void;
  /** A catalogue metric that nothing measures yet, or a field that the instrumentation does not keep apart. */
  readonly onCreate: (metric: string, decomposition: readonly string[]) => void;
  readonly onBy: (field: string) => void;
  readonly onWhere: (where: readonly Term[]) => void;
  /** Values of a field in the range that is shown, the largest first. */
  readonly valuesOf: (field: string) => Promise<readonly { readonly value: string; readonly detail: string }[]>;
}

export function Sentence(props: Props) {
  const { instrumentation, where, onWhere } = props;
  return (
    <section class="sentence" aria-label="what is shown">
      <MetricMenu {...props} />
      {instrumentation.numeric !== null && <span class="noun">{instrumentation.numeric}</span>}
      <FieldMenu {...props} />
      <Counted {...props} />
      {where.map((term, i) => (
        <span class="term" key={term.field}>
          <span class="joint">{i === 0 ? "where" : "and"}</span>
          <ValueMenu {...props} field={term.field} term={term} />
          <button
            type="button"
            class="word remove"
            aria-label={`any ${fieldName(term.field)}`}
            title={`any ${fieldName(term.field)}`}
            onClick={() => onWhere(without(where, term.field))}
          >
            ×
          </button>
        </span>
      ))}
      <AddTerm {...props} />
    </section>
  );
}

/** What the instrumentation itself counts: no click changes that, another instrumentation does. */
function Counted({ catalogue, instrumentation: { metric, predicate } }: Props) {
  const fields = catalogue.metrics.find((each) => each.name === metric)?.fields ?? [];
  const text = predicateText(predicate, fields);
  return text === "" ? null : (
    <span class="quiet" title="what this instrumentation counts">
      of {text}
    </span>
  );
}

function MetricMenu({ catalogue, instrumentation, onInstrumentation, onCreate }: Props) {
  const { instrumentations, metrics } = catalogue;
  const running: Option[] = instrumentations.map((each) => ({
    id: `i:${each.id}`,
    label: each.metric,
    detail: [each.numeric, ...each.keys.map(fieldName)].filter((name) => name !== null).join(", "),
    group: "measured now",
    selected: each.id === instrumentation.id,
  }));
  const measured = new Set(instrumentations.map((each) => each.metric));
  const others: Option[] = metrics
    .filter((metric) => !measured.has(metric.name))
    .map((metric) => ({
      id: `m:${metric.name}`,
      label: metric.name,
      detail: `${metric.label}${metric.cost === "free" ? "" : `, ${metric.cost} cost`}`,
      group: "start measuring",
    }));
  const pick = ({ id }: Option): void => {
    const name = id.slice(2);
    if (id.startsWith("i:")) {
      onInstrumentation(name);
      return;
    }
    const metric = metrics.find((each) => each.name === name);
    if (metric !== undefined) onCreate(name, usualDecomposition(metric));
  };
  return (
    <Menu
      title="metric (/)"
      shortcut="/"
      className="metric"
      label={instrumentation.metric}
      options={[...running, ...others]}
      onPick={pick}
    />
  );
}

/** A first look: the latency if there is one, and the one or two fields that people ask for first. */
function usualDecomposition(metric: MetricInfo): readonly string[] {
  const numeric = metric.fields.filter((field) => field.arity === "numeric");
  const first = numeric.find((field) => field.name === "latency") ?? numeric[0];
  const discrete = metric.fields.filter((field) => field.arity === "discrete").map((field) => field.name);
  const usual = ["execname", "optype", "syscall", "cpumode", "disk", "zpool"].filter((name) => discrete.includes(name));
  return [...usual.slice(0, 2), ...(first === undefined ? [] : [first.name])];
}

function FieldMenu({ catalogue, instrumentation, by, onBy, onCreate }: Props) {
  const metric = catalogue.metrics.find((each) => each.name === instrumentation.metric);
  const kept: Option[] = instrumentation.keys.map((field) => ({
    id: field,
    label: fieldName(field),
    detail: metric?.fields.find((each) => each.name === field)?.label ?? "",
    selected: field === by,
  }));
  const others: Option[] = (metric?.fields ?? [])
    .filter((field) => field.arity === "discrete" && !instrumentation.keys.includes(field.name))
    .map((field) => ({
      id: field.name,
      label: fieldName(field.name),
      detail: field.label,
      group: "measure by it too",
    }));
  if (kept.length + others.length === 0) return null;
  const pick = ({ id }: Option): void => {
    if (instrumentation.keys.includes(id)) onBy(id);
    else onCreate(instrumentation.metric, [...new Set([...instrumentation.decomposition, id])]);
  };
  return (
    <>
      <span class="joint">by</span>
      <Menu
        title="broken down by"
        label={by === null ? "…" : fieldName(by)}
        options={[...kept, ...others]}
        onPick={pick}
      />
    </>
  );
}

function ValueMenu(props: Props & { readonly field: string; readonly term: Term }) {
  const { field, term, aliases, where, onWhere, valuesOf } = props;
  const names = term.values.map((value) => keyName(field, value, aliases)).join(" or ");
  const load = async (): Promise<readonly Option[]> => {
    const values = await valuesOf(field);
    return values.map(({ value, detail }) => ({ id: value, label: keyName(field, value, aliases), detail }));
  };
  return (
    <Menu
      title={`${fieldName(field)}: choose values`}
      label={
        <>
          {fieldName(field)} <span class="joint">{term.not ? "≠" : "="}</span> {names}
        </>
      }
      options={load}
      onPick={({ id }) => onWhere(toggle(where, field, id, term.not))}
    />
  );
}

/** First the field; the value is then chosen from those that occur. */
function AddTerm(props: Props) {
  const { instrumentation, where, onWhere, valuesOf, aliases } = props;
  const free = instrumentation.keys.filter((field) => where.every((term) => term.field !== field));
  if (free.length === 0) return null;
  const load = async (): Promise<readonly Option[]> => {
    const lists = await Promise.all(free.map(async (field) => ({ field, values: await valuesOf(field) })));
    return lists.flatMap(({ field, values }) =>
      values.map(({ value, detail }) => ({
        id: `${field}:${value}`,
        label: keyName(field, value, aliases),
        detail,
        group: fieldName(field),
      })),
    );
  };
  const pick = ({ id }: Option): void => {
    const colon = id.indexOf(":");
    onWhere(toggle(where, id.slice(0, colon), id.slice(colon + 1), false));
  };
  return (
    <Menu
      title="add a condition"
      className="add"
      label={where.length === 0 ? "+ where" : "+ and"}
      options={load}
      onPick={pick}
    />
  );
}
