/**
 * neighbours-section.tsx: noisy neighbours: on each host where zones waited, who waited longest, and who consumed meanwhile.
 *
 * It rests on metrics that cost nothing, where somebody measures them; where nobody does, one press starts it.
 */
import { useState } from "preact/hooks";
import type { Breakdown, InstrumentationSummary, ZoneInfo } from "../../core/api.ts";
import { formatQuantity } from "../../core/units.ts";
import { ask, getJson, query } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { TableHead } from "../panels/table-head.tsx";
import { neighboursOf, RESOURCES, type HostNeighbours, type Resource, type ZoneAmount } from "./neighbours.ts";

interface Props {
  readonly zones: readonly ZoneInfo[];
  /** Only hosts where this tenant has a zone; null: all. */
  readonly tenant: string | null;
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 5000;
const SECONDS = 300;
const SHOWN = 3;

interface Read {
  readonly resource: Resource;
  readonly missing: readonly string[];
  readonly waited: Breakdown | null;
  readonly used: Breakdown | null;
}

export function NeighboursSection({ zones, tenant, fail }: Props) {
  const [turn, setTurn] = useState(0);
  const { answer } = usePolled(`neighbours ${turn}`, EVERY_MS, readNeighbours);
  const hosts = new Set(zones.filter(({ owner }) => owner === tenant).map(({ host }) => host));
  const start = (missing: readonly string[]): void => {
    const bodies = missing.map((metric) => ({ metric, decomposition: [], label: "for noisy neighbours" }));
    Promise.all(bodies.map(async (body) => ask("POST", "/v1/instrumentations", { body }))).then(
      () => setTurn(turn + 1),
      fail,
    );
  };
  return (
    <section aria-label="noisy neighbours">
      <h2>
        noisy neighbours <span class="quiet">who waited while who consumed, in five minutes</span>
      </h2>
      {answer === null && <p class="quiet">reading …</p>}
      {answer?.map(({ resource, missing, waited, used }) =>
        waited === null || used === null ? (
          <p class="quiet" key={resource.name}>
            {resource.name}: {missing.join(" and ")} {missing.length === 1 ? "is" : "are"} not measured.{" "}
            <button type="button" class="word link" onClick={() => start(missing)}>
              measure it
            </button>{" "}
            It is free: the kernel counts it anyway.
          </p>
        ) : (
          <ResourceTable
            key={resource.name}
            resource={resource}
            hosts={neighboursOf(zones, waited.parts, used.parts, SECONDS).filter(
              ({ host }) => tenant === null || hosts.has(host),
            )}
          />
        ),
      )}
    </section>
  );
}

function ResourceTable({
  resource,
  hosts,
}: {
  readonly resource: Resource;
  readonly hosts: readonly HostNeighbours[];
}) {
  if (hosts.length === 0) return <p class="quiet">{resource.name}: nobody waited.</p>;
  return (
    <div class="table-box">
      <table class="table neighbours" data-resource={resource.name}>
        <caption>{resource.name}</caption>
        <TableHead columns={["host", "waited", "while these consumed"]} />
        <tbody>
          {hosts.map(({ host, waited, used }) => (
            <tr key={host} data-host={host}>
              <th scope="row">{host}</th>
              <td data-label="waited">
                <Amounts amounts={waited} text={(perSec) => `${formatQuantity(perSec, "ns")}/s`} />
              </td>
              <td data-label="while these consumed">
                <Amounts
                  amounts={used}
                  text={(perSec) =>
                    resource.usedUnit === "share"
                      ? `${formatQuantity((perSec / 1e9) * 100, "percent")} of a CPU`
                      : `${formatQuantity(perSec, "bytes")}/s`
                  }
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Amounts({
  amounts,
  text,
}: {
  readonly amounts: readonly ZoneAmount[];
  readonly text: (perSec: number) => string;
}) {
  const most = amounts[0]?.perSec ?? 1;
  return (
    <ul class="amounts">
      {amounts.slice(0, SHOWN).map(({ zone, perSec }) => (
        <li key={zone.zone}>
          <span class="name" title={zone.zone}>
            {zone.alias || zone.zone} <span class="quiet">{zone.ownerName ?? "nobody’s"}</span>
          </span>
          <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(perSec / most) * 100} height="1" />
          </svg>
          <span class="number">{text(perSec)}</span>
        </li>
      ))}
      {amounts.length === 0 && <li class="quiet">nobody that is known</li>}
      {amounts.length > SHOWN && <li class="quiet">and {amounts.length - SHOWN} more</li>}
    </ul>
  );
}

async function readNeighbours(signal: AbortSignal): Promise<readonly Read[]> {
  const { instrumentations } = await ask("GET", "/v1/instrumentations", { signal });
  const all = instrumentations as unknown as readonly InstrumentationSummary[];
  return Promise.all(
    RESOURCES.map(async (resource): Promise<Read> => {
      const [waited, used] = [resource.waited, resource.used].map((metric) =>
        all.find((each) => each.metric === metric && isOfAll(each)),
      );
      const missing = [
        ...(waited === undefined ? [resource.waited] : []),
        ...(used === undefined ? [resource.used] : []),
      ];
      if (waited === undefined || used === undefined) return { resource, missing, waited: null, used: null };
      const [waitedBy, usedBy] = await Promise.all([byZone(waited.id, signal), byZone(used.id, signal)]);
      return { resource, missing, waited: waitedBy, used: usedBy };
    }),
  );
}

/** Measured for every zone: an operators' one without a condition. */
function isOfAll({ owner, predicate, keys }: InstrumentationSummary): boolean {
  return owner === "operator" && Object.keys(predicate).length === 0 && keys.includes("zonename");
}

async function byZone(id: string, signal: AbortSignal): Promise<Breakdown> {
  const params = query({ by: "zonename", from: -SECONDS, limit: 1000 });
  return getJson<Breakdown>(`/v1/instrumentations/${encodeURIComponent(id)}/breakdown${params}`, signal);
}
