/**
 * saved-reports.ts: capacity reports under a name: made and changed by their owner, seen by operators too, run by report-runs.ts.
 *
 * A report grants nothing: it is read with its owner's rights, and its links with those of whoever opens them.
 */
import { randomBytes } from "node:crypto";
import type { ReportLinks, ReportRun, SavedReportInfo } from "../../core/reports/api.ts";
import { parseReport, type ReportInput } from "../../core/reports/read-report.ts";
import { nextAfter } from "../../core/reports/schedule.ts";
import { InputError, OperationalError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import { notFound } from "../../server/http.ts";
import type { ReportRow, ReportTables } from "../../store/reports.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { Hook, Hooks } from "../alerts/hooks.ts";
import { isOwn, ownerOf } from "../alerts/rules.ts";
import { tenantOf } from "../view.ts";

export const MAX_REPORTS_PER_TENANT = 50;
const DAY_SEC = 86_400;

export class SavedReports {
  readonly tables: ReportTables;
  readonly #hooks: Hooks;
  readonly #nowMs: () => number;

  constructor(tables: ReportTables, hooks: Hooks, nowMs: () => number = Date.now) {
    this.tables = tables;
    this.#hooks = hooks;
    this.#nowMs = nowMs;
  }

  living(): ReportRow[] {
    return this.tables.reports.all().filter(({ deletedMs }) => deletedMs === 0);
  }

  visibleTo(principal: TokenRow): ReportRow[] {
    return this.living().filter((row) => isOwn(row, principal));
  }

  /** @throws OperationalError NOT_FOUND for one that is unknown, deleted or somebody else's, all alike */
  find(id: string, principal: TokenRow): ReportRow {
    const row = this.tables.reports.get(id);
    if (row === undefined || row.deletedMs !== 0 || !isOwn(row, principal)) throw notFound();
    return row;
  }

  /** @throws InputError; OperationalError NOT_FOUND for a tenant that is not the caller's, NAME_TAKEN, TOO_MANY_REPORTS */
  create(json: unknown, principal: TokenRow): Promise<ReportRow> {
    return this.#inTurn(() => this.#create(json, principal));
  }

  async #create(json: unknown, principal: TokenRow): Promise<ReportRow> {
    const owner = ownerOf(principal);
    const report = this.#read(json, principal, owner);
    if (owner !== OPERATOR && this.living().filter((row) => row.owner === owner).length >= MAX_REPORTS_PER_TENANT) {
      throw new OperationalError("TOO_MANY_REPORTS", `save a report: a tenant has at most ${MAX_REPORTS_PER_TENANT}`);
    }
    const now = this.#nowMs();
    const id = randomBytes(8).toString("hex");
    const row = { id, owner, report, askedMs: 0, createdMs: now, changedMs: now, deletedMs: 0 };
    await this.#put(row, { ...row, deletedMs: now });
    return row;
  }

  /** What was due before is not made up for: it was due of another report. @throws as `create` */
  change(id: string, json: unknown, principal: TokenRow): Promise<ReportRow> {
    return this.#inTurn(async () => {
      const row = this.find(id, principal);
      const report = this.#read(json, principal, row.owner, id);
      const changed = { ...row, report, changedMs: this.#nowMs() };
      await this.#put(changed, row);
      return changed;
    });
  }

  remove(id: string, principal: TokenRow): Promise<ReportRow> {
    return this.#inTurn(async () => {
      const row = this.find(id, principal);
      await this.tables.reports.put([{ ...row, deletedMs: this.#nowMs() }]);
      return row;
    });
  }

  /** Has it made and sent as soon as may be, by whichever process does that. @throws OperationalError NOT_FOUND, NO_HOOK */
  ask(id: string, principal: TokenRow): Promise<ReportRow> {
    return this.#inTurn(async () => {
      const row = this.find(id, principal);
      if (inputOf(row).hook === null) throw new OperationalError("NO_HOOK", "send a saved report: it names no hook");
      // Rises: what was asked for twice in a millisecond is two runs.
      const asked = { ...row, askedMs: Math.max(this.#nowMs(), row.askedMs + 1) };
      await this.tables.reports.put([asked]);
      return asked;
    });
  }

  /** Stores a report, unless its hook was deleted by another process meanwhile. @param otherwise what is then in its place */
  async #put(row: ReportRow, otherwise: ReportRow): Promise<void> {
    await this.tables.reports.put([row]);
    const { hook } = inputOf(row);
    if (hook === null) return;
    await this.#hooks.refresh();
    try {
      this.#requireHook(hook, row.owner);
    } catch (error) {
      await this.tables.reports.put([otherwise]);
      throw error;
    }
  }

  /** After all that was begun before, hooks' too, and after a look at what other processes have written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#hooks.inTurn(async () => {
      await this.tables.reports.refresh();
      return work();
    });
  }

  /** The webhook that it names; undefined: there is none (any more). */
  hookOf(row: ReportRow): Hook | undefined {
    const { hook: name } = inputOf(row);
    return this.#hooks.living().find(({ row: hook, kind }) => {
      return hook.owner === row.owner && hook.name === name && kind === "webhook";
    });
  }

  /** The time after which the schedule counts. */
  sinceMs(row: ReportRow): number {
    return Math.max(row.changedMs, this.tables.runs.get(row.id)?.dueMs ?? 0);
  }

  info(row: ReportRow): SavedReportInfo {
    const { id, owner, askedMs, createdMs, changedMs } = row;
    const input = inputOf(row);
    const run = this.tables.runs.get(id);
    const isLost = input.hook !== null && this.hookOf(row) === undefined;
    return {
      ...{ id, owner, ...input, createdMs, changedMs },
      nextMs: input.schedule === null ? null : nextAfter(input.schedule, this.sinceMs(row)),
      isWaiting: askedMs > (run?.askedMs ?? 0),
      last: run === undefined ? null : runOf(run.run),
      problem: isLost ? `there is no webhook ${input.hook}` : "",
    };
  }

  #read(json: unknown, principal: TokenRow, owner: string, id = ""): ReportInput {
    const report = parseReport(json);
    // Another tenant's id is refused as one that does not exist.
    if (owner !== OPERATOR && report.tenant !== null && report.tenant !== owner) tenantOf(principal, report.tenant);
    if (this.living().some((row) => row.owner === owner && row.id !== id && inputOf(row).name === report.name)) {
      throw new OperationalError("NAME_TAKEN", `save a report: there is one with the name ${report.name}`);
    }
    if (report.hook !== null) this.#requireHook(report.hook, owner);
    return report;
  }

  #requireHook(name: string, owner: string): void {
    const found = this.#hooks.of(owner, [name]);
    if (found.some(({ kind }) => kind === "webhook")) return;
    const [code, message] =
      found.length === 0
        ? ["UNKNOWN_HOOK", "expected the name of one of the owner's hooks"]
        : ["NOT_A_WEBHOOK", "expected a hook of the kind webhook: an Alertmanager takes alerts only"];
    throw new InputError("save a report", [{ field: "hook", code, message }]);
  }
}

