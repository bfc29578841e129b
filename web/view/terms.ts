/**
 * terms.ts: the "where" of the sentence: which keys count, one term a field.
 *
 * A term is a field and the values that are in it, or out of it. That is all the page's own clicks can make, and it fits in
 * an address bar; it becomes a predicate of core only on its way to the server.
 */
import type { PredicateJson } from "../../core/predicate.ts";
import type { Field } from "../../core/metric.ts";

export interface Term {
  readonly field: string;
  /** True: all values but these. */
  readonly not: boolean;
  readonly values: readonly string[];
}

/** Only this value of the field; again: any value. */
export function isolate(terms: readonly Term[], field: string, value: string): readonly Term[] {
  const others = terms.filter((term) => term.field !== field);
  const own = terms.find((term) => term.field === field);
  const already = own !== undefined && !own.not && own.values.length === 1 && own.values[0] === value;
  return already ? others : [...others, { field, not: false, values: [value] }];
}

/** Adds the value to the field's term (or takes it away), changing the term's kind where it must. */
export function toggle(terms: readonly Term[], field: string, value: string, not: boolean): readonly Term[] {
  const own = terms.find((term) => term.field === field);
  const others = terms.filter((term) => term.field !== field);
  const before = own !== undefined && own.not === not ? own.values : [];
  const values = before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
  return values.length === 0 ? others : [...others, { field, not, values }];
}

export function without(terms: readonly Term[], field: string): readonly Term[] {
  return terms.filter((term) => term.field !== field);
}

/** Whether these terms let the value of the field through. */
export function admits(terms: readonly Term[], field: string, value: string): boolean {
  return terms.every((term) => term.field !== field || term.values.includes(value) !== term.not);
}

/** @param fields the metric's, for which of them are numbers; @returns null where every event counts */
export function whereOf(terms: readonly Term[], fields: readonly Field[]): PredicateJson | null {
  const parts = terms.map((term) =>
    termJson(
      term,
      fields.find((field) => field.name === term.field),
    ),
  );
  if (parts.length === 0) return null;
  return parts.length === 1 ? (parts[0] ?? null) : { and: parts };
}

function termJson(term: Term, field: Field | undefined): PredicateJson {
  const values = term.values.map((value) => (field === undefined || field.type === "string" ? value : Number(value)));
  if (values.length === 1) return { [term.not ? "ne" : "eq"]: [term.field, values[0]] };
  const membership = { in: [term.field, values] };
  return term.not ? { not: membership } : membership;
}
