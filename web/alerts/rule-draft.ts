/**
 * rule-draft.ts: a rule that is being put together: what is typed, as it is typed, and the JSON that the API takes.
 *
 * Texts are kept by the names that the API gives their fields (`condition.windowSec`), so that what it finds wrong is said where it was typed. What is
 * read from a rule and written again is the same rule.
 */
import type { FieldError } from "../../core/errors.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import { isOfCoverage, type Condition, type Direction, type Kind, type Rule } from "../../core/alerts/rule.ts";
import { unitOfCondition, unitOfValues } from "../../core/alerts/unit.ts";
import { EVERY_EVENT, groupOf, isFinished, predicateOf, type Group } from "../instrument/conditions.ts";
import type { Measured } from "./ground.ts";
import {
  amountText,
  exampleOf,
  parseAmount,
  parseQuantile,
  parseSeconds,
  parseShare,
  quantileText,
  secondsText,
  shareText,
} from "./typed.ts";

/** A name and a text: a label, or an annotation. */
export interface Pair {
  readonly name: string;
  readonly text: string;
}

export interface RuleDraft {
  readonly instrumentation: string;
  readonly tenant: string | null;
  readonly where: Group;
  readonly per: string | null;
  readonly kind: Kind;
  readonly direction: Direction;
  readonly of: "mean" | "max" | "min";
  readonly as: "count" | "share";
  /** Pairs of windows of a burn rate; null: those of the SRE Workbook. */
  readonly windows: readonly BurnTexts[] | null;
  readonly onNoData: Rule["onNoData"];
  readonly labels: readonly Pair[];
  readonly annotations: readonly Pair[];
  /** Empty: all. */
  readonly hooks: readonly string[];
  readonly paused: boolean;
  /** What is typed, by the API's name of its field; "": the default. */
  readonly texts: Readonly<Record<string, string>>;
}

export interface BurnTexts {
  readonly longSec: string;
  readonly shortSec: string;
  readonly factor: string;
}

/** Of each kind the fields that are typed, with what they begin with. */
export const TYPED: Readonly<Record<Kind, readonly string[]>> = {
  quantile: ["q", "windowSec", "threshold", "resolve"],
  share: ["over", "windowSec", "threshold", "resolve"],
  burn: ["over", "objective"],
  rate: ["windowSec", "threshold", "resolve"],
  scalar: ["windowSec", "threshold", "resolve"],
  mass: ["low", "high", "windowSec", "threshold", "resolve"],
  shape: ["days", "minDays", "minEvents", "windowSec", "threshold", "resolve"],
  absent: ["windowSec"],
  coverage: ["windowSec", "threshold", "resolve"],
  drops: ["windowSec", "threshold", "resolve"],
};
const FIRST: Readonly<Record<string, string>> = {
  "condition.q": "p99",
  "condition.objective": "99.9 %",
  "condition.windowSec": "1 min",
  everySec: "10 s",
};

export const EMPTY_DRAFT: RuleDraft = {
  ...{ instrumentation: "", tenant: null, where: EVERY_EVENT, per: null, kind: "quantile", direction: "above" },
  ...{ of: "mean", as: "count", windows: null, onNoData: "hold", labels: [], annotations: [], hooks: [] },
  ...{ paused: false, texts: FIRST },
};

/** What a form for an instrumentation begins with: the kind that suits it. */
export function draftFor(measured: Measured): RuleDraft {
  const kind: Kind = measured.numeric !== null ? "quantile" : measured.metric.scope === "point" ? "scalar" : "rate";
  const everySec = Math.max(10, measured.info.granularitySec);
  return {
    ...EMPTY_DRAFT,
    ...{ instrumentation: measured.info.id, kind },
    texts: { ...FIRST, everySec: secondsText(everySec) },
  };
}

/** Kinds that an instrumentation can be asked. */
export function kindsFor({ numeric, metric }: Measured): readonly Kind[] {
  const counted: readonly Kind[] = numeric !== null ? ["quantile", "share", "burn", "mass", "shape"] : ["scalar"];
  return [...counted, ...(metric.scope === "point" ? [] : (["rate"] as const)), "absent", "coverage", "drops"];
}

/** What the threshold of a draft is in. */
export function thresholdUnit(draft: RuleDraft, measured: Measured): string {
  return unitOfCondition({ kind: draft.kind, as: draft.as } as Condition, measured);
}

export interface Written {
  /** What POST /v1/alerts/rules takes, as far as it can be read. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What cannot be read, in the API's form. */
  readonly errors: readonly FieldError[];
}

