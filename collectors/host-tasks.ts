/**
 * host-tasks.ts: assignments as one host would run them: its own zones, and what is remembered of each.
 *
 * An assignment that makes no sense here (a metric of a newer catalogue, one that the platform does not have) is a task too: it
 * never runs, says why, and its columns are declared, so that one bad assignment is visible and harms no other.
 */
import { errorChain, InputError } from "../core/errors.ts";
import type { Cause } from "../core/host-status.ts";
import { GRANULARITIES_SEC, parseSpec, type Assignment, type Spec } from "../core/instrumentation.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";
import type { RowSink } from "./batcher.ts";
import type { GuardLimits } from "./cost-guard.ts";
import { TaskRecord } from "./task-record.ts";
import type { HostZone } from "./zones.ts";

export interface Task {
  readonly id: string;
  readonly metric: string;
  readonly requestedBy: string;
  /** null: all zones. */
  readonly zones: readonly string[] | null;
  readonly record: TaskRecord;
  /** What runs, or why nothing can. */
  readonly work:
    | { readonly entry: Entry; readonly spec: Spec }
    | { readonly refusal: { readonly cause: Cause; readonly reason: string; readonly sinceMs: number } };
}

export interface HostTasksOptions {
  readonly host: string;
  readonly platform: Platform;
  readonly sink: RowSink;
  /** The last column of a spec that an earlier run of this collector had; asked once for each. */
  readonly claimLastTs?: (spec: string) => number | undefined;
  readonly limits: GuardLimits;
  readonly now: () => number;
}

export class HostTasks {
  readonly #options: HostTasksOptions;
  #tasks = new Map<string, Task>();

  constructor(options: HostTasksOptions) {
    this.#options = options;
  }

  get all(): Iterable<Task> {
    return this.#tasks.values();
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id);
  }

  /** @returns ids of the tasks that are gone, or have other zones than before */
  update(assignments: readonly Assignment[], zones: readonly HostZone[]): string[] {
    const next = new Map<string, Task>();
    const changed: string[] = [];
    for (const assignment of assignments) {
      const was = this.#tasks.get(assignment.id);
      const own = zonesFor(assignment, zones);
      // No zone of theirs is here: nothing to run, and nothing is expected.
      if (own?.length === 0) continue;
      if (was !== undefined && sameZones(was.zones, own)) next.set(was.id, was);
      else {
        const task = this.#taskOf(assignment, own, was?.record);
        if (task !== undefined) next.set(task.id, task);
        if (was?.record.hold?.cause === "cannot_compile") was.record.forgetUnsupported();
      }
    }
    for (const [id, task] of this.#tasks) if (next.get(id) !== task) changed.push(id);
    this.#tasks = next;
    return changed;
  }

  #taskOf(assignment: Assignment, zones: readonly string[] | null, known?: TaskRecord): Task | undefined {
    const { id, metric, granularitySec, requestedBy } = assignment;
    if (!GRANULARITIES_SEC.includes(granularitySec)) return undefined;
    const { host, sink, limits } = this.#options;
    const record = known ?? new TaskRecord({ spec: id, host, granularitySec, sink, limits });
    const lastTs = this.#options.claimLastTs?.(id);
    if (lastTs !== undefined) record.resume(lastTs, this.#options.now());
    return { id, metric, requestedBy, zones, record, work: this.#workOf(assignment) };
  }

  #workOf(assignment: Assignment): Task["work"] {
    const { platform, now } = this.#options;
    const refused = (cause: Cause, reason: string): Task["work"] => ({ refusal: { cause, reason, sinceMs: now() } });
    const entry = findMetric(assignment.metric);
    if (entry === undefined) return refused("cannot_compile", "this collector's catalogue does not have the metric");
    if (!entry.recipe.platforms.includes(platform)) {
      return refused("not_on_platform", `${assignment.metric} is for ${entry.recipe.platforms.join(", ")} only`);
    }
    try {
      return { entry, spec: parseSpec(assignment, entry.metric) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return refused("cannot_compile", errorChain(error));
    }
  }
}

function zonesFor({ scope }: Assignment, zones: readonly HostZone[]): string[] | null {
  if (scope === "all") return null;
  return zones
    .filter((zone) => scope.includes(zone.owner))
    .map((zone) => zone.name)
    .sort();
}

function sameZones(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === b || (a !== null && b !== null && a.join() === b.join());
}
