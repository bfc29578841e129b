/**
 * hosts-table.tsx: one line a host: state, how fresh its data are, what is lost, what runs there and what that costs; open one for
 * its enablings, and for the metrics that it cannot measure, with the reason.
 */
import type { HostArrivals, HostInfo } from "../../core/api.ts";
import type { EnablingStatus } from "../../core/host-status.ts";
import { formatCount, formatQuantity, formatShort } from "../../core/units.ts";
import { clockText, dateText, durationText, type Zone } from "../clock.ts";
import { TableHead } from "../panels/table-head.tsx";

interface Props {
  readonly hosts: readonly HostInfo[];
  readonly arrivals: readonly HostArrivals[];
  /** When this was so, epoch seconds. */
  readonly atSec: number;
  readonly zone: Zone;
  readonly open: string | null;
  readonly onOpen: (host: string | null) => void;
}

const COLUMNS = ["state", "zones", "enablings", "lag", "delay", "gaps", "dropped", "overhead", "metrics", "platform"];
const LEFT = new Set(["state", "platform"]);
const EXPLAINED: Readonly<Record<string, string>> = {
  lag: "how old the newest second that has been watched is",
  delay: "from a window's end to its arrival, 95 of 100",
  gaps: "windows that nobody watched, in five minutes",
  dropped: "events known to be lost, in five minutes",
  overhead: "CPU time of dtrace itself, of one CPU",
  metrics: "how many of the catalogue's it can measure",
};

