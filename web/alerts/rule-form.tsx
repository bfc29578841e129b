/**
 * rule-form.tsx: the form of a rule: a line for each thing that decides when it fires and what is said then; what is wrong stands where it was typed.
 */
import type { HookInfo } from "../../core/alerts/api.ts";
import { isOfCoverage, type Rule } from "../../core/alerts/rule.ts";
import type { InstrumentationSummary } from "../../core/api.ts";
import type { FieldError } from "../../core/errors.ts";
import { ConditionTree } from "../instrument/condition-tree.tsx";
import { EVERY_EVENT } from "../instrument/conditions.ts";
import { Menu, type Option } from "../panels/menu.tsx";
import { fieldName } from "../panels/names.ts";
import { predicateText } from "../panels/predicate-text.ts";
import { ConditionFields } from "./condition-fields.tsx";
import { Line } from "../panels/form-line.tsx";
import { Pairs, problemAt, Typed } from "./form-parts.tsx";
import { measuredText, ownerText, type Ground, type Measured } from "./ground.ts";
import { draftFor, kindsFor, type RuleDraft } from "./rule-draft.ts";

interface Props {
  readonly draft: RuleDraft;
  readonly measured: Measured | null;
  readonly ground: Ground;
  readonly hooks: readonly HookInfo[];
  /** Whether the rule is the operators'. */
  readonly isOperators: boolean;
  readonly errors: readonly FieldError[];
  readonly onChange: (change: Partial<RuleDraft>) => void;
}

export function RuleFields(props: Props) {
  const { draft, measured, errors, onChange } = props;
  const onText = (field: string, text: string): void => onChange({ texts: { ...draft.texts, [field]: text } });
  const typed = (field: string, label: string, options: readonly string[], placeholder: string) => (
    <Typed
      label={label}
      value={draft.texts[field] ?? ""}
      placeholder={placeholder}
      options={options}
      isWrong={problemAt(errors, field) !== null}
      onInput={(text) => onText(field, text)}
    />
  );
  const isCounted = !isOfCoverage(draft.kind);
  return (
    <>
      <Line name="name" problem={problemAt(errors, "name")}>
        <Typed
          label="name"
          wide
          focus
          value={draft.texts["name"] ?? ""}
          placeholder="slow reads"
          isWrong={problemAt(errors, "name") !== null}
          onInput={(text) => onText("name", text)}
        />
      </Line>
      <Line name="measured" problem={problemAt(errors, "instrumentation", "tenant")}>
        <InstrumentationMenu {...props} />
        {props.isOperators && <TenantMenu {...props} />}
      </Line>
      {measured !== null && (
        <>
          {isCounted && measured.info.keys.length > 0 && (
            <Line name="where" problem={problemAt(errors, "where")}>
              <ConditionTree
                group={draft.where}
                fields={measured.metric.fields.filter(({ name }) => measured.info.keys.includes(name))}
                predicate={props.ground.metadata.predicate}
                onChange={(where) => onChange({ where })}
              />
            </Line>
          )}
          <Line name="for each" problem={problemAt(errors, "per")}>
            <PerMenu {...props} measured={measured} />
          </Line>
          <Line name="fires on" problem={problemAt(errors, "condition")}>
            <ConditionFields {...{ draft, measured, errors, onChange, onText }} />
          </Line>
        </>
      )}
      <Line name="for" problem={problemAt(errors, "forSec", "keepSec")}>
        {typed("forSec", "for how long", ["10 s", "30 s", "1 min", "5 min", "15 min"], "at once")}
        <span>without a break; ends after</span>
        {typed("keepSec", "good for how long", ["10 s", "30 s", "1 min", "5 min"], "at once")}
        <span>of good</span>
      </Line>
      <Line name="every" problem={problemAt(errors, "everySec")}>
        {typed("everySec", "evaluated every", ["1 s", "5 s", "10 s", "30 s", "1 min", "5 min"], "10 s")}
        <span class="joint">no data</span>
        <NoDataMenu {...props} />
      </Line>
      <Line name="labels" problem={problemAt(errors, "labels")}>
        <Pairs
          pairs={draft.labels}
          noun="label"
          placeholders={["severity", "page"]}
          onChange={(labels) => onChange({ labels })}
        />
      </Line>
      <Line name="says" problem={problemAt(errors, "annotations")}>
        <Pairs
          pairs={draft.annotations}
          noun="annotation"
          placeholders={["summary", "{{ key }}: {{ value }}, over {{ threshold }}"]}
          onChange={(annotations) => onChange({ annotations })}
        />
      </Line>
      <Line name="tells" problem={problemAt(errors, "hooks")}>
        <HooksMenu {...props} />
      </Line>
    </>
  );
}

