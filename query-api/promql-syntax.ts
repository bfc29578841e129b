/**
 * promql-syntax.ts: the one door to Prometheus' own grammar of PromQL, and the part of the language that is taken.
 *
 * The grammar is the Prometheus project's, so that what it understands is what its users write. Its parser mends what is wrong and goes on;
 * here the first mended place is an error. Everything that this does not know by name is refused by name (docs/prometheus.md
 * lists what is taken): a construct that was skipped in silence would give another answer than was asked for.
 */
import { parser } from "@prometheus-io/lezer-promql";
import { InputError } from "../core/errors.ts";

export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

export interface Selector {
  readonly kind: "selector";
  /** The metric's name among them, as the label `__name__`. */
  readonly matchers: readonly Matcher[];
  /** Of a range vector; null: an instant vector. */
  readonly rangeMs: number | null;
  readonly offsetMs: number;
  /** As it was written. */
  readonly text: string;
}

export type Arithmetic = "+" | "-" | "*" | "/" | "%" | "^";
export type Comparison = "==" | "!=" | ">" | "<" | ">=" | "<=";
export type Aggregation = "sum" | "avg" | "min" | "max" | "count" | "topk" | "bottomk";
export type RangeFunction = "rate" | "increase" | "avg_over_time";

export interface Aggregate {
  readonly kind: "aggregate";
  readonly op: Aggregation;
  readonly labels: readonly string[];
  /** Whether `labels` go, and not stay. */
  readonly without: boolean;
  /** How many, of topk and bottomk. */
  readonly count: number;
  readonly of: Expr;
}

export type Expr =
  | { readonly kind: "number"; readonly value: number }
  | Selector
  | { readonly kind: "range"; readonly name: RangeFunction; readonly of: Selector }
  | { readonly kind: "quantile"; readonly q: number; readonly of: Expr }
  | Aggregate
  | {
      readonly kind: "binary";
      readonly op: Arithmetic | Comparison;
      readonly bool: boolean;
      readonly left: Expr;
      readonly right: Expr;
    };

/** Far above what a person or a dashboard writes. */
const MAX_LENGTH = 8192;
const MAX_DEPTH = 64;

type Node = ReturnType<typeof parser.parse>["topNode"];

/** @throws InputError naming `field`, and the construct that is not taken */
export function parsePromql(text: string, field = "query"): Expr {
  if (text.length > MAX_LENGTH) throw badQuery(field, `expected at most ${MAX_LENGTH} characters`);
  if (nesting(text) > MAX_DEPTH) throw badQuery(field, `expected at most ${MAX_DEPTH} brackets within one another`);
  const root = parser.parse(text).topNode;
  requireWhole(root, text, field);
  const [first] = childrenOf(root);
  if (first === undefined) throw badQuery(field, "expected an expression");
  return new Reader(text, field).read(first, 0);
}

/** A selector without a range, as `match[]` has it. @throws InputError naming `field` */
export function parseSelector(text: string, field: string): Selector {
  const expr = parsePromql(text, field);
  if (expr.kind !== "selector" || expr.rangeMs !== null) throw badQuery(field, "expected a selector of series");
  return expr;
}

export function badQuery(field: string, message: string): InputError {
  return new InputError("read a query", [{ field, code: "BAD_QUERY", message }]);
}

