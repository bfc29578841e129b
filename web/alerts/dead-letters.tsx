/**
 * dead-letters.tsx: what hooks were to be told and were not: given up after twelve attempts, or refused; each can be sent again.
 */
import { useEffect, useState } from "preact/hooks";
import type { DeliveryInfo, DeliveryStatus, HookInfo } from "../../core/alerts/api.ts";
import { readDeliveries, retryDelivery } from "../api/alerts.ts";
import { usePolled } from "../api/use-polled.ts";
import { durationText, serverNow } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import type { Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";
import { untilText } from "./silence-draft.ts";

interface Props {
  readonly hooks: readonly HookInfo[];
  readonly shared: Shared;
  readonly mayWrite: boolean;
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 5000;
const SHOWN = 20;
const STATUSES = [
  { value: "dead", text: "dead letters", title: "given up" },
  { value: "waiting", text: "waiting", title: "to be tried, or tried again" },
  { value: "sent", text: "sent", title: "answered with success" },
] as const;

export function DeadLetters({ hooks, shared, mayWrite, fail }: Props) {
  const [status, setStatus] = useState<DeliveryStatus>("dead");
  const [turn, setTurn] = useState(0);
  const { answer, error, stale } = usePolled(`${status} ${turn}`, EVERY_MS, async (signal) =>
    readDeliveries(status, signal),
  );
  useEffect(() => {
    if (error !== null) fail(error);
  }, [error]);
  const own = new Set(hooks.map(({ id }) => id));
  // What is of a hook that is not shown here (another tenant's, in an operator's filter) is not shown either.
  const list = (answer ?? []).filter(({ hook }) => shared.tenant === null || own.has(hook));
  return (
    <div class="letters">
      <Choice label="which messages" lead="messages" options={STATUSES} chosen={[status]} onPick={setStatus} />
      {answer === null || stale ? (
        <p class="quiet">reading …</p>
      ) : list.length === 0 ? (
        <p class="quiet">{NONE[status]}</p>
      ) : (
        <div class="table-box">
          <table class="table letters-table">
            <TableHead
              columns={["from", "hook", "about", { number: "attempts" }, "what came of it", { hidden: "actions" }]}
            />
            <tbody>
              {list.slice(0, SHOWN).map((letter) => (
                <tr key={letter.id} data-letter={letter.status}>
                  <td>{untilText(letter.createdMs, shared.zone)}</td>
                  <th scope="row">
                    {hooks.find(({ id }) => id === letter.hook)?.name ?? <span class="quiet">a deleted hook</span>}
                  </th>
                  <td>{aboutText(letter)}</td>
                  <td class="number" data-label="attempts">
                    {letter.attempts}
                  </td>
                  <td class="says quiet">{resultText(letter)}</td>
                  <td class="actions">
                    {mayWrite && letter.status === "dead" && (
                      <button
                        type="button"
                        class="word link"
                        onClick={() => {
                          retryDelivery(letter.id).then(() => setTurn(turn + 1), fail);
                        }}
                      >
                        send again
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.length > SHOWN && <p class="quiet">and {list.length - SHOWN} more before</p>}
        </div>
      )}
    </div>
  );
}

const NONE: Readonly<Record<DeliveryStatus, string>> = {
  dead: "Nothing was given up.",
  waiting: "Nothing waits to be sent.",
  sent: "Nothing was sent in the last 30 days.",
};

function aboutText({ alerts, report }: DeliveryInfo): string {
  if (report !== null) return "a report";
  return alerts === 1 ? "1 alert" : `${alerts} alerts`;
}

function resultText({ problem, nextMs }: DeliveryInfo): string {
  const wait = nextMs === null ? "" : `again in ${durationText(nextMs / 1000 - serverNow())}`;
  return [problem, wait].filter((text) => text !== "").join("; ");
}