function InstrumentationMenu({ draft, measured, ground, onChange }: Props) {
  const options: Option[] = ground.instrumentations.map((each) => ({
    id: each.id,
    label: measuredText(each),
    detail: detailText(each, ground),
    selected: each.id === draft.instrumentation,
  }));
  const pick = (id: string): void => {
    const info = ground.instrumentations.find((each) => each.id === id);
    const metric = ground.metadata.metrics.find(({ name }) => name === info?.metric);
    if (info === undefined || metric === undefined) return;
    const next: Measured = {
      ...{ info, metric, numeric: info.numeric },
      isLinear: info.scheme?.startsWith("lquantize") === true,
    };
    const fits = kindsFor(next).includes(draft.kind);
    const { kind, texts } = draftFor(next);
    onChange({
      instrumentation: id,
      per: draft.per !== null && info.keys.includes(draft.per) ? draft.per : null,
      where: measured?.info.keys.every((key) => info.keys.includes(key)) === true ? draft.where : EVERY_EVENT,
      ...(fits ? {} : { kind, direction: "above" as const, texts: { ...texts, name: draft.texts["name"] ?? "" } }),
    });
  };
  return (
    <Menu
      title="what is measured (/)"
      shortcut="/"
      className="metric"
      label={measured === null ? "choose …" : measuredText(measured.info)}
      options={options}
      onPick={({ id }) => pick(id)}
    />
  );
}

/** What tells apart those that measure the same by the same keys. */
function detailText({ metric, predicate, granularitySec, owner }: InstrumentationSummary, ground: Ground): string {
  const fields = ground.metadata.metrics.find(({ name }) => name === metric)?.fields ?? [];
  const parts = [predicateText(predicate, fields), `every ${granularitySec} s`, ownerText(ground, owner)];
  return parts.filter((part) => part !== "").join(", ");
}

function TenantMenu({ draft, ground, onChange }: Props) {
  const options: Option[] = [
    { id: "", label: "of all tenants", selected: draft.tenant === null },
    ...ground.tenants.map(({ id, name }) => ({ id, label: `of ${name}`, selected: id === draft.tenant })),
  ];
  return (
    <Menu
      title="whose data"
      label={options.find(({ selected }) => selected)?.label ?? `of ${draft.tenant ?? ""}`}
      options={options}
      onPick={({ id }) => onChange({ tenant: id === "" ? null : id })}
    />
  );
}

function PerMenu({ draft, measured, isOperators, onChange }: Props & { readonly measured: Measured }) {
  const { keys } = measured.info;
  const isZoned = keys.includes("zonename");
  const all = isOfCoverage(draft.kind)
    ? [...(isOperators && draft.tenant === null ? ["hostname"] : []), ...(isZoned ? ["zonename"] : [])]
    : keys;
  const name = (key: string | null): string =>
    key === null ? "all together" : key === "hostname" ? "host" : fieldName(key);
  return (
    <Menu
      title="a state for each"
      label={name(draft.per)}
      options={[null, ...all].map((key) => ({
        id: key ?? "",
        label: name(key),
        detail: key === null ? "one state" : "a state of its own for each",
        selected: key === draft.per,
      }))}
      onPick={({ id }) => onChange({ per: id === "" ? null : id })}
    />
  );
}

const NO_DATA: Readonly<Record<Rule["onNoData"], readonly [string, string]>> = {
  hold: ["leaves it as it is", "for an hour at most; no time counts meanwhile"],
  fire: ["counts as bad", "it may fire for want of data"],
  resolve: ["counts as good", "what fires ends"],
};

function NoDataMenu({ draft, onChange }: Props) {
  return (
    <Menu
      title="what no data does"
      className="from-right"
      label={NO_DATA[draft.onNoData][0]}
      options={Object.entries(NO_DATA).map(([id, [label, detail]]) => ({
        ...{ id, label, detail },
        selected: id === draft.onNoData,
      }))}
      onPick={({ id }) => onChange({ onNoData: id as Rule["onNoData"] })}
    />
  );
}

function HooksMenu({ draft, hooks, onChange }: Props) {
  if (hooks.length === 0) return <span class="quiet">nobody: there is no hook yet; the page shows what fires</span>;
  const toggle = (name: string): readonly string[] =>
    draft.hooks.includes(name) ? draft.hooks.filter((each) => each !== name) : [...draft.hooks, name];
  return (
    <Menu
      title="which hooks"
      label={draft.hooks.length === 0 ? "every hook" : draft.hooks.join(", ")}
      several
      options={[
        { id: "", label: "every hook", detail: "those to come too", selected: draft.hooks.length === 0 },
        ...hooks.map(({ name, kind }) => ({
          ...{ id: name, label: name, detail: kind },
          selected: draft.hooks.includes(name),
        })),
      ]}
      onPick={({ id }) => onChange({ hooks: id === "" ? [] : toggle(id) })}
    />
  );
}
