/**
 * ast.ts: a D program as a tree, and its text.
 *
 * Everything that can come from outside is a `string` or an `integer` leaf, printed by one function each; `source` leaves are
 * texts of the catalogue. There is no leaf for anybody else's text, which is why a program holds only what we wrote.
 */
import { InputError } from "../core/errors.ts";
import { bindsLoosely, isPrimary } from "./tokens.ts";

export type Expression =
  | { readonly kind: "source"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "cast"; readonly type: string; readonly of: Expression }
  | { readonly kind: "compare"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "all" | "any"; readonly terms: readonly Expression[] }
  | { readonly kind: "not"; readonly term: Expression }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] };

export interface Clause {
  /** What the clause does, for its reader; no line of it from outside. */
  readonly comment: readonly string[];
  readonly probes: readonly string[];
  /** All must hold, the first being tested first; none: no predicate. */
  readonly tests: readonly Expression[];
  /** Without their semicolons. */
  readonly statements: readonly string[];
}

export function source(text: string): Expression {
  return { kind: "source", text };
}

export function printClause(clause: Clause): string {
  const comment = clause.comment.length === 0 ? [] : printComment(clause.comment);
  const body = clause.statements.map((statement) => `\t${statement};`);
  return [...comment, clause.probes.join(",\n"), ...printTests(clause.tests), "{", ...body, "}"].join("\n");
}

/** The predicate of a clause: its tests joined by `&&`, one a line. */
function printTests(tests: readonly Expression[]): string[] {
  if (tests.length === 0) return [];
  return [`/${tests.map(printTerm).join(" &&\n ")}/`];
}

function printComment(lines: readonly string[]): string[] {
  return lines.length === 1 ? [`/* ${lines[0] ?? ""} */`] : ["/*", ...lines.map((line) => ` * ${line}`), " */"];
}

export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "source":
      return expression.text;
    case "string":
      return stringLiteral(expression.value);
    case "integer":
      return integerLiteral(expression.value);
    case "cast":
      return `(${expression.type})${printOperand(expression.of)}`;
    case "compare":
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case "all":
    case "any":
      return printTerms(expression.terms.map(printTerm), expression.kind === "all" ? "&&" : "||");
    case "not":
      return `!(${printExpression(expression.term)})`;
    case "call":
      return `${expression.name}(${expression.args.map(printExpression).join(", ")})`;
  }
}

/** On one line if it fits there, else one term a line: forty zones are read as a list. */
function printTerms(terms: readonly string[], operator: string): string {
  const line = terms.join(` ${operator} `);
  return line.length <= 100 ? line : terms.join(` ${operator}\n  `);
}

/** As an operand of a cast or a comparison, both of which bind tighter than `&&`. */
function printOperand(expression: Expression): string {
  const text = printExpression(expression);
  switch (expression.kind) {
    case "source":
      return isPrimary(text) ? text : `(${text})`;
    case "string":
    case "integer":
    case "cast":
    case "call":
      return text;
    default:
      return `(${text})`;
  }
}

/** As a term of `&&` or `||`: a tree's inner nodes get parentheses, so that no reader has to know what binds tighter. */
function printTerm(expression: Expression): string {
  const text = printExpression(expression);
  if (expression.kind === "all" || expression.kind === "any") return `(${text})`;
  return expression.kind === "source" && bindsLoosely(text) ? `(${text})` : text;
}

/** What a D string may hold here: no quote, no backslash, no space, nothing outside printable ASCII. */
const STRING = /^[A-Za-z0-9._+:@%/-]{1,63}$/;

/**
 * Checks again what `parsePredicate` checked: this line is the last before the kernel, and it trusts nobody.
 *
 * @throws InputError for a string outside the whitelist
 */
export function stringLiteral(value: unknown): string {
  if (typeof value !== "string" || !STRING.test(value)) throw literalError("a string of A-Z a-z 0-9 . _ + : @ % / -");
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** @throws InputError for anything but a whole number that a double holds exactly */
export function integerLiteral(value: unknown): string {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw literalError("a whole number below 2^53");
  return value === 0 ? "0" : String(value);
}

function literalError(expected: string): InputError {
  return new InputError("print a constant in D", [
    { field: "predicate", code: "BAD_CONSTANT", message: `expected ${expected}` },
  ]);
}