/** The rule of a draft. What is wrong with what was typed is said here; what the API alone knows it says when asked. */
export function writeRule(draft: RuleDraft, measured: Measured | null): Written {
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string, code = "REQUIRED"): void => {
    errors.push({ field, code, message });
  };
  const read = (field: string, parse: (text: string) => number | null, example: string): number | undefined => {
    const text = draft.texts[field]?.trim() ?? "";
    if (text === "") return undefined;
    const value = parse(text);
    if (value === null) wrong(field, `expected something like ${example}`, "UNREADABLE");
    return value ?? undefined;
  };
  const seconds = (field: string): number | undefined => read(field, parseSeconds, "5 min");
  const needed = (field: string, value: number | undefined): number | undefined => {
    if (value === undefined && !errors.some((each) => each.field === field)) wrong(field, "expected a number here");
    return value;
  };
  const name = draft.texts["name"]?.trim() ?? "";
  if (name === "") wrong("name", "expected a name");
  if (measured === null) wrong("instrumentation", "choose what is measured");
  const fields = measured?.metric.fields ?? [];
  const isCounted = !isOfCoverage(draft.kind);
  if (isCounted && !isFinished(draft.where, fields)) wrong("where", "a condition lacks its value");
  const where = isCounted ? predicateOf(draft.where, fields) : {};
  const condition = measured === null ? {} : conditionJson(draft, measured, { read, seconds, needed });
  const json = {
    ...{ name, instrumentation: draft.instrumentation, where, per: draft.per, tenant: draft.tenant, condition },
    everySec: seconds("everySec"),
    forSec: seconds("forSec"),
    keepSec: seconds("keepSec"),
    onNoData: draft.onNoData,
    labels: fromPairs(draft.labels, "labels", wrong),
    annotations: fromPairs(draft.annotations, "annotations", wrong),
    hooks: draft.hooks,
    paused: draft.paused,
  };
  return { json: withoutUndefined(json), errors };
}

interface Readers {
  readonly read: (field: string, parse: (text: string) => number | null, example: string) => number | undefined;
  readonly seconds: (field: string) => number | undefined;
  readonly needed: (field: string, value: number | undefined) => number | undefined;
}

function conditionJson(draft: RuleDraft, measured: Measured, { read, seconds, needed }: Readers): object {
  const { kind, direction } = draft;
  const at = (name: string): string => `condition.${name}`;
  const amount = (name: string, unit: string): number | undefined =>
    read(at(name), (text) => parseAmount(text, unit), exampleOf(unit));
  const must = (name: string, value: number | undefined): number | undefined => needed(at(name), value);
  const values = unitOfValues(measured);
  const unit = thresholdUnit(draft, measured);
  const number = (name: string): number | undefined => read(at(name), (text) => parseAmount(text, ""), "3");
  const bars = (): object => ({
    [direction]: must("threshold", amount("threshold", unit)),
    resolve: amount("resolve", unit),
  });
  const windowSec = kind === "burn" ? undefined : seconds(at("windowSec"));
  switch (kind) {
    case "quantile":
      return withoutUndefined({ kind, q: must("q", read(at("q"), parseQuantile, "p99")), windowSec, ...bars() });
    case "share":
      return withoutUndefined({ kind, over: must("over", amount("over", values)), windowSec, ...bars() });
    case "burn": {
      const objective = must("objective", read(at("objective"), parseShare, "99.9 %"));
      return withoutUndefined({
        kind,
        over: must("over", amount("over", values)),
        objective,
        windows: windowsJson(draft.windows),
      });
    }
    case "scalar":
      return withoutUndefined({ kind, of: draft.of, windowSec, ...bars() });
    case "mass":
      return withoutUndefined({
        ...{ kind, low: amount("low", values), high: amount("high", values), as: draft.as, windowSec },
        ...bars(),
      });
    case "shape":
      return withoutUndefined({
        ...{ kind, days: number("days"), minDays: number("minDays"), minEvents: number("minEvents"), windowSec },
        ...bars(),
      });
    case "absent":
      return withoutUndefined({ kind, windowSec });
    case "rate":
    case "coverage":
    case "drops":
      return withoutUndefined({ kind, windowSec, ...bars() });
  }
}

/** What cannot be read is left in as it was typed: the API names the field. */
function windowsJson(windows: RuleDraft["windows"]): unknown {
  return windows?.map(({ longSec, shortSec, factor }) => ({
    ...{ longSec: parseSeconds(longSec) ?? longSec, shortSec: parseSeconds(shortSec) ?? shortSec },
    factor: parseAmount(factor, "") ?? factor,
  }));
}

/** What was wrong with the threshold belongs to where it is typed, whichever way it points. */
export function fieldOfError(field: string): string {
  const own = field.replace(/^rule\./, "");
  return own === "condition.above" || own === "condition.below" ? "condition.threshold" : own;
}

