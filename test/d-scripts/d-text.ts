/**
 * d-text.ts: D text as clauses of tokens, by the rules of libdtrace's lexer (dt_lex.l), written apart from the compiler.
 *
 * States as there: outside clauses (S2) there are comments and probe descriptions; in predicates and bodies (S0) there are
 * tokens; a comment (S1) may not hold another's start. `#` at the start of a line would be a control line (S3), and `$` a macro:
 * neither occurs in our programs, and both are errors here, as is everything outside printable ASCII.
 */

export interface Token {
  readonly kind: "word" | "aggregation" | "integer" | "string" | "operator";
  readonly text: string;
}

export interface Clause {
  readonly probes: readonly string[];
  readonly predicate: readonly Token[];
  readonly body: readonly Token[];
}

const SPACE = /[\f\n\r\t\v ]+/y;
const PROBES = /[-:a-zA-Z_.?*][-:0-9a-zA-Z_.`?*]*(?:\s*,\s*[-:a-zA-Z_.?*][-:0-9a-zA-Z_.`?*]*)*/y;
const TOKENS: readonly [Token["kind"], RegExp][] = [
  ["word", /[a-zA-Z_`][0-9a-zA-Z_`]*/y],
  ["aggregation", /@[a-zA-Z_][0-9a-zA-Z_]*/y],
  ["integer", /(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?![0-9A-Za-z_.])/y],
  ["string", /"(?:[^"\\\n]|\\[^\n])*"/y],
  ["operator", /<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\^\^|[-+*/%&^|]=|[-+*/%<>=!~?:;,.&|^()[\]]/y],
];

/** @throws Error saying where the text stops being D of the kind that we write */
export function clausesOf(text: string): Clause[] {
  return new Lexer(text).clauses();
}

class Lexer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  clauses(): Clause[] {
    const odd = /[^\n\t\x20-\x7e]/.exec(this.#text);
    if (odd !== null) throw this.#wrong("a character outside printable ASCII", odd.index);
    const clauses: Clause[] = [];
    while (this.#skip() < this.#text.length) clauses.push(this.#clause());
    return clauses;
  }

  #clause(): Clause {
    const probes = this.#match(PROBES);
    if (probes === undefined) throw this.#wrong("expected a probe description");
    this.#skip();
    const predicate = this.#eat("/") ? this.#tokens(() => this.#endsPredicate()) : [];
    this.#skip();
    if (!this.#eat("{")) throw this.#wrong("expected {");
    const body = this.#tokens(() => this.#eat("}"));
    return { probes: probes.split(",").map((probe) => probe.trim()), predicate, body };
  }

  /** A `/` closes a predicate when what follows it is `{`, `;`, `/` or the end: otherwise it divides. */
  #endsPredicate(): boolean {
    if (this.#text.charAt(this.#at) !== "/") return false;
    const next = /\S/.exec(this.#text.slice(this.#at + 1))?.[0];
    if (next !== undefined && !"{;/".includes(next)) return false;
    this.#at += 1;
    return true;
  }

  #tokens(ended: () => boolean): Token[] {
    const tokens: Token[] = [];
    while (this.#skip() >= 0 && !ended()) tokens.push(this.#token());
    return tokens;
  }

  #token(): Token {
    for (const [kind, pattern] of TOKENS) {
      const text = this.#match(pattern);
      if (text !== undefined) return { kind, text };
    }
    throw this.#wrong("no token");
  }

  /** Skips spaces and comments. @returns the place of what comes next */
  #skip(): number {
    while (this.#match(SPACE) !== undefined || this.#comment());
    return this.#at;
  }

  #comment(): boolean {
    if (!this.#text.startsWith("/*", this.#at)) return false;
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) throw this.#wrong("a comment without an end");
    const inner = this.#text.indexOf("/*", this.#at + 2);
    if (inner >= 0 && inner < end) throw this.#wrong("/* inside a comment", inner);
    this.#at = end + 2;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #eat(char: string): boolean {
    if (this.#text.charAt(this.#at) !== char) return false;
    this.#at += 1;
    return true;
  }

  #wrong(problem: string, at = this.#at): Error {
    return new Error(`${problem} at ${JSON.stringify(this.#text.slice(at, at + 40))}`);
  }
}
