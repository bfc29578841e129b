/**
 * engine-statement.ts: what a statement is, found without parsing all of it.
 *
 * ClickHouse's HTTP interface takes one statement, and the rows of an INSERT may follow it in the same text. chDB would
 * run whatever follows an empty line of those rows as SQL, so the rows are cut off here and reach the engine as a file;
 * answers leave the engine through a named pipe, for which the place of the FORMAT clause must be known.
 */
import { EngineException } from "./engine-exception.ts";
import { checkTokens } from "./engine-guard.ts";
import { type Token, tokens } from "./engine-token.ts";

export type Statement =
  /** Has an answer of any size: `head` + `INTO OUTFILE` + `tail` streams it. */
  | { readonly kind: "select"; readonly head: string; readonly tail: string; readonly format: string | null }
  /** Rows follow: `head` + `FROM INFILE` + `tail` + `FORMAT`; `data` is what stood behind the statement. */
  | { readonly kind: "insert"; readonly head: string; readonly tail: string; readonly format: string; data: Buffer }
  | { readonly kind: "kill"; readonly queryId: string; readonly sync: boolean; readonly sql: string }
  | { readonly kind: "other"; readonly sql: string; readonly format: string | null };

const WITH_ANSWER = new Set(["SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "CHECK", "("]);

/**
 * Classifies one statement.
 *
 * @throws EngineException for several statements, an empty one, and what engine-guard.ts refuses
 */
export function parseStatement(text: Buffer): Statement {
  const sql = text.toString("latin1");
  const list: Token[] = [];
  let depth = 0;
  let inserting = false;
  for (const token of tokens(sql)) {
    const before = list.at(-1);
    if (before?.text === ";" && before.kind === "symbol" && token.text !== ";") {
      throw new EngineException(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)");
    }
    if (token.kind === "symbol") depth += nesting(token.text);
    list.push(token);
    if (depth !== 0 || token.kind !== "word") continue;
    if (token.text === "INSERT" && (list.length === 1 || list[0]?.text === "WITH")) inserting = true;
    else if (inserting && (token.text === "SELECT" || token.text === "WITH") && before?.text !== "INTO")
      inserting = false;
    if (!inserting) continue;
    if (token.text === "VALUES" && before?.text !== "INTO" && before?.text !== "FORMAT")
      return insert(text, list, token, "Values");
    if (before?.text === "FORMAT" && before.kind === "word")
      return insert(text, list, before, originalText(sql, token));
  }
  checkTokens(list);
  while (list.at(-1)?.text === ";") list.pop();
  const first = list[0];
  if (first === undefined) throw new EngineException(62, "SYNTAX_ERROR", "Syntax error: Empty query");
  return first.text === "KILL" ? kill(text, list) : withoutData(text, list);
}

function nesting(symbol: string): number {
  if (symbol === "(" || symbol === "[" || symbol === "{") return 1;
  return symbol === ")" || symbol === "]" || symbol === "}" ? -1 : 0;
}

/** `clause` is VALUES or FORMAT; the last token of `list` is the last before the rows. */
function insert(text: Buffer, list: readonly Token[], clause: Token, format: string): Statement {
  checkTokens(list);
  const settings = list.find((token, at) => token.kind === "word" && token.text === "SETTINGS" && at > 2);
  let from = list.at(-1)?.end ?? clause.end;
  const skip = format === "Values" ? " \t\f\r\n" : " \t\f";
  while (from < text.length && skip.includes(String.fromCharCode(text[from] ?? 0))) from++;
  if (format !== "Values") {
    if (text[from] === 13) from++;
    if (text[from] === 10) from++;
  }
  return {
    kind: "insert",
    head: text.toString("utf8", 0, settings?.start ?? clause.start),
    tail: settings === undefined ? "" : text.toString("utf8", settings.start, clause.start),
    format,
    data: text.subarray(from),
  };
}

function withoutData(text: Buffer, list: readonly Token[]): Statement {
  const end = list.at(-1)?.end ?? text.length;
  const at = formatClause(list);
  const format = at === null ? null : originalText(text.toString("latin1"), list[at + 1]);
  const kind = list[0]?.text === "WITH" && list.some((token) => token.text === "INSERT") ? "INSERT" : list[0]?.text;
  if (kind === "EXPLAIN" && at !== null) {
    // In EXPLAIN AST the clause would be the explained statement's, and so would INTO OUTFILE: it is answered without either.
    const sql = text.toString("utf8", 0, list[at]?.start) + text.toString("utf8", list[at + 1]?.end, end);
    return { kind: "other", sql, format };
  }
  if (!WITH_ANSWER.has(kind ?? "")) return { kind: "other", sql: text.toString("utf8", 0, end), format };
  const cut = at === null ? end : (list[at]?.start ?? end);
  return { kind: "select", head: text.toString("utf8", 0, cut), tail: text.toString("utf8", cut, end), format };
}

/** The index of FORMAT where it is a clause: followed by one name, and then by nothing or by SETTINGS. */
function formatClause(list: readonly Token[]): number | null {
  for (let at = list.length - 2; at > 0; at--) {
    const after = list[at + 2];
    const word = list[at]?.kind === "word" && list[at]?.text === "FORMAT" && list[at + 1]?.kind === "word";
    if (word && (after === undefined || after.text === "SETTINGS")) return at;
  }
  return null;
}

/**
 * `KILL QUERY WHERE query_id = 'x'` names an id of ours, and with SYNC is answered when that statement has ended; any other form
 * goes to the engine, never as SYNC (it hangs).
 */
function kill(text: Buffer, list: readonly Token[]): Statement {
  const words = list.map((token) => token.text);
  const id = list[5];
  const plain = words.slice(0, 3).join(" ") === "KILL QUERY WHERE" && words[3] === "QUERY_ID" && words[4] === "=";
  const last = list.at(-1);
  const sync = last?.text === "SYNC" && last.kind === "word";
  const sql = text.toString("utf8", 0, sync ? last.start : last?.end) + (sync ? " ASYNC" : "");
  if (!plain || id?.kind !== "string" || list.length > 7) return { kind: "other", sql, format: null };
  return { kind: "kill", queryId: unquote(text.toString("utf8", id.start, id.end)), sync, sql };
}

function unquote(literal: string): string {
  return literal.slice(1, -1).replace(/\\(.)|''/gs, (_all, escaped: string | undefined) => escaped ?? "'");
}

function originalText(sql: string, token: Token | undefined): string {
  return token === undefined ? "" : sql.slice(token.start, token.end);
}
