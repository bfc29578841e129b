/**
 * hosts-section.tsx: what is left on each host, and where a zone of a given size fits. For operators.
 */
import type { CapacityFit, CapacityHeadroom, HostRoom, Room } from "../../core/capacity.ts";
import { fitInto, type ZoneSize } from "../../core/fit.ts";
import { formatQuantity } from "../../core/units.ts";
import { capacityPath } from "../api/capacity.ts";
import { Choice } from "../heatmap/choice.tsx";
import { AmountField } from "./amount-field.tsx";
import { Bar, Files, Missing, Section, Waiting } from "./parts.tsx";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";

const RESOURCES = ["cpu", "memory", "pool", "nic"] as const;
const NAMES = { cpu: "CPU, % of one", memory: "memory", pool: "pool with most room", nic: "busiest link" } as const;

export function HostsSection({ question, mayWrite, change, onMeasure, onSignedOut }: SectionProps) {
  const { basis, recent, size } = question;
  const common = { from: -recent * 86_400, basis };
  const path = capacityPath("headroom", common);
  const fitPath = capacityPath("fit", { ...common, ...sizeParams(size) });
  const asked = useAnswer<CapacityHeadroom>(path, onSignedOut);
  const { answer } = asked;
  const fit = answer === null ? null : fitInto(answer, size);
  return (
    <Section
      title="headroom"
      note="on each host, beside"
      controls={
        <Choice
          label="free beside"
          options={[
            { value: "used", text: "what is used", title: "95 of 100 hours use no more" },
            { value: "committed", text: "what is promised", title: "the sum of caps and limits" },
          ]}
          chosen={[basis]}
          onPick={(value) => change({ basis: value })}
        />
      }
      path={path}
      fileName="headroom"
    >
      <form class="fit-form" onSubmit={(event) => event.preventDefault()} aria-label="a zone's size">
        <span>Where does a zone fit that needs</span>
        <label>
          <AmountField
            label="CPU, percent of one"
            type="percent"
            value={size.cpu}
            onChange={(cpu) => change({ size: sizeWith(size, { cpu: cpu ?? 0 }) })}
          />{" "}
          <span class="quiet">% of a CPU,</span>
        </label>
        <label>
          <AmountField
            label="memory"
            type="size"
            value={size.memory}
            onChange={(memory) => change({ size: sizeWith(size, { memory: memory ?? 0 }) })}
          />{" "}
          <span class="quiet">memory,</span>
        </label>
        <label>
          <AmountField
            label="disk"
            type="size"
            value={size.disk}
            onChange={(disk) => change({ size: sizeWith(size, { disk: disk ?? 0 }) })}
          />{" "}
          <span class="quiet">disk?</span>
        </label>
        <span class="fit-answer" data-fit role="status">
          {fit !== null && fitText(fit)}
        </span>
        <Files path={fitPath} name="fit" formats={["json", "csv", "parquet"]} />
      </form>
      <Waiting asked={asked} rows={3} />
      {answer !== null && <HeadroomTable headroom={answer} fit={fit} />}
      {answer !== null && (
        <Missing metrics={answer.missing} mayWrite={mayWrite} onMeasure={(metrics) => onMeasure(metrics)} />
      )}
    </Section>
  );
}

function HeadroomTable({ headroom, fit }: { readonly headroom: CapacityHeadroom; readonly fit: CapacityFit | null }) {
  if (headroom.hosts.length === 0) return <p class="quiet">No host has a history in this time.</p>;
  return (
    <div class="table-box">
      <table class="table headroom">
        <thead>
          <tr>
            <th scope="col">host</th>
            {RESOURCES.map((each) => (
              <th scope="col" key={each}>
                {NAMES[each]}
              </th>
            ))}
            <th scope="col" class="number">
              such zones
            </th>
            <th scope="col">runs out first</th>
          </tr>
        </thead>
        <tbody>
          {headroom.hosts.map((each) => (
            <HostRow key={each.host} host={each} fits={fit?.hosts.find(({ host }) => host === each.host) ?? null} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HostRow({ host, fits }: { readonly host: HostRoom; readonly fits: CapacityFit["hosts"][number] | null }) {
  return (
    <tr data-headroom={host.host}>
      <th scope="row">{host.host}</th>
      {RESOURCES.map((each) => (
        <td key={each} data-label={NAMES[each]}>
          <RoomCell room={host[each]} />
        </td>
      ))}
      <td class="number" data-label="such zones">
        <b>{fits === null ? "" : (fits.zones ?? "–")}</b>
      </td>
      <td class="quiet" data-label="runs out first">
        {fits === null ? "" : fits.zones === null ? `not known: ${fits.unknown.join(", ")}` : fits.limitedBy}
      </td>
    </tr>
  );
}

/** Free of how much; the bar has what is used, and a mark where what is promised ends. */
function RoomCell({ room: { unit, capacity, used, peak, committed, free } }: { readonly room: Room }) {
  const share = (value: number | null): number | null =>
    value === null || capacity === null || capacity === 0 ? null : value / capacity;
  const said = [
    used === null ? "" : `95 of 100 hours use at most ${formatQuantity(used, unit)}`,
    peak === null ? "" : `the busiest ${formatQuantity(peak, unit)}`,
    committed === null ? "" : `promised ${formatQuantity(committed, unit)}`,
  ].filter((each) => each !== "");
  return (
    <div class="room" title={said.join("; ")}>
      <span>
        <b>{free === null ? "not known" : formatQuantity(free, unit)}</b>{" "}
        <span class="quiet">{capacity === null ? "size not known" : `free of ${formatQuantity(capacity, unit)}`}</span>
      </span>
      <Bar share={share(used)} mark={share(committed)} />
      <span class="quiet small">
        {used === null ? "use not known" : `used ${formatQuantity(used, unit)}`}
        {committed !== null && `, promised ${formatQuantity(committed, unit)}`}
      </span>
    </div>
  );
}

function fitText({ total, hosts }: CapacityFit): string {
  const most = hosts.find(({ zones }) => (zones ?? 0) > 0);
  const unknown = hosts.filter(({ zones }) => zones === null).length;
  const where =
    most === undefined ? "" : hosts.length === 1 ? ` on ${most.host}` : `, most on ${most.host} (${most.zones ?? 0})`;
  const rest = unknown === 0 ? "" : `; of ${unknown} it is not known`;
  return total === 0 ? `Nowhere${rest}.` : `${total} of them${where}${rest}.`;
}

/** Nothing at all is no size. */
function sizeWith(size: ZoneSize, change: Partial<ZoneSize>): ZoneSize {
  const next = { ...size, ...change };
  return next.cpu + next.memory + next.disk > 0 ? next : size;
}

function sizeParams({ cpu, memory, disk }: ZoneSize): Readonly<Record<string, number | null>> {
  const given = (value: number): number | null => (value > 0 ? value : null);
  return { cpu: given(cpu), memory: given(memory), disk: given(disk) };
}
