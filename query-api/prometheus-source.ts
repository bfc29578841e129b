/**
 * prometheus-source.ts: the families that one caller may read, and the reading of them. There is no way past the view: every read is of
 * an instrumentation that the caller may see, through the view that its token gives (query-api/view.ts).
 */
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { Request } from "../server/http.ts";
import { principalOf, type QueryContext } from "./context.ts";
import { specOf } from "./instrumentations.ts";
import { matchingFamilies, testerOf, type Tester } from "./prometheus-matchers.ts";
import { allEdges, familiesOf, INSTRUMENTATION, LE, leOf, NAME, type Family } from "./prometheus-names.ts";
import { readFamily, readLabelSets, type Reading } from "./prometheus-read.ts";
import type { Of, Steps } from "./prometheus-windows.ts";
import type { Select } from "./promql-evaluate.ts";
import { badQuery, type Matcher, type RangeFunction, type Selector } from "./promql-syntax.ts";
import type { Labels, Series } from "./promql-vectors.ts";
import type { Range } from "./sql.ts";
import { tenantOf } from "./view.ts";

/** Instrumentations that one selector may span. */
const MAX_FAMILIES = 64;

export class PrometheusSource {
  readonly families: readonly Family[];
  readonly #context: QueryContext;
  readonly #request: Request;
  readonly #signal: AbortSignal;
  readonly #tester: Tester;
  #hostsByZone: Map<string, string[]> | undefined;

  constructor(context: QueryContext, request: Request, signal: AbortSignal) {
    this.#context = context;
    this.#request = request;
    this.#signal = signal;
    this.#tester = testerOf(context.store, signal);
    const principal = principalOf(request);
    const isFleet = tenantOf(principal, undefined) === null;
    this.families = context.instrumentations.visibleTo(principal).flatMap((row) => {
      const { metric, spec } = specOf(row);
      return familiesOf(row, metric, spec, isFleet);
    });
  }

  /** Those that a selector may mean. @throws InputError where they are too many */
  async matching(matchers: readonly Matcher[]): Promise<Family[]> {
    const found = await matchingFamilies(this.families, matchers, this.#tester);
    if (found.length <= MAX_FAMILIES) return found;
    throw badQuery("query", `expected matchers for at most ${MAX_FAMILIES} instrumentations, not ${found.length}`);
  }

  /** What evaluates selectors at these steps. @param allEdges also of buckets that are empty */
  select(steps: Steps, allEdges = false): Select {
    return async (selector, fn, keep) => {
      const found: Series[] = [];
      for (const family of await this.matching(named(selector, allEdges).matchers)) {
        const { matchers, rangeMs, offsetMs } = selector;
        const needed = family.kind === "gauge" ? null : keep;
        const request = { family, matchers, of: kindOf(family, fn), rangeMs, offsetMs, keep: needed, allEdges };
        for (const series of await readFamily(this.#reading(family), request, steps)) found.push(series);
      }
      return found;
    };
  }

  /** All sets of labels of a selector's series in a range. */
  async series({ matchers }: Selector, range: Range): Promise<Labels[]> {
    const sets: Labels[] = [];
    for (const family of await this.matching(matchers)) {
      const own = { [NAME]: family.name, [INSTRUMENTATION]: family.instrumentation.id };
      const edges = await this.#edges(family, matchers);
      const rows = await readLabelSets(this.#reading(family), family, matchers, family.rowLabels, range);
      for (const row of rows) {
        if (edges === null) sets.push({ ...own, ...row });
        else for (const le of edges) sets.push({ ...own, ...row, [LE]: le });
      }
    }
    return sets;
  }

  /** The values of one label, sorted. @param selectors none: everything */
  async labelValues(label: string, selectors: readonly Selector[], range: Range): Promise<string[]> {
    const values = new Set<string>();
    for (const { matchers } of selectors.length === 0 ? [{ matchers: [] }] : selectors) {
      for (const family of await matchingFamilies(this.families, matchers, this.#tester)) {
        if (label === NAME) values.add(family.name);
        else if (label === INSTRUMENTATION) values.add(family.instrumentation.id);
        else if (label === LE) for (const le of (await this.#edges(family, matchers)) ?? []) values.add(le);
        else if (family.rowLabels.includes(label)) {
          const sets = await readLabelSets(this.#reading(family), family, matchers, [label], range);
          for (const set of sets) values.add(set[label] ?? "");
        }
      }
    }
    values.delete("");
    return [...values].sort();
  }

  /** null: the family has no buckets. */
  async #edges(family: Family, matchers: readonly Matcher[]): Promise<string[] | null> {
    const { scheme } = family.spec;
    if (family.kind !== "bucket" || scheme === null) return null;
    const all = allEdges(family.spec).map((edge) => leOf(bucketsOf(scheme), edge));
    const passing = await this.#tester(
      matchers.filter(({ label }) => label === LE),
      all,
    );
    return all.filter((le) => passing.has(le));
  }

  #reading(family: Family): Reading {
    const { store, expectedFor, viewOf, nowSec } = this.#context;
    const view = viewOf(this.#request, family.instrumentation.id, {});
    return {
      store,
      view,
      expected: expectedFor(view.tenant),
      hostsOf: (zone) => this.#hostsOf(zone, view.tenant),
      tester: this.#tester,
      nowSec: nowSec(),
      signal: this.#signal,
    };
  }

  #hostsOf(zone: string, tenant: string | null): readonly string[] {
    if (this.#hostsByZone === undefined) {
      this.#hostsByZone = new Map();
      for (const { zone: name, host, owner } of this.#context.ownership.all()) {
        if (tenant !== null && owner !== tenant) continue;
        const hosts = this.#hostsByZone.get(name) ?? [];
        if (!hosts.includes(host)) this.#hostsByZone.set(name, [...hosts, host]);
      }
    }
    return this.#hostsByZone.get(zone) ?? [];
  }
}

/** A query names its metric; only federation takes what comes. */
function named(selector: Selector, isFederation: boolean): Selector {
  if (isFederation || selector.matchers.some(({ label, op }) => label === NAME && op === "=")) return selector;
  throw badQuery("query", `${selector.text} does not name its metric`);
}

function kindOf({ kind, name }: Family, fn: RangeFunction | null): Of {
  if (fn === null) return kind === "gauge" ? "gauge" : "counter";
  if ((fn === "avg_over_time") === (kind === "gauge")) return fn;
  const instead = kind === "gauge" ? "a gauge: take avg_over_time" : "a counter: take rate or increase";
  throw badQuery("query", `${fn} of ${name}, which is ${instead}`);
}
