/**
 * instrumentation-state.tsx: how one instrumentation fares, host by host, from the moment that it is made; and its program.
 */
import { useEffect } from "preact/hooks";
import type { InstrumentationDetail, InstrumentationHost } from "../../core/api.ts";
import { formatShort } from "../../core/units.ts";
import { ApiError, ask } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { durationText, serverNow } from "../clock.ts";
import { TableHead } from "../panels/table-head.tsx";
import { ProgramText } from "./program-text.tsx";

interface Props {
  readonly id: string;
  readonly isOperator: boolean;
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 1500;

export function InstrumentationState({ id, isOperator, fail }: Props) {
  const { answer, error } = usePolled(id, EVERY_MS, async (signal) =>
    ask("GET", "/v1/instrumentations/{id}", { ids: [id], signal }),
  );
  const ended = error instanceof ApiError && error.status === 404;
  useEffect(() => {
    if (error !== null && !ended) fail(error);
  }, [error]);
  if (ended) return <p class="quiet">It has ended.</p>;
  if (answer === null) return <p class="quiet">asking the hosts …</p>;
  const detail = answer as unknown as InstrumentationDetail;
  return (
    <div class="state" data-states={detail.states.map(({ state, hosts }) => `${state} ${hosts}`).join(", ")}>
      <p>{summaryOf(detail)}</p>
      {isOperator && detail.hosts !== undefined && detail.hosts.length > 0 && <Hosts hosts={detail.hosts} />}
      {!isOperator && <States detail={detail} />}
      {detail.program !== null && (
        <details class="where">
          <summary>D program</summary>
          <ProgramText program={detail.program} probes={detail.program.split(/^[a-z$][\w$*-]*:/m).length - 1} />
        </details>
      )}
    </div>
  );
}

/** `enabling on 2 of 3 hosts`: what is being waited for, in one line. */
function summaryOf({ states }: InstrumentationDetail): string {
  const all = states.reduce((sum, { hosts }) => sum + hosts, 0);
  if (all === 0) return "No host has been told yet.";
  const by = (state: string): number => states.reduce((sum, each) => sum + (each.state === state ? each.hosts : 0), 0);
  const running = by("running");
  const starting = by("starting");
  if (running === all) return `Running on ${all === 1 ? "its one host" : `all ${all} hosts`}.`;
  if (starting > 0) return `Enabling on ${starting} of ${all} hosts, running on ${running}.`;
  return `Running on ${running} of ${all} hosts.`;
}

function States({ detail }: { readonly detail: InstrumentationDetail }) {
  return (
    <ul>
      {detail.states.map(({ state, cause, reason, hosts }) => (
        <li key={`${state} ${cause}`}>
          <span class={`dot ${state}`}>{state}</span> on {hosts} {hosts === 1 ? "host" : "hosts"}
          <span class="quiet"> – {reason}</span>
        </li>
      ))}
    </ul>
  );
}

function Hosts({ hosts }: { readonly hosts: readonly InstrumentationHost[] }) {
  return (
    <div class="table-box">
      <table class="table inner">
        <TableHead
          columns={[
            "host",
            "state",
            { number: "for" },
            { number: "events/s" },
            { number: "drops/s" },
            { number: "CPU" },
            "why",
          ]}
        />
        <tbody>
          {hosts.map((each) => (
            <tr key={each.host} data-host={each.host}>
              <th scope="row">{each.host}</th>
              <td>
                <span class={`dot ${each.state}`}>{each.state}</span>
              </td>
              <td class="number">{durationText(serverNow() - each.sinceMs / 1000)}</td>
              <td class="number">{rate(each.eventsPerSec)}</td>
              <td class="number">{rate(each.dropsPerSec)}</td>
              <td class="number">{each.dtraceCpu === undefined ? "–" : `${(each.dtraceCpu * 100).toFixed(1)} %`}</td>
              <td class="quiet why">{whyText(each)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rate(value: number | null): string {
  return value === null ? "–" : formatShort(Math.round(value));
}

function whyText({ reason, retryAtMs, losses }: InstrumentationHost): string {
  const waits = retryAtMs === null || retryAtMs === 0 ? null : retryAtMs / 1000 - serverNow();
  const lost = Object.entries(losses).map(([kind, count]) => `${formatShort(count)} lost to ${kind}`);
  return [reason, ...(waits === null || waits <= 0 ? [] : [`again in ${durationText(waits)}`]), ...lost]
    .filter((text) => text !== "")
    .join("; ");
}