export function HostsTable(props: Props) {
  const { hosts, arrivals } = props;
  return (
    <section aria-label="hosts">
      <h2>
        hosts <span class="quiet">{hosts.length}</span>
      </h2>
      {hosts.length === 0 ? (
        <p class="quiet">
          No collector has reported a host yet. A collector’s configuration names the hosts that it watches.
        </p>
      ) : (
        <div class="table-box">
          <table class="table hosts">
            <thead>
              <tr>
                <th scope="col">host</th>
                {COLUMNS.map((name) => (
                  <th scope="col" key={name} class={LEFT.has(name) ? "" : "number"} title={EXPLAINED[name]}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {hosts.map((host) => (
                <HostRow
                  {...props}
                  key={host.name}
                  host={host}
                  came={arrivals.find((each) => each.host === host.name)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function HostRow(props: Props & { readonly host: HostInfo; readonly came: HostArrivals | undefined }) {
  const { host, came, atSec, zone, open, onOpen } = props;
  const isOpen = open === host.name;
  const running = host.enablings.filter(({ state }) => state === "running").length;
  const supported = host.metrics.filter((each) => each.supported === true).length;
  const newest = came?.newestTs ?? null;
  const delayMs = came?.delayMs ?? null;
  const lost = (came?.gaps ?? 0) + (came?.partial ?? 0);
  return (
    <>
      <tr data-host={host.name} class={isOpen ? "open" : ""}>
        <th scope="row">
          <button
            type="button"
            class="word opener"
            aria-expanded={isOpen}
            onClick={() => onOpen(isOpen ? null : host.name)}
          >
            <i aria-hidden="true">{isOpen ? "▾" : "▸"}</i>
            {host.name}
          </button>
        </th>
        <td>
          <span class={`dot ${host.state}`}>{host.state}</span>
          {host.state !== "up" && <span class="quiet"> for {durationText(atSec - host.sinceMs / 1000)}</span>}
        </td>
        <td class="number">{host.zones}</td>
        <td class="number">{running === host.enablings.length ? running : `${running} of ${host.enablings.length}`}</td>
        <td class="number">{newest === null ? "–" : durationText(atSec - newest - 1)}</td>
        <td class="number">{delayMs === null ? "–" : formatQuantity(delayMs * 1e6, "ns")}</td>
        <td class={lost > 0 ? "number problem" : "number"} title={came?.reason ?? ""}>
          {came === undefined ? "–" : formatCount(came.gaps)}
          {came !== undefined && came.partial > 0 && ` + ${formatCount(came.partial)} partial`}
        </td>
        <td class={(came?.dropped ?? 0) > 0 ? "number problem" : "number"}>
          {came === undefined ? "–" : formatShort(came.dropped)}
        </td>
        <td class="number">{overheadText(host)}</td>
        <td class="number">{host.metrics.length === 0 ? "–" : `${supported} of ${host.metrics.length}`}</td>
        <td class="quiet">{host.platform === "" ? "–" : host.platform}</td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={COLUMNS.length + 1}>
            <HostDetails host={host} atSec={atSec} zone={zone} />
          </td>
        </tr>
      )}
    </>
  );
}

function overheadText({ enablings }: HostInfo): string {
  const known = enablings.flatMap(({ dtraceCpu }) => (dtraceCpu === undefined ? [] : [dtraceCpu]));
  return known.length === 0 ? "–" : `${(known.reduce((sum, each) => sum + each, 0) * 100).toFixed(1)} %`;
}

function HostDetails({ host, atSec, zone }: { readonly host: HostInfo; readonly atSec: number; readonly zone: Zone }) {
  const cannot = host.metrics.filter((each) => each.supported === false);
  const unknown = host.metrics.filter((each) => each.supported === null);
  const lacking = host.metrics.filter((each) => each.supported === true && each.missing.length > 0);
  return (
    <div class="host-details">
      {host.reason !== "" && <p class="problem">{host.reason}</p>}
      <p class="quiet">
        {[
          `collector ${host.collector}, heard ${durationText(atSec - host.seenMs / 1000)} ago`,
          host.dtrace === "" ? "" : `DTrace ${host.dtrace}`,
          host.bootSec === 0 ? "" : `booted ${dateText(host.bootSec, zone)} ${clockText(host.bootSec, zone)}`,
          host.clockOffsetMs === null ? "" : `its clock is ${host.clockOffsetMs} ms ahead`,
        ]
          .filter((text) => text !== "")
          .join(" · ")}
      </p>
      {host.enablings.length > 0 && <Enablings enablings={host.enablings} atSec={atSec} />}
      {cannot.length > 0 && (
        <details class="where">
          <summary>
            {cannot.length} {cannot.length === 1 ? "metric" : "metrics"} that it cannot measure
          </summary>
          <ul class="reasons">
            {cannot.map(({ metric, reason }) => (
              <li key={metric}>
                {metric} <span class="quiet">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {unknown.length > 0 && <p class="quiet">Not tried yet: {unknown.map(({ metric }) => metric).join(", ")}</p>}
      {lacking.length > 0 && (
        <p class="quiet">Statistics that its platform lacks: {lacking.flatMap(({ missing }) => missing).join(", ")}</p>
      )}
    </div>
  );
}

function Enablings({ enablings, atSec }: { readonly enablings: readonly EnablingStatus[]; readonly atSec: number }) {
  return (
    <table class="table inner">
      <TableHead
        columns={[
          "enabling",
          "state",
          { number: "for" },
          { number: "events/s" },
          { number: "drops/s" },
          { number: "CPU" },
          "why, and what was lost",
        ]}
      />
      <tbody>
        {enablings.map((each) => (
          <tr key={each.spec}>
            <th scope="row">{each.metric}</th>
            <td>
              <span class={`dot ${each.state}`}>{each.state}</span>
            </td>
            <td class="number">{durationText(atSec - each.sinceMs / 1000)}</td>
            <td class="number">{each.dtraceCpu === undefined ? "–" : rate(each.eventsPerSec)}</td>
            <td class="number">{rate(each.dropsPerSec)}</td>
            <td class="number">{each.dtraceCpu === undefined ? "–" : `${(each.dtraceCpu * 100).toFixed(1)} %`}</td>
            <td class="quiet why">{whyText(each)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rate(value: number | null): string {
  return value === null ? "–" : formatShort(Math.round(value));
}

function whyText({ reason, losses }: EnablingStatus): string {
  const lost = Object.entries(losses).map(([kind, count]) => `${formatShort(count)} ${kind}`);
  return [reason, ...lost].filter((text) => text !== "").join("; ");
}
