/**
 * view.ts: what one reader may see of one instrumentation, decided once and carried by every query.
 *
 * There is no way to build a query without a view, and none to build a view without a principal: the tenant of the WHERE
 * clause comes from the token (or from an operator's explicit choice), never from the rest of the request.
 */
import type { Spec } from "../core/instrumentation.ts";
import { OF_STORED_KEYS, parsePredicate, TRUE, type Predicate } from "../core/predicate.ts";
import type { Metric } from "../core/metric.ts";
import { InputError } from "../core/errors.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { TokenRow } from "../store/tokens.ts";
import { notFound } from "../server/http.ts";

export interface View {
  readonly instrumentation: InstrumentationRow;
  readonly metric: Metric;
  readonly spec: Spec;
  /** Only this tenant's rows; null: all rows, for operators alone. */
  readonly tenant: string | null;
  /** Over the instrumentation's keys. */
  readonly where: Predicate;
}

/**
 * Whose rows a caller gets.
 *
 * @param asked the tenant that the request names, if any
 * @throws OperationalError NOT_FOUND when a tenant asks for another: the same as for one that does not exist
 */
export function tenantOf(principal: TokenRow, asked: string | undefined): string | null {
  if (principal.role === "tenant") {
    if (asked !== undefined && asked !== principal.tenant) throw notFound();
    return principal.tenant;
  }
  return asked ?? null;
}

/** The keys that rows of a spec can be filtered and broken down by. */
export function keysOf(spec: Spec): string[] {
  return spec.zoned ? ["zonename", ...spec.keys] : [...spec.keys];
}

/** @throws InputError where the text is not JSON, or names a field that is no key of the instrumentation */
export function parseWhere(text: string | undefined, metric: Metric, spec: Spec): Predicate {
  if (text === undefined || text === "") return TRUE;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError("read where", [{ field: "where", code: "NOT_JSON", message: "expected JSON" }], { cause });
  }
  const keys = new Set(keysOf(spec));
  const readable = { ...metric, fields: metric.fields.filter((field) => keys.has(field.name)) };
  return textual(parsePredicate(json, readable, "where", OF_STORED_KEYS));
}

/** The same predicate over text, which is what keys are once they are stored: pid 12 is "12". */
function textual(predicate: Predicate): Predicate {
  if ("terms" in predicate) return { ...predicate, terms: predicate.terms.map(textual) };
  if ("term" in predicate) return { ...predicate, term: textual(predicate.term) };
  if ("values" in predicate) return { ...predicate, values: predicate.values.map(String) };
  return "value" in predicate && predicate.op !== "prefix"
    ? { ...predicate, value: String(predicate.value) }
    : predicate;
}
