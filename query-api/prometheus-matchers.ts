/**
 * prometheus-matchers.ts: matchers of labels: on columns as SQL, on names that are made here by asking the engine.
 *
 * Regular expressions are matched by the engine alone, whose library (RE2) is Prometheus' own dialect and takes linear time: an
 * expression from outside never meets JavaScript's, which can be made to run for hours.
 */
import { OperationalError } from "../core/errors.ts";
import type { StoreClient } from "../store/client.ts";
import { LE, NAME, INSTRUMENTATION, type Family } from "./prometheus-names.ts";
import { badQuery, type Matcher } from "./promql-syntax.ts";
import { columnOf, Params, reading } from "./sql.ts";
import type { View } from "./view.ts";

/** Which of some values all matchers let through. */
export type Tester = (matchers: readonly Matcher[], values: readonly string[]) => Promise<ReadonlySet<string>>;

/** The column of a row's label; from a fixed list. */
export function rowColumn(view: View, label: string): string {
  return label === "host" || label === "tenant" ? label : columnOf(view, label);
}

/** The matchers on labels that are columns of rows. */
export function matchersSql(view: View, family: Family, matchers: readonly Matcher[], params: Params): string {
  const terms = ["1"];
  for (const { label, op, value } of matchers) {
    if (!family.rowLabels.includes(label)) continue;
    const column = rowColumn(view, label);
    if (op === "=" || op === "!=") terms.push(`${column} ${op} ${params.bind(value, "String")}`);
    else terms.push(`${op === "!~" ? "NOT " : ""}match(${column}, ${params.bind(anchored(value), "String")})`);
  }
  return terms.join(" AND ");
}

function anchored(expression: string): string {
  return `^(?s:${expression})$`;
}

export function testerOf(store: StoreClient, signal: AbortSignal | undefined): Tester {
  return async (matchers, values) => {
    let left = [...new Set(values)];
    for (const { op, value } of matchers) {
      if (op === "=" || op === "!=") left = left.filter((each) => (each === value) === (op === "="));
    }
    const expressions = matchers.filter(({ op }) => op === "=~" || op === "!~");
    if (expressions.length === 0 || left.length === 0) return new Set(left);
    const params = new Params();
    const list = params.bind(left, "Array(String)");
    const terms = expressions.map(
      ({ op, value }) => `${op === "!~" ? "NOT " : ""}match(v, ${params.bind(anchored(value), "String")})`,
    );
    const sql = `SELECT arrayFilter(v -> ${terms.join(" AND ")}, ${list}) AS passing`;
    const [row] = await withRegexErrors(store.query<{ passing: string[] }>(sql, params.values, reading(signal)));
    return new Set(row?.passing ?? []);
  };
}

/** CANNOT_COMPILE_REGEXP */
const BAD_EXPRESSION = 427;

/** The engine's refusal of a regular expression as what it is: bad input. */
export async function withRegexErrors<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof OperationalError && error.info["exceptionCode"] === BAD_EXPRESSION) {
      throw badQuery("query", "expected regular expressions as RE2 has them");
    }
    throw error;
  }
}

/** The families whose name, instrumentation and lack of labels the matchers let through; row labels and `le` come later. */
export async function matchingFamilies(
  families: readonly Family[],
  matchers: readonly Matcher[],
  tester: Tester,
): Promise<Family[]> {
  const of = (label: string): Matcher[] => matchers.filter((each) => each.label === label);
  const names = await tester(
    of(NAME),
    families.map(({ name }) => name),
  );
  const ids = await tester(
    of(INSTRUMENTATION),
    families.map(({ instrumentation }) => instrumentation.id),
  );
  const others = [...new Set(matchers.map(({ label }) => label))].filter(
    (label) => label !== NAME && label !== INSTRUMENTATION,
  );
  // A label that a series has not is one that is empty.
  const passEmpty = new Set<string>();
  for (const label of others) if ((await tester(of(label), [""])).size > 0) passEmpty.add(label);
  return families.filter(
    (family) =>
      names.has(family.name) &&
      ids.has(family.instrumentation.id) &&
      others.every((label) => hasLabel(family, label) || passEmpty.has(label)),
  );
}

function hasLabel({ kind, rowLabels }: Family, label: string): boolean {
  return rowLabels.includes(label) || (kind === "bucket" && label === LE);
}
