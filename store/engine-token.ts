/**
 * engine-token.ts: SQL text as ClickHouse's lexer sees it (src/Parsers/Lexer.cpp), far enough to find clauses safely.
 *
 * The text is bytes decoded as latin1, so that every position is a byte offset. Comments and white space vanish; what
 * stands inside a string, a quoted name or a heredoc is one token and is never mistaken for a clause.
 */

export interface Token {
  readonly kind: "word" | "string" | "name" | "number" | "symbol";
  /** Upper case for words; as written for the rest. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The tokens of `sql`, lazily, so that the data behind an INSERT is never read as SQL. */
export function* tokens(sql: string): Generator<Token, undefined> {
  let at = 0;
  while (at < sql.length) {
    const blank = blankEnd(sql, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    const token = tokenAt(sql, at);
    yield token;
    at = token.end;
  }
}

/** Where the white space or the comment at `at` ends; `at` itself when there is none. */
function blankEnd(sql: string, at: number): number {
  const char = sql.charCodeAt(at);
  if (char <= 32 || char === 0xa0) return at + 1;
  const two = sql.slice(at, at + 2);
  if (two === "--" || two === "#!" || two === "# ") return past(sql, "\n", at);
  return two === "/*" ? past(sql, "*/", at + 2) : at;
}

function tokenAt(sql: string, start: number): Token {
  const char = sql.charAt(start);
  if (char === "'") return token("string", sql, start, quotedEnd(sql, start));
  if (char === '"' || char === "`") return token("name", sql, start, quotedEnd(sql, start));
  if (char === "$") {
    HEREDOC.lastIndex = start;
    const tag = HEREDOC.exec(sql)?.[0];
    if (tag !== undefined) return token("string", sql, start, past(sql, tag, start + tag.length));
  }
  WORD.lastIndex = start;
  const word = WORD.exec(sql)?.[0];
  if (word !== undefined) return { kind: "word", text: word.toUpperCase(), start, end: start + word.length };
  NUMBER.lastIndex = start;
  const digits = NUMBER.exec(sql)?.[0];
  return digits === undefined
    ? token("symbol", sql, start, start + 1)
    : token("number", sql, start, start + digits.length);
}

const HEREDOC = /\$\w*\$/y;
const WORD = /[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*/y;
const NUMBER = /[0-9][0-9A-Za-z_]*/y;

function token(kind: Token["kind"], sql: string, start: number, end: number): Token {
  return { kind, text: sql.slice(start, end), start, end };
}

/** Both a backslash and a doubled quote keep a string open. */
function quotedEnd(sql: string, start: number): number {
  const quote = sql.charAt(start);
  for (let at = start + 1; at < sql.length; at++) {
    const char = sql.charAt(at);
    if (char === "\\") at++;
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1;
      at++;
    }
  }
  return sql.length;
}

function past(sql: string, end: string, from: number): number {
  const at = sql.indexOf(end, from);
  return at < 0 ? sql.length : at + end.length;
}
