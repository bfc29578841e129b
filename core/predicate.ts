/**
 * predicate.ts: which events count, as a tree, and the only way one gets in.
 *
 *   {}                                   every event
 *   {"eq": ["execname", "postgres"]}     also ne; and lt le gt ge for numeric fields
 *   {"in": ["syscall", ["read", "write"]]}   {"prefix": ["execname", "pg_"]}
 *   {"and": [...]}  {"or": [...]}  {"not": {...}}
 *
 * A tree that `parsePredicate` returned is safe to compile: one operator an object, known fields, strings of a whitelisted
 * alphabet, safe integers, bounded depth and size. Nothing else constructs predicates from outside input. Keys that are stored may
 * be any text, and so may what they are compared with (`OF_STORED_KEYS`); the D printer takes none of these (d-scripts/ast.ts).
 */
import { InputError, type FieldError } from "./errors.ts";
import { fieldOf, type Field, type Metric } from "./metric.ts";

export type Constant = string | number;
export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

export type Predicate =
  | { readonly op: "true" }
  | { readonly op: Comparison; readonly field: string; readonly value: Constant }
  | { readonly op: "in"; readonly field: string; readonly values: readonly Constant[] }
  | { readonly op: "prefix"; readonly field: string; readonly value: string }
  | { readonly op: "and" | "or"; readonly terms: readonly Predicate[] }
  | { readonly op: "not"; readonly term: Predicate };

export const TRUE: Predicate = { op: "true" };

/** The JSON form, as clients send and read it. */
export type PredicateJson = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 4;
const MAX_NODES = 32;
const STRING = /^[A-Za-z0-9._+:@%/-]{1,63}$/;

/** What constants a predicate may hold. */
export interface Constants {
  /** As many in one `in`. */
  readonly maxIn: number;
  readonly isText: (text: string) => boolean;
  /** What `isText` takes, for an error. */
  readonly expected: string;
}

/** Of what becomes a D program: nothing that D could read as anything but a text. */
export const IN_PROGRAMS: Constants = {
  maxIn: 16,
  isText: (text) => STRING.test(text),
  expected: "a string of 1 to 63 of A-Z a-z 0-9 . _ + : @ % / -",
};

/** Of what is asked of stored keys, which programs and zones chose: any name that a row may have. It never gets near a host. */
export const OF_STORED_KEYS: Constants = {
  maxIn: 64,
  isText: (text) => text.length <= 256,
  expected: "a string of at most 256 characters",
};

const COMPARISONS: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge"]);
const ORDERINGS: ReadonlySet<string> = new Set(["lt", "le", "gt", "ge"]);

/** The limits above, for those who write predicates. */
export const PREDICATE_LIMITS = {
  maxDepth: MAX_DEPTH,
  maxNodes: MAX_NODES,
  maxIn: IN_PROGRAMS.maxIn,
  string: STRING.source,
} as const;

/**
 * Reads and checks a predicate's JSON form.
 *
 * @param metric whose fields it may name
 * @param path what errors call the place of the tree in its input
 * @throws InputError naming each wrong place, as in `predicate.and[1].eq`
 */
export function parsePredicate(
  json: unknown,
  metric: Metric,
  path = "predicate",
  constants: Constants = IN_PROGRAMS,
): Predicate {
  const reader = new Reader(metric, constants);
  const predicate = reader.read(json, path, 1);
  if (reader.errors.length > 0) throw new InputError(`read ${path}`, reader.errors);
  return predicate;
}

/** The JSON form of a predicate: `parsePredicate` reads it back to an equal tree. */
export function predicateJson(predicate: Predicate): PredicateJson {
  switch (predicate.op) {
    case "true":
      return {};
    case "in":
      return { in: [predicate.field, predicate.values] };
    case "and":
    case "or":
      return { [predicate.op]: predicate.terms.map(predicateJson) };
    case "not":
      return { not: predicateJson(predicate.term) };
    default:
      return { [predicate.op]: [predicate.field, predicate.value] };
  }
}

/** Every field that a predicate names, once, in order of appearance. */
export function fieldsOf(predicate: Predicate): string[] {
  const names = new Set<string>();
  const visit = (at: Predicate): void => {
    if ("field" in at) names.add(at.field);
    else if ("terms" in at) at.terms.forEach(visit);
    else if ("term" in at) visit(at.term);
  };
  visit(predicate);
  return [...names];
}

/**
 * Whether an event with these field values counts.
 *
 * @param valueOf gives a field's value; undefined where the event has none, which equals nothing
 */
export function matches(predicate: Predicate, valueOf: (field: string) => Constant | undefined): boolean {
  switch (predicate.op) {
    case "true":
      return true;
    case "and":
      return predicate.terms.every((term) => matches(term, valueOf));
    case "or":
      return predicate.terms.some((term) => matches(term, valueOf));
    case "not":
      return !matches(predicate.term, valueOf);
    case "in":
      return predicate.values.some((value) => value === valueOf(predicate.field));
    case "prefix":
      return String(valueOf(predicate.field) ?? "").startsWith(predicate.value);
    default:
      return compare(predicate.op, valueOf(predicate.field), predicate.value);
  }
}

