/**
 * find-instrumentation.ts: what a person means by WHAT: an instrumentation's id, or a metric that one measures.
 */
import type { InstrumentationInfo, MetricInfo } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { canonicalSpec, parseSpec, type SpecInput } from "../core/instrumentation.ts";
import { findMetric as catalogued } from "../d-scripts/catalogue.ts";
import { answer, type Api } from "./api-client.ts";

interface Instrumentations {
  readonly instrumentations: readonly InstrumentationInfo[];
}

interface Metrics {
  readonly metrics: readonly MetricInfo[];
}

const EXPECTED = "a metric (isotherm metrics) or the id of an instrumentation";

/**
 * The instrumentation of that id; else, of those of that metric without a predicate, the one that can be broken down most.
 *
 * @param suits which of a metric's will do
 * @returns undefined where nobody measures the metric
 * @throws OperationalError API_REFUSED, API_UNREACHABLE; InputError where it is neither
 */
export async function findInstrumentation(
  api: Api,
  what: string,
  suits: (each: InstrumentationInfo) => boolean = () => true,
): Promise<InstrumentationInfo | undefined> {
  const { instrumentations } = await answer<Instrumentations>(api, api.client.GET("/v1/instrumentations"));
  const byId = instrumentations.find(({ id }) => id === what);
  if (byId !== undefined) return byId;
  const same = instrumentations.filter((each) => each.metric === what && isWhole(each.predicate) && suits(each));
  const [best] = same.sort((a, b) => b.keys.length - a.keys.length);
  if (best === undefined) await findMetric(api, what);
  return best;
}

/**
 * The id of the instrumentation that a file of alert rules describes as `{metric, decomposition, ...}`.
 *
 * @throws InputError where it describes none, or nobody measures it
 */
export async function findLike(api: Api, input: SpecInput, field: string): Promise<string> {
  const wanted = textOf(input);
  if (wanted === undefined) throw badField(field, `${input.metric} is no metric (isotherm metrics)`);
  const { instrumentations } = await answer<Instrumentations>(api, api.client.GET("/v1/instrumentations"));
  const found = instrumentations.find((each) => textOf(each) === wanted);
  if (found !== undefined) return found.id;
  throw badField(
    field,
    "nobody measures it yet, so there is nothing to try it on: a rule file makes it when the service starts",
  );
}

function textOf(input: SpecInput): string | undefined {
  const entry = catalogued(input.metric);
  return entry === undefined ? undefined : canonicalSpec(parseSpec(input, entry.metric));
}

function badField(field: string, message: string): InputError {
  return new InputError(`${field}: ${message}`, [{ field, code: "BAD_INSTRUMENTATION", message }]);
}

/** @throws InputError where there is no such metric */
export async function findMetric(api: Api, name: string): Promise<MetricInfo> {
  const { metrics } = await answer<Metrics>(api, api.client.GET("/v1/metrics"));
  const found = metrics.find((each) => each.name === name);
  if (found === undefined) throw badWhat(name, EXPECTED);
  return found;
}

export function badWhat(what: string, expected: string): InputError {
  const message = `WHAT is ${JSON.stringify(what)}, expected ${expected}`;
  return new InputError(message, [{ field: "what", code: "BAD_ARGUMENT", message }]);
}

/** @throws InputError where it is no JSON */
export function parseWhere(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = `--where is ${JSON.stringify(text.slice(0, 120))}, expected JSON, such as {"eq": ["execname", "node"]}`;
    throw new InputError(message, [{ field: "--where", code: "BAD_OPTION", message }], { cause });
  }
}

function isWhole(predicate: unknown): boolean {
  return JSON.stringify(predicate) === "{}";
}
