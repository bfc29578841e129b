/**
 * selection.ts: a part of what was measured: which instrumentation, when, which values, which keys. One object for all that can
 * be asked of it (breakdown, comparison, difference, follow-up), in a body or in an address.
 *
 *   as JSON      {"instrumentation": ID, "from": 1790000000, "to": 1790000600, "low": 1000000, "high": null, "where": {"eq": [...]}}
 *   as a query   instrumentation=ID&from=1790000000&to=1790000600&low=1000000&where=%7B%22eq%22...
 *
 * Both say the same, and reading what was written gives it back. Whether the fields of `where` are keys of the instrumentation
 * only the server knows.
 */
import { InputError, type FieldError } from "./errors.ts";
import type { PredicateJson } from "./predicate.ts";

export interface Selection {
  readonly instrumentation: string;
  /** Epoch seconds; negative: so many seconds before `to`. */
  readonly from: number;
  /** Epoch seconds, exclusive; null: now. */
  readonly to: number | null;
  /** Values in [low, high), in the metric's base unit; null: open. Only whole buckets are taken. */
  readonly low: number | null;
  readonly high: number | null;
  /** Over the instrumentation's keys; {}: all. */
  readonly where: PredicateJson;
}

export const MAX_WHERE_CHARS = 4096;
const ID = /^[0-9a-f]{16}$/;
const NAMES: ReadonlySet<string> = new Set(["instrumentation", "from", "to", "low", "high", "where"]);

/**
 * Reads the JSON form; what is absent is open.
 *
 * @param path what errors call the place of the object in its input
 * @throws InputError naming each wrong field, as in `selection.from`
 */
export function parseSelection(json: unknown, path = "selection"): Selection {
  const errors: FieldError[] = [];
  const wrong = (name: string, code: string, message: string): void => {
    errors.push({ field: name === "" ? path : `${path}.${name}`, code, message });
  };
  const given = isRecord(json) ? json : {};
  if (!isRecord(json)) wrong("", "NOT_AN_OBJECT", "expected a selection: instrumentation, from, to, low, high, where");
  for (const name of Object.keys(given)) {
    if (!NAMES.has(name)) wrong(name, "UNKNOWN_FIELD", `expected only ${[...NAMES].join(", ")}`);
  }
  const number = (name: string): number | null => {
    const value = given[name] ?? null;
    if (value === null) return null;
    // Without the sign of zero, which an address cannot carry.
    if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
    wrong(name, "NOT_A_NUMBER", "expected a number, or null where it is open");
    return null;
  };
  const instrumentation = given["instrumentation"];
  const id = typeof instrumentation === "string" && ID.test(instrumentation) ? instrumentation : "";
  if (id === "" && isRecord(json)) wrong("instrumentation", "BAD_ID", "expected the id of an instrumentation");
  const [from, to, low, high] = [number("from"), number("to"), number("low"), number("high")];
  if (from === null && isRecord(json) && (given["from"] ?? null) === null) {
    wrong("from", "REQUIRED", "expected epoch seconds, or negative: seconds before `to`");
  }
  if (low !== null && high !== null && low >= high) wrong("high", "BAD_RANGE", "expected a value above `low`");
  const where = given["where"] ?? {};
  if (!isRecord(where)) wrong("where", "NOT_AN_OBJECT", 'expected a predicate such as {"eq": ["execname", "node"]}');
  else if (JSON.stringify(where).length > MAX_WHERE_CHARS) {
    wrong("where", "TOO_LARGE", `expected at most ${MAX_WHERE_CHARS} characters`);
  }
  if (errors.length > 0) throw new InputError(`read ${path}`, errors);
  return { instrumentation: id, from: from ?? 0, to, low, high, where: where as PredicateJson };
}

/** The query string of a selection, without `?`; what is open is left out. */
export function selectionQuery(selection: Selection): string {
  const { instrumentation, from, to, low, high, where } = selection;
  const query = new URLSearchParams({ instrumentation, from: String(from) });
  for (const [name, value] of Object.entries({ to, low, high })) if (value !== null) query.set(name, String(value));
  if (Object.keys(where).length > 0) query.set("where", JSON.stringify(where));
  return query.toString();
}

/**
 * Reads what `selectionQuery` wrote; other parameters of an address are not its business.
 *
 * @throws InputError naming each wrong parameter
 */
export function parseSelectionQuery(text: string, path = "selection"): Selection {
  const query = new URLSearchParams(text);
  const given: Record<string, unknown> = {};
  for (const name of NAMES) {
    const value = query.get(name);
    if (value === null || value === "") continue;
    if (name === "instrumentation") given[name] = value;
    else if (name === "where") given[name] = readJson(value, `${path}.where`);
    // Number() would take "0x10" and " 1 " too: what is not plainly a number stays a text, which is refused.
    else given[name] = NUMBER.test(value) ? Number(value) : value;
  }
  return parseSelection(given, path);
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function readJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InputError("read a selection", [{ field, code: "NOT_JSON", message: "expected JSON" }], { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
