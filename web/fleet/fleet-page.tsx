/**
 * fleet-page.tsx: the fleet for those who run it: hosts, how data arrive, noisy neighbours, tenants and zones, collectors, streams.
 *
 * What is in trouble comes first in each list, and the line at the top says it in a sentence. All of it is asked for again while
 * one looks; what was there stays when the connection goes, and the header says so.
 */
import { useEffect } from "preact/hooks";
import type { FleetInfo, HostInfo, StreamInfo, TenantInfo, ZoneInfo } from "../../core/api.ts";
import { formatCount, formatQuantity } from "../../core/units.ts";
import { ask } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, durationText, serverNow } from "../clock.ts";
import { messageOf, PageFrame, useProblems } from "../page-frame.tsx";
import type { PageProps } from "../page-props.ts";
import type { KeyGroup } from "../panels/help.tsx";
import { press, useKeyboard } from "../panels/use-keyboard.ts";
import { useColours } from "../use-colours.ts";
import { usePage } from "../view/use-page.ts";
import { TableHead } from "../panels/table-head.tsx";
import { HostsTable } from "./hosts-table.tsx";
import { NeighboursSection } from "./neighbours-section.tsx";
import { ZonesSection } from "./zones-section.tsx";
import "../style/fleet.css";

const EVERY_MS = 4000;
const HELP: readonly KeyGroup[] = [{ name: "fleet", keys: [["/", "filter zones"]] }];

interface Read {
  readonly hosts: readonly HostInfo[];
  readonly fleet: FleetInfo;
  readonly zones: readonly ZoneInfo[];
  readonly tenants: readonly TenantInfo[];
  readonly atSec: number;
}

export function FleetPage({ session, onSignedOut }: PageProps) {
  const { shared, params, change } = usePage("fleet", ["host"]);
  useColours(shared.theme);
  const { notice, setNotice, fail } = useProblems(onSignedOut);
  useKeyboard({ "/": () => press("/") });
  const { answer, error } = usePolled("fleet", EVERY_MS, readFleet);
  useEffect(() => {
    if (error !== null) fail(error);
    else if (answer !== null) setNotice(null);
  }, [error, answer]);
  const motion = error !== null ? "disconnected" : answer === null ? "connecting" : "live";
  const tenants = answer?.tenants ?? [];
  return (
    <PageFrame
      page="fleet"
      {...{ session, onSignedOut, shared, tenants, notice, motion }}
      onNotice={setNotice}
      onChange={change}
      help={HELP}
    >
      {answer === null ? (
        <p class="whole-page quiet">
          {error === null
            ? "reading how the fleet is …"
            : `could not read how the fleet is: ${messageOf(error)}; trying again`}
        </p>
      ) : (
        <main class="fleet">
          <p class="summary" data-summary>
            {summaryOf(answer)}{" "}
            <span class="quiet">
              {error === null ? "" : "no connection; "}as of {clockText(answer.atSec, shared.zone)}
            </span>
          </p>
          <HostsTable
            hosts={inTrouble(answer.hosts)}
            arrivals={answer.fleet.hosts}
            atSec={answer.atSec}
            zone={shared.zone}
            open={params.get("host")}
            onOpen={(host) => change({}, { host })}
          />
          <NeighboursSection zones={answer.zones} tenant={shared.tenant} fail={fail} />
          <ZonesSection zones={answer.zones} tenants={answer.tenants} shared={shared} />
          <Collectors {...answer} />
          <Streams streams={answer.fleet.streams} atSec={answer.atSec} />
        </main>
      )}
    </PageFrame>
  );
}

async function readFleet(signal: AbortSignal): Promise<Read> {
  const [hosts, fleet, zones, tenants] = await Promise.all([
    ask("GET", "/v1/hosts", { signal }),
    ask("GET", "/v1/fleet", { signal }),
    ask("GET", "/v1/zones", { signal }),
    ask("GET", "/v1/tenants", { signal }),
  ]);
  return {
    hosts: hosts.hosts as unknown as readonly HostInfo[],
    fleet,
    zones: zones.zones,
    tenants: tenants.tenants,
    atSec: serverNow(),
  };
}

