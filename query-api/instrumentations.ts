/**
 * instrumentations.ts: the life of an instrumentation: asked for, shared, read, expired, deleted.
 */
import { randomBytes } from "node:crypto";
import type { InstrumentationInfo, InstrumentationSummary } from "../core/api.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { parseSpec, type Assignment, type Spec, type SpecInput } from "../core/instrumentation.ts";
import { fieldOf, type Metric } from "../core/metric.ts";
import { fieldsOf, predicateJson } from "../core/predicate.ts";
import { OPERATOR } from "../core/window.ts";
import { catalogue, findMetric } from "../d-scripts/catalogue.ts";
import { requireTestable } from "../d-scripts/kstat-predicate.ts";
import { notFound } from "../server/http.ts";
import type { ControlTable } from "../store/control.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { TokenRow } from "../store/tokens.ts";
import { specId } from "./spec-id.ts";
import { keysOf } from "./view.ts";

export interface InstrumentationInput extends SpecInput {
  readonly label?: string | undefined;
  readonly retentionSec?: number | undefined;
  readonly idleMaxSec?: number | undefined;
  /** Whoever reads it, it ends after so many seconds; absent: no such limit. */
  readonly lifeSec?: number | undefined;
}

/** What of an instrumentation may change: what it counts may not, since rows belong to that. */
export type InstrumentationChange = Pick<InstrumentationInput, "label" | "retentionSec" | "idleMaxSec">;

/** Has the last word on one that is about to be made. @throws what the asker is to be told */
export type Admit = (row: InstrumentationRow) => void;

export const MAX_PER_TENANT = 10;
const DEFAULT_IDLE_MAX_SEC = 600;
/** All that the store's tiers keep (store/tables.ts). */
const DEFAULT_RETENTION_SEC = 730 * 86_400;

export class Instrumentations {
  readonly #table: ControlTable<InstrumentationRow>;
  readonly #now: () => number;
  readonly #startedMs: number;
  /** When each was read last, since the start. */
  readonly #lastRead = new Map<string, number>();
  /** How many watch each live. */
  readonly #watchers = new Map<string, number>();
  /** Requests for new ones are handled one after another, so that those that come at once are counted too. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(table: ControlTable<InstrumentationRow>, now: () => number = Date.now) {
    this.#table = table;
    this.#now = now;
    this.#startedMs = now();
  }

  /** Calls back when the set of what is to run changes. @returns the end of the subscription */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those that a caller may see: operators all; a tenant its own, and the standing ones open to tenants. */
  visibleTo(principal: TokenRow): InstrumentationRow[] {
    return this.#alive().filter((row) => isVisible(row, principal));
  }

  /** @throws OperationalError NOT_FOUND for one that is unknown, deleted or somebody else's, all alike */
  find(id: string, principal: TokenRow): InstrumentationRow {
    const row = this.#table.get(id);
    if (row === undefined || !isAlive(row) || !isVisible(row, principal)) throw notFound();
    this.#lastRead.set(id, this.#now());
    return row;
  }

  /** Whether a caller who had found one would find it again. */
  isThere(id: string, principal: TokenRow): boolean {
    const row = this.#table.get(id);
    return row !== undefined && isAlive(row) && isVisible(row, principal);
  }

