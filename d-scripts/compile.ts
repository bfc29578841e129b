/**
 * compile.ts: an instrumentation as a D program.
 *
 *   spec + template ─▶ which variables are needed ─▶ clauses (a tree) ─▶ text
 *
 * What holds in every program:
 * - The zone test, where there is one, is the first conjunct of every clause that an event can fire, also of those that only
 *   gather: no tenant pays for, or is seen by, another's enabling.
 * - A variable is gathered only if a key, the distribution or the predicate reads it, or the count needs it (`always`).
 * - A term of the predicate is tested where the event is counted and, if its fields are known there, where the event begins:
 *   an event that cannot count has nothing saved for it.
 * - No pragma and no destructive action: options come from the wrapper's command line.
 */
import { formatScheme } from "../core/histogram/scheme.ts";
import { fieldOf } from "../core/metric.ts";
import { predicateJson, fieldsOf, type Predicate } from "../core/predicate.ts";
import { CHOICE, countsInto, setsOf, type AggregationSet } from "./aggregation-sets.ts";
import { distributionOf, rowsStatement } from "./aggregation.ts";
import { printClause, printExpression, source, type Clause, type Expression } from "./ast.ts";
import { conditionOf, termsOf, zoneTest, type Operand } from "./condition.ts";
import { beginClause, frameClauses } from "./frame.ts";
import type { ProgramHead } from "./head.ts";
import { headComment } from "./head-comment.ts";
import { checkOrder, problem, type CompileOptions, type Order } from "./order.ts";
import { templateOf } from "./sources.ts";
import { countsFromBoundary } from "./takeover.ts";
import { readsOf, type Section, type Template } from "./template.ts";
import { variablesIn } from "./tokens.ts";

export type { CompileOptions } from "./order.ts";

export interface Program {
  readonly text: string;
  readonly head: ProgramHead;
}

/** @throws InputError naming what cannot be compiled: a field that the platform lacks, a bad name, a bad constant */
export function compileProgram(options: CompileOptions): Program {
  const order = checkOrder(options);
  const head = headOf(order);
  const frame = {
    nonce: order.nonce,
    tickSec: order.tickSec,
    keyTypes: head.keyTypes,
    distribution: head.numeric !== null,
    sets: setsOf(order.platform),
    after: order.after,
  };
  const clauses = [beginClause(frame), ...eventClauses(order), ...frameClauses(frame)];
  return { text: [headComment(order, head), ...clauses.map(printClause), ""].join("\n\n").trimEnd() + "\n", head };
}

function headOf(order: Order): ProgramHead {
  const { spec } = order;
  const keys = keysOf(order);
  return {
    v: 1,
    spec: order.specId,
    metric: spec.metric,
    nonce: order.nonce,
    granularitySec: order.tickSec,
    keys,
    keyTypes: keys.map((key) => operandOf(order, key).type),
    numeric: spec.numeric,
    scheme: spec.scheme === null ? null : formatScheme(spec.scheme),
    predicate: predicateJson(order.predicate),
    zones: order.zones,
    ...(order.after !== undefined && { after: String(order.after) }),
  };
}

function keysOf({ spec }: Order): string[] {
  return [...(spec.zoned ? ["zonename"] : []), ...spec.keys];
}

/** The clauses that events fire: those of the template that are needed, tests first. */
function eventClauses(order: Order): Clause[] {
  const template = templateOf(order.spec.metric);
  const sections = template.sections.filter(({ platform }) => platform === null || platform === order.platform);
  const needed = neededVariables(order, template, sections);
  const clauses = sections
    .filter(({ kind, name }) => kind === "aggregate" || needed.has(name))
    .flatMap((section) => clausesOf(order, template, section, needed));
  return clauses.reduce<Clause[]>(mergeInto, []);
}

/** What the fields that are asked for read, what the count needs, and what gathering those reads in turn. */
function neededVariables(order: Order, template: Template, sections: readonly Section[]): ReadonlySet<string> {
  const { spec, predicate } = order;
  const fields = [...keysOf(order), ...(spec.numeric === null ? [] : [spec.numeric]), ...fieldsOf(predicate)];
  const waiting = [
    ...fields.flatMap((field) => [...variablesIn(operandOf(order, field).d, template.variables)]),
    ...sections.filter(({ kind }) => kind === "always").map(({ name }) => name),
  ];
  const needed = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const gathering = sections.filter((section) => section.name === name && section.kind !== "clean");
    waiting.push(...gathering.flatMap((section) => [...readsOf(section, template.variables)]));
  }
  return needed;
}