export function inputOf(row: ReportRow): ReportInput {
  return row.report as ReportInput;
}

/** Whose zones a report is about; null: everybody's. */
export function tenantOfReport(row: ReportRow): string | null {
  return row.owner === OPERATOR ? inputOf(row).tenant : row.owner;
}

/** The range of a run: it ends when the run was due, so that it is the same whoever makes it, and when. */
export function rangeOfRun({ rangeDays }: ReportInput, dueMs: number): { fromTs: number; toTs: number } {
  const toTs = Math.floor(dueMs / 1000);
  return { fromTs: Math.max(0, toTs - rangeDays * DAY_SEC), toTs };
}

/**
 * @param baseUrl in front of each; "" for paths
 * @param run whose copy was kept; null: the range is all there is, and is read again
 */
export function linksOf(row: ReportRow, dueMs: number, baseUrl: string, run: string | null): ReportLinks {
  const input = inputOf(row);
  const { fromTs, toTs } = rangeOfRun(input, dueMs);
  const tenant = tenantOfReport(row);
  const query = new URLSearchParams({
    ...{ from: String(fromTs), to: String(toTs), horizonDays: String(input.horizonDays), items: String(input.items) },
    ...(tenant === null ? {} : { tenant }),
  });
  const live = `${baseUrl}/v1/capacity/report?${query.toString()}`;
  const again = `${live}&format=html`;
  const json = run === null ? live : `${baseUrl}/v1/capacity/reports/${row.id}/runs/${run}`;
  const as = (format: string): string => `${json}${run === null ? "&" : "?"}format=${format}`;
  return { page: as("html"), json, csv: as("csv"), parquet: as("parquet"), again };
}

/** A run as it is answered: those that an older program stored have no link to read their range again. */
function runOf(stored: unknown): ReportRun {
  const run = stored as Omit<ReportRun, "links"> & { readonly links: Partial<ReportLinks> & { readonly page: string } };
  return { ...run, links: { again: run.links.page, ...run.links } as ReportLinks };
}
