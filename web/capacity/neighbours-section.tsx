/**
 * neighbours-section.tsx: on which hosts zones waited for a CPU, at which hours of the day, and who used it then. For operators.
 */
import type { CapacityNeighbours, Neighbour, NoisyHost } from "../../core/capacity.ts";
import { formatQuantity } from "../../core/units.ts";
import { capacityPath } from "../api/capacity.ts";
import { serverNow, zoneOffsetSec, type Zone } from "../clock.ts";
import { TableHead } from "../panels/table-head.tsx";
import { Missing, Section, Waiting } from "./parts.tsx";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";

export function NeighboursSection({ question, zone, mayWrite, onMeasure, onSignedOut }: SectionProps) {
  const path = capacityPath("neighbours", { from: -question.recent * 86_400 });
  const asked = useAnswer<CapacityNeighbours>(path, onSignedOut);
  const { answer } = asked;
  return (
    <Section
      title="noisy neighbours"
      note={`who waited for a CPU while who used it, in the last ${question.recent} days; usual is the median hour`}
      path={path}
      fileName="neighbours"
    >
      <Waiting asked={asked} rows={6} />
      {answer !== null && answer.hosts.length > 0 && (
        <div class="table-box">
          <table class="table noisy">
            <TableHead columns={["host", "when", "who waited", "who used it then"]} />
            <tbody>
              {answer.hosts.map((host) => (
                <HostRow key={host.host} host={host} zone={zone} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {answer?.hosts.length === 0 && answer.missing.length === 0 && (
        <p class="quiet">On no host did zones wait more than usual.</p>
      )}
      {answer !== null && (
        <Missing metrics={answer.missing} mayWrite={mayWrite} onMeasure={(metrics) => onMeasure(metrics)} />
      )}
    </Section>
  );
}

function HostRow({ host, zone }: { readonly host: NoisyHost; readonly zone: Zone }) {
  return (
    <tr data-noisy={host.host}>
      <th scope="row">
        {host.host}
        <span class="quiet small">
          {host.worstHours} of {host.hours} hours
        </span>
      </th>
      <td data-label="when">
        <Clock shares={host.when} zone={zone} />
      </td>
      <td data-label="who waited">
        <People all={host.waiters} what="of the time" />
      </td>
      <td data-label="who used it then">
        <People all={host.consumers} what="of a CPU" />
      </td>
    </tr>
  );
}

function People({ all, what }: { readonly all: readonly Neighbour[]; readonly what: string }) {
  if (all.length === 0) return <span class="quiet">nobody more than usual</span>;
  return (
    <ul class="people">
      {all.map(({ zone, label, then, usual, correlation }) => (
        <li key={zone} data-neighbour={label}>
          <span class="name" title={zone}>
            {label}
          </span>
          <span class="number">
            {formatQuantity(then, "%")} <span class="quiet">{what}</span>
          </span>
          <span class="number quiet">usually {formatQuantity(usual, "%")}</span>
          <span class="number quiet" title="rank correlation of its hours with the others' waiting: 1 is every time">
            {correlation === null ? "" : `r ${correlation.toFixed(2)}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The worst hours by hour of the day, from midnight to midnight of the zone that is shown. */
function Clock({ shares, zone }: { readonly shares: readonly number[]; readonly zone: Zone }) {
  const ahead = Math.round(zoneOffsetSec(serverNow(), zone) / 3600);
  const own = Array.from({ length: 24 }, (_, hour) => shares[(((hour - ahead) % 24) + 24) % 24] ?? 0);
  const most = Math.max(...own, 1e-9);
  const hours = own.flatMap((share, hour) => (share > 0 ? [`${hour}:00 ${(share * 100).toFixed(0)} %`] : []));
  return (
    <svg
      class="clock"
      viewBox="0 0 144 34"
      width="144"
      height="34"
      role="img"
      aria-label={`worst hours: ${hours.join(", ")}`}
    >
      <line x2="144" y1="20.5" y2="20.5" />
      {own.map((share, hour) => (
        <rect key={hour} x={hour * 6 + 0.5} width="5" y={20 - (share / most) * 19} height={(share / most) * 19} />
      ))}
      {[0, 6, 12, 18].map((hour) => (
        <text key={hour} x={hour * 6} y="33">
          {String(hour).padStart(2, "0")}
        </text>
      ))}
    </svg>
  );
}