/** What a section becomes: one clause; where there are two sets of aggregations, the choice and a count into each. */
function clausesOf(order: Order, template: Template, section: Section, needed: ReadonlySet<string>): Clause[] {
  const sets = section.kind === "aggregate" ? setsOf(order.platform) : [];
  if (sets.length <= 1) return [clauseOf(order, template, section, needed, sets[0])];
  const choice = {
    comment: ["Which of two sets of aggregations the event counts into: that of windows with an odd number, or not."],
    probes: section.probes,
    tests: zoneTests(order),
    statements: [CHOICE],
  };
  return [choice, ...sets.map((set) => clauseOf(order, template, section, needed, set))];
}

/** @param set where the section counts */
function clauseOf(
  order: Order,
  template: Template,
  section: Section,
  needed: ReadonlySet<string>,
  set: AggregationSet | undefined,
): Clause {
  const guards = section.guards.filter((guard) =>
    [...variablesIn(guard, template.variables)].every((variable) => needed.has(variable)),
  );
  const takesOver = set !== undefined && order.after !== undefined ? [countsFromBoundary()] : [];
  const first = [...zoneTests(order), ...takesOver, ...(set === undefined ? [] : countsInto(set))];
  return {
    comment: [sentence(section.prose)],
    probes: section.probes,
    tests: [...first, ...guards.map(source), ...predicateTests(order, section)],
    statements: set === undefined ? section.statements : aggregating(order, set),
  };
}

function sentence(prose: string): string {
  return `${prose.charAt(0).toUpperCase()}${prose.slice(1)}.`;
}

function zoneTests(order: Order): Expression[] {
  return order.zones === null ? [] : [zoneTest(operandOf(order, "zonename").d, order.zones)];
}

function predicateTests(order: Order, section: Section): Expression[] {
  const terms = termsOf(order.predicate);
  if (section.kind === "aggregate") return terms.map((term) => conditionOf(term, (field) => operandOf(order, field)));
  if (section.kind !== "begin") return [];
  return terms
    .filter((term) => knownAtBegin(order, term))
    .map((term) => conditionOf(term, (field) => beginOperandOf(order, field) ?? operandOf(order, field)));
}

function knownAtBegin(order: Order, term: Predicate): boolean {
  return fieldsOf(term).every((field) => beginOperandOf(order, field) !== undefined);
}

/**
 * @events first: when the kernel's space for aggregations is full, the count of events must be what still fits, since it says
 * how many rows were lost.
 */
function aggregating(order: Order, { rows, events }: AggregationSet): string[] {
  const { spec, entry } = order;
  const keys = keysOf(order).map((key) => operandOf(order, key));
  let value = "count()";
  if (spec.numeric !== null && spec.scheme !== null && spec.scheme.kind !== "edges") {
    const field = fieldOf(entry.metric, spec.numeric);
    if (field === undefined) throw problem("decomposition", "expected fields of the metric");
    value = distributionOf(operandOf(order, spec.numeric).d, field, spec.scheme);
  }
  return [`${events} = sum(1)`, rowsStatement(rows, keys, value)];
}

/** @throws InputError for a field that the metric lacks, or that this platform cannot give */
function operandOf(order: Order, name: string): Operand {
  const { recipe, platform, entry, spec } = order;
  const place = spec.keys.includes(name) || spec.numeric === name ? "decomposition" : "predicate";
  const field = fieldOf(entry.metric, name);
  const from = Object.hasOwn(recipe.fields, name) ? recipe.fields[name] : undefined;
  if (field === undefined || from === undefined) throw problem(place, "expected fields of the metric");
  const d = platform === "linux" && from.linux !== undefined ? from.linux : from.d;
  if (d === null) throw problem(place, `expected fields that DTrace on ${platform} can give; ${name} is not one`);
  return { d, type: field.type === "string" ? "string" : "number" };
}

function beginOperandOf(order: Order, name: string): Operand | undefined {
  const { recipe, platform } = order;
  const { begin, linux } = recipe.fields[name] ?? {};
  if (begin === undefined) return undefined;
  const operand = operandOf(order, name);
  return { ...operand, d: platform === "linux" && linux !== undefined ? operand.d : begin };
}

/** Neighbours that fire on the same probes under the same tests are one clause: fewer tests to run, less to review. */
function mergeInto(clauses: Clause[], next: Clause): Clause[] {
  const last = clauses.at(-1);
  if (last === undefined || conditionText(last) !== conditionText(next)) return [...clauses, next];
  const merged = {
    ...last,
    comment: [...new Set([...last.comment, ...next.comment])],
    statements: [...last.statements, ...next.statements],
  };
  return [...clauses.slice(0, -1), merged];
}

function conditionText(clause: Clause): string {
  return JSON.stringify([clause.probes, clause.tests.map(printExpression)]);
}
