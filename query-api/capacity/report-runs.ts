/**
 * report-runs.ts: saved reports made when they are due, by the one process that holds the lease on sending (store/lease.ts).
 *
 *   due (or asked for) ──▶ read ──▶ copy stored ──▶ delivery stored ──▶ run stored ──▶ sent by the outbox
 *                           │                        (both under an id that follows from report and time)
 *                           │ failed: again after a minute, three times, then the hook is told of that
 *
 * What is due follows from what is stored: the schedule and the run before. So a process that begins after a week finds that the
 * report is due, makes it once, and says how many it stands for; and one that dies between storing the delivery and storing the run leaves
 * a successor that finds the delivery there, and sends no second one.
 */
import { createHash } from "node:crypto";
import type { CapacityReport } from "../../core/capacity.ts";
import type { ReportRun } from "../../core/reports/api.ts";
import { dueAt, nextAfter } from "../../core/reports/schedule.ts";
import { errorChain, OperationalError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import type { Log } from "../../server/log.ts";
import { hasCopy, putCopy, sweepCopies } from "../../store/report-copies.ts";
import type { ReportRow } from "../../store/reports.ts";
import { isLiving } from "../../store/tenants.ts";
import type { Beside, Sending } from "../alerts/beside.ts";
import { readerOf } from "../alerts/reader.ts";
import { parseRange } from "../resolution.ts";
import { capacityReader, type ReaderParts } from "./reader.ts";
import { readReport } from "./report.ts";
import { reportMessage } from "./report-message.ts";
import { inputOf, linksOf, rangeOfRun, tenantOfReport, type SavedReports } from "./saved-reports.ts";

export interface ReportRunsDeps extends ReaderParts {
  readonly saved: SavedReports;
  readonly log: Log;
  readonly nowMs?: (() => number) | undefined;
}

interface DueRun {
  readonly row: ReportRow;
  readonly dueMs: number;
  readonly missed: number;
  readonly isAsked: boolean;
}

const TRIES = 3;
const TRY_AGAIN_MS = 60_000;

export class ReportRuns implements Beside {
  readonly #deps: ReportRunsDeps;
  readonly #nowMs: () => number;
  /** Runs that failed, by what they are of. */
  readonly #failed = new Map<string, { readonly tries: number; readonly nextMs: number }>();
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: ReportRunsDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? Date.now;
  }

  refresh(): Promise<void> {
    return this.#deps.saved.tables.refresh();
  }

  /** Begins what is due, one after another: they are dear, and nobody waits for them. */
  run(sending: Sending): void {
    if (this.#running !== null || this.#ending.signal.aborted) return;
    const due = this.#next();
    if (due === null) return;
    this.#running = this.#make(due, sending)
      .catch((error: unknown) => {
        this.#later(due);
        this.#deps.log.warn({ err: error, report: due.row.id }, "a capacity report could not be stored; it will be");
      })
      .finally(() => (this.#running = null));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** The one that has been due longest. */
  #next(): DueRun | null {
    const nowMs = this.#nowMs();
    const all = this.#deps.saved.living().flatMap((row) => this.#dueOf(row, nowMs));
    const ready = all.filter((due) => (this.#failed.get(idOf(due))?.nextMs ?? 0) <= nowMs);
    return ready.sort((a, b) => a.dueMs - b.dueMs)[0] ?? null;
  }

  #dueOf(row: ReportRow, nowMs: number): DueRun[] {
    const { saved } = this.#deps;
    const { schedule } = inputOf(row);
    const due = schedule === null ? null : dueAt(schedule, saved.sinceMs(row), nowMs);
    const asked = row.askedMs > (saved.tables.runs.get(row.id)?.askedMs ?? 0);
    return [
      ...(due === null ? [] : [{ row, ...due, isAsked: false }]),
      ...(asked ? [{ row, dueMs: row.askedMs, missed: 0, isAsked: true }] : []),
    ];
  }

  async #make(due: DueRun, { outbox, mayBegin, baseUrl }: Sending): Promise<void> {
    const { saved } = this.#deps;
    const { row, dueMs, missed, isAsked } = due;
    const id = idOf(due);
    const hook = saved.hookOf(row);
    const ranMs = this.#nowMs();
    if (hook === undefined) return this.#done(due, { ranMs, problem: "its hook is gone", delivery: null }, null);
    // A predecessor died between the two: what it has stored is sent, and nothing is made again.
    if (await outbox.has(id)) {
      const kept = await hasCopy(this.#deps.store, row.id, id);
      return this.#done(due, { ranMs, problem: "", delivery: id }, kept ? id : null);
    }
    const { tries = 0 } = this.#failed.get(id) ?? {};
    const made = await this.#read(row, dueMs);
    if (this.#ending.signal.aborted) return;
    if (made.report === null && tries + 1 < TRIES) {
      this.#later(due);
      return;
    }
    if (!mayBegin(0)) return;
    const run = await this.#keep(due, made.report, ranMs);
    const message = reportMessage({ row, dueMs, ranMs, missed, baseUrl, run, ...made });
    if (!mayBegin(0)) return;
    await outbox.enqueue({
      ...{ id, owner: row.owner, hook: hook.row.id, groupKey: reportGroup(row.id, isAsked) },
      body: JSON.stringify(message),
    });
    await this.#done(due, { ranMs, problem: made.problem, delivery: id }, run);
  }

  /** Before anybody is told of it, so that no link leads nowhere. @returns what its copy is called; null: there is none */
  async #keep(due: DueRun, report: CapacityReport | null, ranMs: number): Promise<string | null> {
    if (report === null) return null;
    const { store, log } = this.#deps;
    const [run, copyOf] = [idOf(due), due.row.id];
    const copy = { report: copyOf, run, dueMs: due.dueMs, ranMs, body: JSON.stringify(report) };
    const isKept = await putCopy(store, copy);
    sweepCopies(store, copyOf, this.#nowMs()).catch((error: unknown) =>
      log.warn({ err: error, report: copyOf }, "old copies of a report stay in the store until its next run"),
    );
    return isKept ? run : null;
  }

  async #read(
    row: ReportRow,
    dueMs: number,
  ): Promise<Pick<Parameters<typeof reportMessage>[0], "report" | "problem" | "of">> {
    const input = inputOf(row);
    const tenant = tenantOfReport(row);
    const { reads, find, names, of } = capacityReader(this.#deps, readerOf(row.owner), tenant, this.#ending.signal);
    if (row.owner !== OPERATOR && !isLiving(this.#deps.tenants.get(row.owner))) {
      return { report: null, problem: "its tenant is gone", of };
    }
    try {
      const { fromTs, toTs } = rangeOfRun(input, dueMs);
      const range = parseRange(fromTs, toTs, this.#nowMs() / 1000);
      const { horizonDays, items } = input;
      const asked = { range, horizonDays, items, of, hosts: tenant === null };
      return { report: await readReport(reads, find, names, asked), problem: "", of };
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      this.#deps.log.warn({ err: error, report: row.id }, "a capacity report could not be made");
      // Without its causes: they are the operators' to read.
      return { report: null, problem: row.owner === OPERATOR ? errorChain(error) : error.message, of };
    }
  }

  async #done(
    due: DueRun,
    { ranMs, problem, delivery }: Pick<ReportRun, "ranMs" | "problem" | "delivery">,
    copy: string | null,
  ): Promise<void> {
    const { saved } = this.#deps;
    const { row, dueMs, missed, isAsked } = due;
    const { schedule } = inputOf(row);
    const was = saved.tables.runs.get(row.id);
    const doneMs = isAsked ? (was?.dueMs ?? 0) : dueMs;
    const tookMs = Math.max(0, this.#nowMs() - ranMs);
    const run: ReportRun = {
      ...{ dueMs, ranMs, tookMs, isAsked, missed, problem, delivery },
      links: linksOf(row, dueMs, "", copy),
    };
    await saved.tables.runs.put([
      {
        ...{ report: row.id, dueMs: doneMs, askedMs: isAsked ? row.askedMs : (was?.askedMs ?? 0), run },
        nextMs: schedule === null ? 0 : nextAfter(schedule, Math.max(doneMs, row.changedMs)),
      },
    ]);
    this.#failed.delete(idOf(due));
  }

  #later(due: DueRun): void {
    const id = idOf(due);
    const { tries = 0 } = this.#failed.get(id) ?? {};
    // What is not asked for any more is forgotten with the process; there are few.
    if (this.#failed.size > 1000) this.#failed.clear();
    this.#failed.set(id, { tries: tries + 1, nextMs: this.#nowMs() + TRY_AGAIN_MS });
  }
}

/** The idempotency key: of one report and one time, whoever makes it. */
function idOf({ row, dueMs, isAsked }: DueRun): string {
  return createHash("sha256")
    .update(JSON.stringify(["report", row.id, dueMs, isAsked]))
    .digest("hex")
    .slice(0, 32);
}

const GROUP = "report:";

/** What somebody asked for does not stand for what is due by the schedule, nor the other way round. */
function reportGroup(id: string, isAsked: boolean): string {
  return `${GROUP}${id}${isAsked ? ":asked" : ""}`;
}

/** The report that a delivery is of; null: it is of alerts. */
export function reportOfGroup(groupKey: string): string | null {
  return groupKey.startsWith(GROUP) ? (groupKey.slice(GROUP.length).split(":")[0] ?? null) : null;
}