  /** @throws InputError naming each wrong field; OperationalError TOO_MANY_INSTRUMENTATIONS at a tenant's cap */
  create(input: InstrumentationInput, principal: TokenRow, admit?: Admit): Promise<InstrumentationRow> {
    const made = this.#queue.then(async () => {
      const row = this.draft(input, principal);
      this.requireRoom(row.owner);
      admit?.(row);
      await this.#put(row);
      return row;
    });
    this.#queue = made.catch(() => undefined);
    return made;
  }

  /** One as it would be made, caps apart. @throws InputError naming each wrong field */
  draft(input: InstrumentationInput, principal: TokenRow): InstrumentationRow {
    const { metric, spec } = readSpec(input, principal);
    const idleMaxSec = input.idleMaxSec ?? DEFAULT_IDLE_MAX_SEC;
    requireEnd(idleMaxSec, principal);
    return this.#rowOf(spec, {
      id: randomBytes(8).toString("hex"),
      label: input.label ?? metric.label,
      retentionSec: input.retentionSec ?? DEFAULT_RETENTION_SEC,
      idleMaxSec,
      owner: principal.role === "tenant" ? principal.tenant : OPERATOR,
      standing: false,
      expiresMs: input.lifeSec === undefined ? 0 : this.#now() + input.lifeSec * 1000,
    });
  }

  /** How many one owner has. */
  count(owner: string): number {
    return this.#alive().filter((row) => row.owner === owner).length;
  }

  /** @throws OperationalError TOO_MANY_INSTRUMENTATIONS at a tenant's cap */
  requireRoom(owner: string): void {
    if (owner === OPERATOR || this.count(owner) < MAX_PER_TENANT) return;
    const message = `create an instrumentation: a tenant has at most ${MAX_PER_TENANT}`;
    throw new OperationalError("TOO_MANY_INSTRUMENTATIONS", message);
  }

  /** Changes what does not decide what is counted. @throws OperationalError NOT_FOUND, STANDING; InputError */
  async change(id: string, change: InstrumentationChange, principal: TokenRow): Promise<InstrumentationRow> {
    const row = this.#own(id, principal, "change");
    const { label = row.label, retentionSec = row.retentionSec, idleMaxSec = row.idleMaxSec } = change;
    if (change.idleMaxSec !== undefined) requireEnd(idleMaxSec, principal);
    const changed = { ...row, label, retentionSec, idleMaxSec };
    await this.#put(changed);
    return changed;
  }

  /** Makes sure of a standing instrumentation from configuration; its id is that of its spec. */
  async ensureStanding(input: InstrumentationInput): Promise<InstrumentationRow> {
    const entry = findMetric(input.metric);
    if (entry === undefined) throw unknownMetric(input.metric);
    const spec = parseSpec(input, entry.metric);
    requireTestable(spec, entry.recipe);
    const id = specId(spec);
    const row = this.#rowOf(spec, {
      id,
      label: input.label ?? entry.metric.label,
      retentionSec: input.retentionSec ?? DEFAULT_RETENTION_SEC,
      idleMaxSec: 0,
      owner: OPERATOR,
      standing: true,
      expiresMs: 0,
    });
    const was = this.#table.get(id);
    if (was !== undefined && was.deletedMs === 0) return was;
    await this.#put(row);
    return row;
  }

  /** @throws OperationalError NOT_FOUND, or STANDING for one from configuration */
  async remove(id: string, principal: TokenRow): Promise<void> {
    const row = this.#own(id, principal, "delete");
    this.#lastRead.delete(id);
    await this.#put({ ...row, deletedMs: this.#now() });
  }

  /** One that a caller may change. */
  #own(id: string, principal: TokenRow, attempt: string): InstrumentationRow {
    const row = this.find(id, principal);
    if (row.standing) {
      throw new OperationalError("STANDING", `${attempt} an instrumentation: this one is part of the configuration`);
    }
    if (principal.role === "tenant" && row.owner !== principal.tenant) throw notFound();
    return row;
  }

  /** Deletes those that nobody has read for their idle-max, and those whose time is over. @returns how many */
  async expire(): Promise<number> {
    let expired = 0;
    for (const row of this.#alive()) {
      // Asked again for each, since one may be read while another is being deleted.
      if (!this.#isIdle(row) && !this.#isOver(row)) continue;
      this.#lastRead.delete(row.id);
      await this.#put({ ...row, deletedMs: this.#now() });
      expired += 1;
    }
    return expired;
  }

  #isIdle(row: InstrumentationRow): boolean {
    const atMs = this.#idleAtMs(row);
    return atMs !== null && this.#now() > atMs;
  }

  /** When it has been idle for too long unless it is read before; null: never, or not while it is watched. */
  #idleAtMs({ id, idleMaxSec, createdMs }: InstrumentationRow): number | null {
    if (idleMaxSec === 0 || this.#watchers.has(id)) return null;
    // Who read it before the start is not known: nobody could since the end before it.
    const lastMs = this.#lastRead.get(id) ?? Math.max(createdMs, this.#startedMs);
    return lastMs + idleMaxSec * 1000;
  }

  #isOver({ expiresMs = 0 }: InstrumentationRow): boolean {
    return expiresMs !== 0 && this.#now() >= expiresMs;
  }

  summary(row: InstrumentationRow): InstrumentationSummary {
    const { expiresMs = 0 } = row;
    return {
      ...instrumentationInfo(row),
      cost: specOf(row).metric.cost,
      ageSec: Math.max(0, Math.floor((this.#now() - row.createdMs) / 1000)),
      idleExpiresMs: this.#idleAtMs(row),
      expiresMs: expiresMs === 0 ? null : expiresMs,
    };
  }

  /** Keeps one from expiring while it is watched live. @returns the end of the watch */
  watch(id: string): () => void {
    this.#watchers.set(id, (this.#watchers.get(id) ?? 0) + 1);
    return () => {
      if (this.#table.get(id)?.deletedMs === 0) this.#lastRead.set(id, this.#now());
      const left = (this.#watchers.get(id) ?? 1) - 1;
      if (left > 0) this.#watchers.set(id, left);
      else this.#watchers.delete(id);
    };
  }

  /** What collectors are to run: one assignment a spec, for all who may see it. */
  assignments(): Assignment[] {
    const bySpec = new Map<string, InstrumentationRow[]>();
    for (const row of this.#alive()) bySpec.set(row.spec, [...(bySpec.get(row.spec) ?? []), row]);
    return [...bySpec].map(([id, rows]) => {
      const [first] = rows as [InstrumentationRow];
      const owners = [...new Set(rows.map((row) => row.owner))].sort();
      return {
        id,
        metric: first.metric,
        predicate: first.predicate,
        decomposition: first.decomposition,
        scheme: first.scheme,
        granularitySec: first.granularitySec,
        scope: owners.includes(OPERATOR) ? "all" : owners,
        requestedBy: owners.join(", "),
      };
    });
  }

  #alive(): InstrumentationRow[] {
    return this.#table.all().filter(isAlive);
  }

  #rowOf(
    spec: Spec,
    rest: Pick<InstrumentationRow, "id" | "label" | "retentionSec" | "idleMaxSec" | "owner" | "standing" | "expiresMs">,
  ): InstrumentationRow {
    return {
      ...rest,
      spec: specId(spec),
      metric: spec.metric,
      predicate: predicateJson(spec.predicate),
      decomposition: decompositionOf(spec),
      scheme: spec.scheme === null ? null : formatScheme(spec.scheme),
      granularitySec: spec.granularitySec,
      createdMs: this.#now(),
      deletedMs: 0,
    };
  }

  async #put(row: InstrumentationRow): Promise<void> {
    await this.#table.put([row]);
    for (const listener of this.#listeners) listener();
  }
}

interface MetricSpec {
  readonly metric: Metric;
  readonly spec: Spec;
}

/** Rows do not change, so each is read once. */
const specs = new WeakMap<InstrumentationRow, MetricSpec>();

/** The metric and spec of a stored instrumentation. @throws InputError where the catalogue does not have them any more */
export function specOf(row: InstrumentationRow): MetricSpec {
  let known = specs.get(row);
  if (known === undefined) {
    const entry = findMetric(row.metric);
    if (entry === undefined) throw unknownMetric(row.metric);
    specs.set(row, (known = { metric: entry.metric, spec: parseSpec(row, entry.metric) }));
  }
  return known;
}

/** Not deleted, and still to be understood: another version's catalogue may have had metrics and fields that this one lacks. */
function isAlive(row: InstrumentationRow): boolean {
  if (row.deletedMs !== 0) return false;
  try {
    specOf(row);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

export function instrumentationInfo(row: InstrumentationRow): InstrumentationInfo {
  const { spec } = specOf(row);
  return {
    id: row.id,
    metric: row.metric,
    label: row.label,
    predicate: predicateJson(spec.predicate),
    decomposition: row.decomposition,
    keys: keysOf(spec),
    numeric: spec.numeric,
    scheme: row.scheme,
    granularitySec: row.granularitySec,
    retentionSec: row.retentionSec,
    idleMaxSec: row.idleMaxSec,
    owner: row.owner,
    standing: row.standing,
    createdMs: row.createdMs,
  };
}

/** @throws InputError for a tenant's that would never end */
function requireEnd(idleMaxSec: number, principal: TokenRow): void {
  if (idleMaxSec !== 0 || principal.role !== "tenant") return;
  throw new InputError("read an instrumentation", [
    {
      field: "idleMaxSec",
      code: "OPERATOR_ONLY",
      message: "expected at least 1; only operators may keep one for ever",
    },
  ]);
}

function readSpec(input: InstrumentationInput, principal: TokenRow): { metric: Metric; spec: Spec } {
  const entry = findMetric(input.metric);
  if (entry === undefined || !mayUse(entry.metric, principal)) throw unknownMetric(input.metric);
  const metric = forAudience(entry.metric, principal);
  const spec = parseSpec(input, metric);
  requireTestable(spec, entry.recipe);
  return { metric, spec };
}

/** The metrics that a caller may use, with the fields that it may name. */
export function metricsFor(principal: TokenRow): Metric[] {
  return [...catalogue.values()]
    .map((entry) => entry.metric)
    .filter((metric) => mayUse(metric, principal))
    .map((metric) => forAudience(metric, principal));
}

function mayUse(metric: Metric, principal: TokenRow): boolean {
  return principal.role !== "tenant" || metric.audience === "tenant";
}

function forAudience(metric: Metric, principal: TokenRow): Metric {
  if (principal.role !== "tenant") return metric;
  return { ...metric, fields: metric.fields.filter((field) => field.audience === "tenant") };
}

function isVisible(row: InstrumentationRow, principal: TokenRow): boolean {
  if (principal.role !== "tenant") return true;
  if (row.owner === principal.tenant) return true;
  const metric = findMetric(row.metric)?.metric;
  if (!row.standing || metric?.audience !== "tenant") return false;
  const fields = [...row.decomposition, ...fieldsOf(specOf(row).spec.predicate)];
  return fields.every((name) => fieldOf(metric, name)?.audience === "tenant");
}

function decompositionOf(spec: Spec): string[] {
  return [...spec.keys, ...(spec.numeric === null ? [] : [spec.numeric])].sort();
}

function unknownMetric(name: string): InputError {
  return new InputError("find a metric", [
    {
      field: "metric",
      code: "UNKNOWN_METRIC",
      message: `expected a metric of the catalogue (GET /v1/metrics lists them), not ${JSON.stringify(name.slice(0, 80))}`,
    },
  ]);
}