/** How deep brackets go, at most; those in strings are counted too, which is harmless. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if ("([{".includes(character)) deepest = Math.max(deepest, (depth += 1));
    else if (")]}".includes(character)) depth -= 1;
  }
  return deepest;
}

function requireWhole(root: Node, text: string, field: string): void {
  root.cursor().iterate((node) => {
    if (!node.type.isError) return;
    const at = node.from >= text.length ? "at the end" : `at ${JSON.stringify(text.slice(node.from, node.from + 20))}`;
    throw badQuery(field, `is not PromQL ${at}`);
  });
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = { Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Pow: "^" };
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  Eql: "==",
  Neq: "!=",
  Gtr: ">",
  Lss: "<",
  Gte: ">=",
  Lte: "<=",
};
const AGGREGATIONS: readonly string[] = ["sum", "avg", "min", "max", "count", "topk", "bottomk"];
const RANGE_FUNCTIONS: readonly string[] = ["rate", "increase", "avg_over_time"];

class Reader {
  readonly #text: string;
  readonly #field: string;

  constructor(text: string, field: string) {
    this.#text = text;
    this.#field = field;
  }

  read(node: Node, depth: number): Expr {
    // Operators in a row nest without a bracket.
    if (depth > 4 * MAX_DEPTH) throw badQuery(this.#field, "expected fewer operators within one another");
    const next = (child: Node): Expr => this.read(child, depth + 1);
    const [first, ...rest] = childrenOf(node);
    switch (node.name) {
      case "NumberDurationLiteral":
        return { kind: "number", value: numberOf(this.#textOf(node)) ?? this.#refuse(node, "this number") };
      case "ParenExpr":
        return first === undefined ? this.#refuse(node, "empty parentheses") : next(first);
      case "UnaryExpr": {
        const [of] = rest;
        if (first === undefined || of === undefined) return this.#refuse(node, "this sign");
        return this.#textOf(first) === "-" ? minus(next(of)) : next(of);
      }
      case "VectorSelector":
      case "MatrixSelector":
      case "OffsetExpr":
        return this.#selector(node);
      case "FunctionCall":
        return this.#call(node, next);
      case "AggregateExpr":
        return this.#aggregate(node, next);
      case "BinaryExpr":
        return this.#binary(node, next);
      default:
        return this.#refuse(node, CONSTRUCTS[node.name] ?? "this construct");
    }
  }

  #textOf(node: Node): string {
    return this.#text.slice(node.from, node.to);
  }

  #refuse(node: Node, what: string): never {
    const text = this.#textOf(node);
    const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
    throw badQuery(this.#field, `${what} is not taken here: ${shown} (docs/prometheus.md says what is)`);
  }

  #selector(node: Node): Selector {
    let offsetMs = 0;
    let rangeMs: number | null = null;
    let at = node;
    const inner = (): Node => at.firstChild ?? this.#refuse(at, "an empty selector");
    if (at.name === "OffsetExpr") {
      offsetMs = this.#offset(at);
      at = inner();
    }
    if (at.name === "MatrixSelector") {
      rangeMs = this.#duration(childrenOf(at)[1] ?? at);
      if (rangeMs <= 0) this.#refuse(at, "a range that is not above zero");
      at = inner();
    }
    if (at.name !== "VectorSelector") this.#refuse(at, CONSTRUCTS[at.name] ?? "offset or a range of this");
    return { kind: "selector", matchers: this.#matchers(at), rangeMs, offsetMs, text: this.#textOf(node) };
  }

  #offset(node: Node): number {
    const expr = node.getChild("OffsetDurationExpr") ?? this.#refuse(node, "this offset");
    const nested = expr.getChild("OffsetDurationExpr");
    const sign = nested !== null && this.#textOf(expr).startsWith("-") ? -1 : 1;
    return sign * this.#duration(nested ?? expr);
  }

  #duration(node: Node): number {
    const [only, ...more] = childrenOf(node);
    if (only?.name !== "NumberDurationLiteralInDurationContext" || more.length > 0) {
      return this.#refuse(node, "arithmetic with durations");
    }
    return durationMs(this.#textOf(only)) ?? this.#refuse(node, "this duration");
  }

  #matchers(node: Node): Matcher[] {
    const matchers: Matcher[] = [];
    const name = node.getChild("Identifier");
    if (name !== null) matchers.push({ label: "__name__", op: "=", value: this.#textOf(name) });
    const list = node.getChild("LabelMatchers");
    for (const each of list === null ? [] : childrenOf(list)) {
      const [label, op, value] = childrenOf(each);
      if (label === undefined) continue;
      if (each.name === "QuotedLabelName") matchers.push({ label: "__name__", op: "=", value: this.#string(label) });
      else if (op === undefined || value === undefined) this.#refuse(each, "this matcher");
      else {
        const quoted = label.name === "QuotedLabelName" ? label.firstChild : null;
        const text = quoted === null ? this.#textOf(label) : this.#string(quoted);
        matchers.push({ label: text, op: this.#textOf(op) as Matcher["op"], value: this.#string(value) });
      }
    }
    return matchers;
  }

  #string(node: Node): string {
    return unquote(this.#textOf(node)) ?? this.#refuse(node, "this string");
  }

  #call(node: Node, next: (child: Node) => Expr): Expr {
    const [identifier, body] = childrenOf(node);
    const name = identifier === undefined ? "" : this.#textOf(identifier);
    const args = body === undefined ? [] : childrenOf(body);
    const [first, second, ...more] = args;
    if (RANGE_FUNCTIONS.includes(name) && first !== undefined && second === undefined) {
      const of = next(first);
      if (of.kind !== "selector" || of.rangeMs === null) return this.#refuse(node, `${name} of other than x[range]`);
      return { kind: "range", name: name as RangeFunction, of };
    }
    if (name === "histogram_quantile" && first !== undefined && second !== undefined && more.length === 0) {
      const q = next(first);
      if (q.kind !== "number") return this.#refuse(first, "a quantile that is not a number");
      return { kind: "quantile", q: q.value, of: next(second) };
    }
    return this.#refuse(node, `the function ${name}, so`);
  }

  #aggregate(node: Node, next: (child: Node) => Expr): Expr {
    const [operator] = childrenOf(node);
    const op = operator === undefined ? "" : this.#textOf(operator).toLowerCase();
    if (!AGGREGATIONS.includes(op)) return this.#refuse(node, `the aggregation ${op}`);
    const body = node.getChild("FunctionCallBody");
    const args = body === null ? [] : childrenOf(body);
    const ranked = op === "topk" || op === "bottomk";
    const [first, second, ...more] = args;
    const of = ranked ? second : first;
    if (first === undefined || of === undefined || (ranked ? more.length > 0 : second !== undefined)) {
      return this.#refuse(node, `${op} of so many arguments`);
    }
    const k = ranked ? next(first) : null;
    if (k !== null && k.kind !== "number") return this.#refuse(first, `a count of ${op} that is not a number`);
    const modifier = node.getChild("AggregateModifier");
    const labels = modifier?.getChild("GroupingLabels") ?? null;
    return {
      kind: "aggregate",
      op: op as Aggregation,
      labels: labels === null ? [] : childrenOf(labels).map((label) => this.#label(label)),
      without: modifier !== null && modifier.getChild("Without") !== null,
      count: k?.value ?? 0,
      of: next(of),
    };
  }

  #label(node: Node): string {
    return node.name === "QuotedLabelName" && node.firstChild !== null
      ? this.#string(node.firstChild)
      : this.#textOf(node);
  }

  #binary(node: Node, next: (child: Node) => Expr): Expr {
    const children = childrenOf(node);
    const left = children[0];
    const right = children.at(-1);
    const operator = children[1];
    const between = children.slice(2, -1);
    const other = between.find((child) => child.name !== "BoolModifier");
    if (other !== undefined) return this.#refuse(other, "matching by on, ignoring or group");
    const op = ARITHMETIC[operator?.name ?? ""] ?? COMPARISONS[operator?.name ?? ""];
    if (op === undefined || left === undefined || right === undefined) {
      return this.#refuse(operator ?? node, "this operator");
    }
    const bool = between.length > 0;
    if (bool && ARITHMETIC[operator?.name ?? ""] !== undefined) return this.#refuse(node, "bool of arithmetic");
    return { kind: "binary", op, bool, left: next(left), right: next(right) };
  }
}

const CONSTRUCTS: Readonly<Record<string, string>> = {
  SubqueryExpr: "a subquery",
  StepInvariantExpr: "the @ modifier",
  StringLiteral: "a string as a value",
  AnchoredExpr: "anchored",
  SmoothedExpr: "smoothed",
};

function minus(of: Expr): Expr {
  if (of.kind === "number") return { kind: "number", value: -of.value };
  return { kind: "binary", op: "*", bool: false, left: of, right: { kind: "number", value: -1 } };
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  const ms = durationMs(text);
  return ms === undefined ? undefined : ms / 1000;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** "1h30m", or seconds as a number; undefined where it is neither. @returns whole milliseconds */
export function durationMs(text: string): number | undefined {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return Math.round(Number(text) * 1000);
  let total = 0;
  let at = 0;
  for (const { 0: part, 1: digits = "", 2: unit = "" } of text.matchAll(/(\d{1,9})(ms|[smhdwy])/g)) {
    total += Number(digits) * (UNITS_MS[unit] ?? NaN);
    at += part.length;
  }
  return at === text.length && at > 0 ? total : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** A string as Go has it. @returns undefined where an escape is none */
function unquote(text: string): string | undefined {
  const body = text.slice(1, -1);
  if (text.startsWith("`")) return body;
  let bad = false as boolean;
  const value = body.replaceAll(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_whole, escape: string) => {
    if (escape.length > 1) return String.fromCharCode(parseInt(escape.slice(1), 16));
    bad ||= ESCAPES[escape] === undefined;
    return ESCAPES[escape] ?? "";
  });
  return bad ? undefined : value;
}