/** Hosts that are away first, then those with anything that does not run, then by name. */
function inTrouble(hosts: readonly HostInfo[]): readonly HostInfo[] {
  const rank = (host: HostInfo): number => {
    if (host.state === "down") return 0;
    if (host.state === "removed") return 3;
    return host.enablings.some(({ state }) => state !== "running" && state !== "unsupported") ? 1 : 2;
  };
  return [...hosts].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function summaryOf({ hosts, fleet, zones, tenants }: Read): string {
  const known = hosts.filter(({ state }) => state !== "removed");
  if (known.length === 0) return "No host has been reported yet: waiting for a collector.";
  const up = known.filter(({ state }) => state === "up").length;
  const minutes = Math.round((fleet.toTs - fleet.fromTs) / 60);
  const gaps = fleet.hosts.reduce((sum, each) => sum + each.gaps, 0);
  const partial = fleet.hosts.reduce((sum, each) => sum + each.partial, 0);
  const dropped = fleet.hosts.reduce((sum, each) => sum + each.dropped, 0);
  const loss =
    gaps === 0 && partial === 0 && dropped === 0
      ? "nothing missing"
      : `${plural(gaps, "gap")}, ${plural(partial, "partial window")}, ${plural(dropped, "event")} dropped`;
  return `${up} of ${known.length} hosts up, ${plural(zones.length, "zone")} of ${plural(tenants.length, "tenant")}; in ${minutes} min: ${loss}.`;
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function Collectors({ hosts, fleet, atSec }: Read) {
  const names = [...new Set(hosts.map(({ collector }) => collector))].sort();
  return (
    <section aria-label="collectors">
      <h2>
        collectors <span class="quiet">{names.length}</span>
      </h2>
      <div class="table-box">
        <table class="table">
          <TableHead
            columns={["collector", { number: "hosts" }, { number: "up" }, { number: "heard" }, { number: "delay" }]}
          />
          <tbody>
            {names.map((name) => {
              const own = hosts.filter((host) => host.collector === name && host.state !== "removed");
              const delays = fleet.hosts.filter(({ host }) => own.some((each) => each.name === host));
              const slowest = Math.max(...delays.map(({ delayMs }) => delayMs ?? 0));
              const heardSec = Math.max(...own.map(({ seenMs }) => seenMs)) / 1000;
              return (
                <tr key={name} data-collector={name}>
                  <th scope="row">{name}</th>
                  <td class="number">{own.length}</td>
                  <td class="number">{own.filter(({ state }) => state === "up").length}</td>
                  <td class="number">{own.length === 0 ? "–" : `${durationText(atSec - heardSec)} ago`}</td>
                  <td class="number">{delays.length === 0 ? "–" : formatQuantity(slowest * 1e6, "ns")}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Streams({ streams, atSec }: { readonly streams: readonly StreamInfo[]; readonly atSec: number }) {
  return (
    <section aria-label="ingest streams">
      <h2>
        ingest streams <span class="quiet">of the last hour</span>
      </h2>
      {streams.length === 0 ? (
        <p class="quiet">No batch has come in the last hour.</p>
      ) : (
        <div class="table-box">
          <table class="table">
            <TableHead
              columns={["stream", { number: "number" }, { number: "batches" }, { number: "rows" }, { number: "last" }]}
            />
            <tbody>
              {streams.map(({ stream, seq, batches, rows, receivedMs }) => (
                <tr key={stream} data-stream={stream}>
                  <th scope="row">{stream}</th>
                  <td class="number">{formatCount(seq)}</td>
                  <td class="number">{formatCount(batches)}</td>
                  <td class="number">{formatCount(rows)}</td>
                  <td class="number">{durationText(atSec - receivedMs / 1000)} ago</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
