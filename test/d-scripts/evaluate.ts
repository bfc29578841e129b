/**
 * evaluate.ts: D predicates as DTrace would work them out: enough of the language for what predicates hold.
 *
 * It reads the printed text by D's precedence, not the compiler's tree, so a missing pair of parentheses shows.
 */
import type { Constant } from "../../core/predicate.ts";
import type { Token } from "./d-text.ts";

export type ValueOf = (name: string) => Constant | undefined;

/** @returns whether the predicate holds; an empty one does */
export function evaluate(tokens: readonly Token[], valueOf: ValueOf): boolean {
  if (tokens.length === 0) return true;
  const reader = new Reader(tokens, valueOf);
  const value = reader.or();
  if (!reader.done) throw new Error("tokens are left over");
  return truth(value);
}

const truth = (value: Constant): boolean => value !== 0;

class Reader {
  readonly #tokens: readonly Token[];
  readonly #valueOf: ValueOf;
  #at = 0;

  constructor(tokens: readonly Token[], valueOf: ValueOf) {
    this.#tokens = tokens;
    this.#valueOf = valueOf;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  or(): Constant {
    let value = this.#and();
    while (this.#take("||")) value = [value, this.#and()].some(truth) ? 1 : 0;
    return value;
  }

  #and(): Constant {
    let value = this.#comparison();
    while (this.#take("&&")) value = [value, this.#comparison()].every(truth) ? 1 : 0;
    return value;
  }

  #comparison(): Constant {
    const left = this.#difference();
    const operator = ["==", "!=", "<=", ">=", "<", ">"].find((each) => this.#take(each));
    if (operator === undefined) return left;
    const right = this.#difference();
    if (typeof left !== typeof right) throw new Error(`${left} ${operator} ${right} is no comparison in D`);
    const holds = {
      "==": left === right,
      "!=": left !== right,
      "<=": left <= right,
      ">=": left >= right,
      "<": left < right,
      ">": left > right,
    }[operator];
    return holds === true ? 1 : 0;
  }

  #difference(): Constant {
    let value = this.#unary();
    while (this.#take("-")) value = Number(value) - Number(this.#unary());
    return value;
  }

  #unary(): Constant {
    if (this.#take("!")) return truth(this.#unary()) ? 0 : 1;
    if (this.#take("-")) return -Number(this.#unary()) + 0;
    if (this.#text(0) === "(" && this.#text(1) === "int64_t" && this.#text(2) === ")") {
      this.#at += 3;
      return this.#unary();
    }
    if (this.#take("(")) {
      const value = this.or();
      this.#expect(")");
      return value;
    }
    return this.#primary();
  }

  #primary(): Constant {
    const token = this.#tokens[this.#at++];
    if (token?.kind === "integer") return Number(token.text);
    if (token?.kind === "string") return JSON.parse(token.text) as string;
    if (token?.text === "substr") return this.#substr();
    const name =
      token?.text === "self" && this.#take("->") ? `self->${this.#tokens[this.#at++]?.text ?? ""}` : token?.text;
    const value = this.#valueOf(name ?? "");
    if (value === undefined) throw new Error(`no value for ${name ?? "the end"}`);
    return value;
  }

  #substr(): string {
    this.#expect("(");
    const text = String(this.or());
    this.#expect(",");
    const from = Number(this.or());
    this.#expect(",");
    const length = Number(this.or());
    this.#expect(")");
    return text.slice(from, from + length);
  }

  #take(text: string): boolean {
    if (this.#text(0) !== text || this.#tokens[this.#at]?.kind !== "operator") return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new Error(`expected ${text}, found ${this.#text(0) ?? "the end"}`);
  }

  #text(ahead: number): string | undefined {
    return this.#tokens[this.#at + ahead]?.text;
  }
}
