/**
 * reports-section.tsx: reports that are saved: what each is of, when it is made, how its last run went, and what came of it.
 */
import { useState } from "preact/hooks";
import type { DeliveryInfo, HookInfo } from "../../core/alerts/api.ts";
import type { ReportLinks, SavedReportInfo } from "../../core/reports/api.ts";
import { capacityPath } from "../api/capacity.ts";
import { ask } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, dateText, type Zone } from "../clock.ts";
import { TableHead } from "../panels/table-head.tsx";
import { inputOf, missedText, problemOf, scheduleText, scopeText, type ReportScope } from "./report-draft.ts";
import { ReportForm } from "./report-form.tsx";

interface Props {
  readonly scope: ReportScope;
  readonly tenantName: (id: string) => string;
  readonly zone: Zone;
  readonly mayWrite: boolean;
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 5000;

interface Read {
  readonly reports: readonly SavedReportInfo[];
  readonly hooks: readonly HookInfo[];
  readonly deliveries: readonly DeliveryInfo[];
}

export function ReportsSection({ scope, tenantName, zone, mayWrite, fail }: Props) {
  const [turn, setTurn] = useState(0);
  const [isSaving, setSaving] = useState(false);
  const { answer, error } = usePolled(`reports ${turn}`, EVERY_MS, readReports);
  const again = (): void => setTurn((before) => before + 1);
  const act = (done: Promise<unknown>): void => void done.then(again, fail);
  return (
    <section aria-label="saved reports">
      <div class="section-head">
        <h2>saved reports</h2>
        <span class="quiet">all of this page’s tables, to be printed, or sent by a schedule</span>
        {mayWrite && !isSaving && answer !== null && (
          <button type="button" class="word link" onClick={() => setSaving(true)}>
            save this one …
          </button>
        )}
      </div>
      {isSaving && (
        <ReportForm
          scope={scope}
          hooks={answer?.hooks ?? []}
          onSave={async (draft) => {
            await ask("POST", "/v1/capacity/reports", { body: { ...inputOf(draft, scope) } });
            again();
          }}
          onClose={() => setSaving(false)}
        />
      )}
      {answer === null && (
        <p class="quiet">{error === null ? "reading …" : `could not read reports: ${error.message}`}</p>
      )}
      {answer?.reports.length === 0 && !isSaving && <p class="quiet">None is saved yet.</p>}
      {answer !== null && answer.reports.length > 0 && (
        <div class="table-box">
          <table class="table reports">
            <TableHead columns={["report", "of", "made", "sent to", "last", "next", { hidden: "what can be done" }]} />
            <tbody>
              {answer.reports.map((report) => (
                <ReportRow
                  key={report.id}
                  {...{ report, zone, mayWrite }}
                  of={
                    report.tenant !== null
                      ? tenantName(report.tenant)
                      : report.owner === "operator"
                        ? "all"
                        : tenantName(report.owner)
                  }
                  delivery={answer.deliveries.find(({ id }) => id === report.last?.delivery) ?? null}
                  onRun={() => act(ask("POST", "/v1/capacity/reports/{id}/run", { ids: [report.id] }))}
                  onDelete={() => act(ask("DELETE", "/v1/capacity/reports/{id}", { ids: [report.id] }))}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface RowProps {
  readonly report: SavedReportInfo;
  readonly of: string;
  readonly delivery: DeliveryInfo | null;
  readonly zone: Zone;
  readonly mayWrite: boolean;
  readonly onRun: () => void;
  readonly onDelete: () => void;
}

function ReportRow({ report, of, delivery, zone, mayWrite, onRun, onDelete }: RowProps) {
  const { id, name, schedule, hook, last, nextMs, isWaiting } = report;
  const problem = problemOf(report);
  return (
    <tr data-report={name}>
      <th scope="row">{name}</th>
      <td>
        {of} <span class="quiet small">{scopeText(report)}</span>
      </td>
      <td>{scheduleText(schedule)}</td>
      <td>{hook ?? <span class="quiet">nobody</span>}</td>
      <td data-last={id}>
        {isWaiting ? (
          <span class="quiet">being made …</span>
        ) : last === null ? (
          <span class="quiet">never</span>
        ) : (
          <>
            {timeText(last.ranMs, zone)} {last.problem === "" && <RunLinks name={name} links={last.links} />}{" "}
            <span class="quiet small">
              {[missedText(last), deliveryText(delivery)].filter((each) => each !== "").join("; ")}
            </span>
          </>
        )}
        {problem !== null && <p class="problem small">{problem}</p>}
      </td>
      <td class="quiet">{nextMs === null ? "–" : timeText(nextMs, zone)}</td>
      <td class="actions">
        {hook === null && (
          <a class="word link" href={pathOf(report)} target="_blank" rel="noreferrer" aria-label={`open ${name}`}>
            open
          </a>
        )}
        {mayWrite && <Actions {...{ name, isWaiting, onDelete }} onRun={hook === null ? null : onRun} />}
      </td>
    </tr>
  );
}

interface ActionsProps {
  readonly name: string;
  readonly isWaiting: boolean;
  /** null: it names no hook that could be told. */
  readonly onRun: (() => void) | null;
  readonly onDelete: () => void;
}

/** Deleting asks once more. */
function Actions({ name, isWaiting, onRun, onDelete }: ActionsProps) {
  const [isSure, setSure] = useState(false);
  if (isSure) {
    return (
      <>
        <button type="button" class="word sure" onClick={onDelete}>
          delete it
        </button>
        <button type="button" class="word" onClick={() => setSure(false)}>
          keep it
        </button>
      </>
    );
  }
  return (
    <>
      {onRun !== null && (
        <button type="button" class="word link" disabled={isWaiting} aria-label={`send ${name} now`} onClick={onRun}>
          send now
        </button>
      )}
      <button type="button" class="word" aria-label={`delete ${name}`} onClick={() => setSure(true)}>
        delete
      </button>
    </>
  );
}

/** A report that nobody is told of is a question with a name: it is answered when it is opened. */
function pathOf({ rangeDays, horizonDays, items, tenant }: SavedReportInfo): string {
  return capacityPath("report", { from: -rangeDays * 86_400, horizonDays, items, tenant, format: "html" });
}

function RunLinks({ name, links }: { readonly name: string; readonly links: ReportLinks }) {
  return (
    <span class="run-links">
      {(["page", "json", "csv", "parquet", "again"] as const).map((each) => (
        <a
          key={each}
          class="word link"
          href={links[each]}
          aria-label={`${name}: ${each}`}
          title={each === "again" ? "the same range, as it is read now" : "as it was sent"}
          {...(each === "page" || each === "again"
            ? { target: "_blank", rel: "noreferrer" }
            : { download: `${name}.${each}` })}
        >
          {each}
        </a>
      ))}
    </span>
  );
}

function deliveryText(delivery: DeliveryInfo | null): string {
  if (delivery === null) return "";
  const { status, attempts, problem } = delivery;
  return `${status}${attempts > 1 ? ` after ${attempts} tries` : ""}${problem === "" ? "" : `: ${problem}`}`;
}

function timeText(ms: number, zone: Zone): string {
  return `${dateText(ms / 1000, zone)} ${clockText(ms / 1000, zone).slice(0, 5)}`;
}

async function readReports(signal: AbortSignal): Promise<Read> {
  const [{ reports }, { hooks }] = await Promise.all([
    ask("GET", "/v1/capacity/reports", { signal }),
    ask("GET", "/v1/alerts/hooks", { signal }),
  ]);
  const isTold = reports.some(({ last }) => last !== null && last.delivery !== null);
  const { deliveries } = isTold ? await ask("GET", "/v1/alerts/deliveries", { signal }) : { deliveries: [] };
  return {
    reports: reports as unknown as readonly SavedReportInfo[],
    hooks: hooks as unknown as readonly HookInfo[],
    deliveries: deliveries as unknown as readonly DeliveryInfo[],
  };
}
