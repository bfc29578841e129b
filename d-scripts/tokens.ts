/**
 * tokens.ts: D text of the catalogue as tokens, enough to see which variables it mentions and how it binds.
 *
 * The rules are those of libdtrace's lexer (dt_lex.l, state S0). It reads our own expressions and guards only: nothing from
 * outside is ever tokenised here, and the test's checker has a tokeniser of its own so that the two cannot share a mistake.
 */

export interface Token {
  readonly kind: "word" | "integer" | "string" | "operator";
  readonly text: string;
}

const TOKEN =
  /\s+|([A-Za-z_`][A-Za-z0-9_`]*)|(\d+[uUlL]*)|("(?:[^"\\\n]|\\[^\n])*")|(->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\^\^|[-+*/%<>=!~?:;,.&|^()[\]])/y;

/** @throws Error where the text is no D expression: a fault of the catalogue */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`no D token at ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, word, integer, string, operator] = match;
    if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (integer !== undefined) tokens.push({ kind: "integer", text: integer });
    else if (string !== undefined) tokens.push({ kind: "string", text: string });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
  }
  return tokens;
}

/** The variables of ours that a text uses: `self->NAME`, `this->NAME`, and `NAME[...]` of those that are declared. */
export function variablesIn(text: string, declared: ReadonlySet<string>): Set<string> {
  const tokens = tokensOf(text);
  const found = new Set<string>();
  tokens.forEach((token, i) => {
    if (!declared.has(token.text)) return;
    const local = tokens[i - 1]?.text === "->" && ["self", "this"].includes(tokens[i - 2]?.text ?? "");
    const array = tokens[i + 1]?.text === "[" && tokens[i - 1]?.text !== "->";
    if (local || array) found.add(token.text);
  });
  return found;
}

/** Whether a text holds together as an operand of any operator: a name, a member, an element, a call, a literal. */
export function isPrimary(text: string): boolean {
  return operatorsOutside(text).every((operator) => operator === "->" || operator === ".") && !text.startsWith("(");
}

/** Whether a text binds looser than `&&`, so that it needs parentheses beside one. */
export function bindsLoosely(text: string): boolean {
  return operatorsOutside(text).some((operator) => ["||", "^^", "?"].includes(operator));
}

/** Splits `a && b` into its terms, or leaves a text that binds looser than `&&` whole. */
export function conjunctsOf(text: string): string[] {
  if (bindsLoosely(text)) return [text];
  const terms: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === "(" || char === "[") depth += 1;
    else if (char === ")" || char === "]") depth -= 1;
    else if (depth === 0 && text.startsWith("&&", i)) {
      terms.push(text.slice(from, i).trim());
      from = i + 2;
      i += 1;
    }
  }
  terms.push(text.slice(from).trim());
  return terms;
}

/** The operators that stand outside all parentheses and brackets. */
function operatorsOutside(text: string): string[] {
  let depth = 0;
  const outside: string[] = [];
  for (const { kind, text: operator } of tokensOf(text)) {
    if (kind !== "operator") continue;
    if (operator === "(" || operator === "[") depth += 1;
    else if (operator === ")" || operator === "]") depth -= 1;
    else if (depth === 0) outside.push(operator);
  }
  return outside;
}