/** What a rule would have been typed as. */
export function draftOfRule(rule: Rule, measured: Measured | null): RuleDraft {
  const { condition } = rule;
  const texts: Record<string, string> = { name: rule.name };
  const put = (field: string, value: number | null, text: (value: number) => string): void => {
    if (value !== null) texts[field] = text(value);
  };
  put("everySec", rule.everySec, secondsText);
  if (rule.forSec > 0) put("forSec", rule.forSec, secondsText);
  if (rule.keepSec > 0) put("keepSec", rule.keepSec, secondsText);
  const values = measured === null ? "" : unitOfValues(measured);
  const unit = measured === null ? "" : unitOfCondition(condition, measured);
  const at = (name: string): string => `condition.${name}`;
  if ("windowSec" in condition) put(at("windowSec"), condition.windowSec, secondsText);
  if ("over" in condition) put(at("over"), condition.over, (value) => amountText(value, values));
  if ("q" in condition) put(at("q"), condition.q, quantileText);
  if ("objective" in condition) put(at("objective"), condition.objective, shareText);
  if (condition.kind === "mass") {
    put(at("low"), condition.low, (value) => amountText(value, values));
    put(at("high"), condition.high, (value) => amountText(value, values));
  }
  if (condition.kind === "shape") {
    for (const name of ["days", "minDays", "minEvents"] as const) put(at(name), condition[name], String);
  }
  if ("threshold" in condition) {
    const { value, resolve } = condition.threshold;
    put(at("threshold"), value, (each) => amountText(each, unit));
    if (resolve !== value) put(at("resolve"), resolve, (each) => amountText(each, unit));
  }
  return {
    instrumentation: rule.instrumentation,
    tenant: rule.tenant,
    where: groupOf(rule.where, measured?.metric.fields ?? []),
    per: rule.per,
    kind: condition.kind,
    direction: "threshold" in condition ? condition.threshold.direction : "above",
    of: condition.kind === "scalar" ? condition.of : "mean",
    as: condition.kind === "mass" ? condition.as : "count",
    windows: condition.kind === "burn" ? burnTexts(condition) : null,
    onNoData: rule.onNoData,
    labels: toPairs(rule.labels),
    annotations: toPairs(rule.annotations),
    hooks: rule.hooks,
    paused: rule.paused,
    texts,
  };
}

function burnTexts({ windows }: Condition & { kind: "burn" }): readonly BurnTexts[] | null {
  const standard = parseRule({
    ...{ name: "n", instrumentation: "0".repeat(16) },
    condition: { kind: "burn", over: 1, objective: 0.9 },
  }).condition;
  if (standard.kind === "burn" && JSON.stringify(standard.windows) === JSON.stringify(windows)) return null;
  return windows.map(({ longSec, shortSec, factor }) => ({
    ...{ longSec: secondsText(longSec), shortSec: secondsText(shortSec), factor: String(factor) },
  }));
}

/** What a condition cannot be without, with anything that is one. */
const NEEDED: Readonly<Record<string, number>> = { q: 0.99, over: 0, objective: 0.999 };

/** A rule as an address carries it: it may lack what has not been typed yet. @returns null where it is none */
export function readDraft(text: string | null, measured: (id: string) => Measured | null): RuleDraft | null {
  if (text === null) return null;
  try {
    const json = JSON.parse(text) as Record<string, unknown>;
    const given = (json["condition"] ?? {}) as Record<string, unknown>;
    const typed = TYPED[given["kind"] as Kind];
    const missing = Object.keys(NEEDED).filter((name) => typed.includes(name) && given[name] === undefined);
    const isOpen = typed.includes("threshold") && given["above"] === undefined && given["below"] === undefined;
    const rule = parseRule({
      ...{ ...json, name: (json["name"] ?? "") === "" ? "?" : json["name"] },
      condition: {
        ...Object.fromEntries(missing.map((name) => [name, NEEDED[name]])),
        ...(isOpen ? { above: 0 } : {}),
        ...given,
      },
    });
    const draft = draftOfRule(rule, measured(rule.instrumentation));
    const empty = [...missing, ...(isOpen ? ["threshold"] : [])].map((name) => [`condition.${name}`, ""]);
    const name = rule.name === "?" ? "" : rule.name;
    return { ...draft, texts: { ...draft.texts, name, ...(Object.fromEntries(empty) as Record<string, string>) } };
  } catch {
    // A mistyped link still opens the page.
    return null;
  }
}

function toPairs(all: Readonly<Record<string, string>>): Pair[] {
  return Object.entries(all).map(([name, text]) => ({ name, text }));
}

function fromPairs(
  pairs: readonly Pair[],
  field: string,
  wrong: (field: string, message: string) => void,
): Record<string, string> {
  const named = pairs.filter(({ name, text }) => name.trim() !== "" || text.trim() !== "");
  for (const { name } of named) {
    if (name.trim() === "") wrong(field, "each needs a name");
    else if (named.filter((each) => each.name.trim() === name.trim()).length > 1)
      wrong(field, `${name} is there twice`);
  }
  return Object.fromEntries(named.map(({ name, text }) => [name.trim(), text]));
}

function withoutUndefined(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}