function compare(op: Comparison, left: Constant | undefined, right: Constant): boolean {
  if (left === undefined) return op === "ne";
  switch (op) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "lt":
      return left < right;
    case "le":
      return left <= right;
    case "gt":
      return left > right;
    case "ge":
      return left >= right;
  }
}

class Reader {
  readonly errors: FieldError[] = [];
  readonly #metric: Metric;
  readonly #constants: Constants;
  #nodes = 0;

  constructor(metric: Metric, constants: Constants) {
    this.#metric = metric;
    this.#constants = constants;
  }

  read(json: unknown, path: string, depth: number): Predicate {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) return this.#fail(path, "TOO_LARGE", `expected at most ${MAX_NODES} nodes`);
    if (depth > MAX_DEPTH) return this.#fail(path, "TOO_DEEP", `expected at most ${MAX_DEPTH} levels`);
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      return this.#fail(path, "NOT_AN_OBJECT", 'expected an object such as {"eq": ["execname", "node"]}');
    }
    const keys = Object.keys(json);
    const [op] = keys;
    if (op === undefined) return depth === 1 ? TRUE : this.#fail(path, "EMPTY", "expected an operator");
    if (keys.length > 1) return this.#fail(path, "MANY_OPERATORS", "expected one operator an object");
    const operand = (json as Record<string, unknown>)[op];
    const here = `${path}.${op}`;
    if (op === "and" || op === "or") return this.#list(op, operand, here, depth);
    if (op === "not") return { op, term: this.read(operand, here, depth + 1) };
    if (op === "in") return this.#membership(operand, here);
    if (op === "prefix" || COMPARISONS.has(op)) return this.#comparison(op as Comparison | "prefix", operand, here);
    return this.#fail(here, "UNKNOWN_OPERATOR", "expected eq, ne, lt, le, gt, ge, in, prefix, and, or or not");
  }

  #list(op: "and" | "or", operand: unknown, path: string, depth: number): Predicate {
    if (!Array.isArray(operand) || operand.length === 0) {
      return this.#fail(path, "NOT_A_LIST", "expected a list of predicates");
    }
    // Stop early: a list of a million terms costs no more than one that is just too long.
    const terms = operand.slice(0, MAX_NODES + 1).map((term, i) => this.read(term, `${path}[${i}]`, depth + 1));
    return { op, terms };
  }

  #membership(operand: unknown, path: string): Predicate {
    const [name, values] = Array.isArray(operand) ? (operand as unknown[]) : [];
    const field = this.#field(name, path);
    if (field === undefined) return TRUE;
    const { maxIn } = this.#constants;
    if (!Array.isArray(values) || values.length === 0 || values.length > maxIn) {
      return this.#fail(path, "NOT_A_LIST", `expected [field, [1 to ${maxIn} constants]]`);
    }
    return { op: "in", field: field.name, values: values.map((value) => this.#constant(field, value, path)) };
  }

  #comparison(op: Comparison | "prefix", operand: unknown, path: string): Predicate {
    if (!Array.isArray(operand) || operand.length !== 2) {
      return this.#fail(path, "NOT_A_PAIR", "expected [field, constant]");
    }
    const field = this.#field(operand[0], path);
    if (field === undefined) return TRUE;
    if (ORDERINGS.has(op) && field.arity !== "numeric") {
      return this.#fail(path, "NOT_NUMERIC", `expected a numeric field for ${op}; ${field.name} is discrete`);
    }
    const value = this.#constant(field, operand[1], path);
    if (op !== "prefix") return { op, field: field.name, value };
    return typeof value === "string"
      ? { op, field: field.name, value }
      : this.#fail(path, "NOT_A_STRING", `expected a string field for prefix; ${field.name} is a number`);
  }

  #field(name: unknown, path: string): Field | undefined {
    const field = typeof name === "string" ? fieldOf(this.#metric, name) : undefined;
    if (field === undefined) {
      const known = this.#metric.fields.map((each) => each.name).join(", ");
      this.#fail(path, "UNKNOWN_FIELD", `expected one of the metric's fields: ${known}`);
    }
    return field;
  }

  #constant(field: Field, value: unknown, path: string): Constant {
    if (field.type === "string") {
      const { isText, expected } = this.#constants;
      if (typeof value === "string" && isText(value)) return value;
      this.#fail(path, "BAD_STRING", `expected ${expected} for ${field.name}`);
      return "";
    }
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    this.#fail(path, "BAD_NUMBER", `expected a whole number below 2^53 for ${field.name}`);
    return 0;
  }

  #fail(field: string, code: string, message: string): Predicate {
    this.errors.push({ field, code, message });
    return TRUE;
  }
}
