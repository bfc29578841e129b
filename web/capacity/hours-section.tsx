/**
 * hours-section.tsx: working hours against nights and weekends, in the zone of time that is shown: who works when, and who could be moved.
 */
import type { CapacityHours, HoursPart } from "../../core/capacity.ts";
import { formatQuantity } from "../../core/units.ts";
import { capacityPath } from "../api/capacity.ts";
import { serverNow, zoneOffsetSec } from "../clock.ts";
import { Missing, Section, Waiting } from "./parts.tsx";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";

const SHOWN = 10;
const PARTS = ["working", "night", "weekend"] as const;

export function HoursSection(props: SectionProps & { readonly tenant: string | null }) {
  const { question, tenant, zone, change, mayWrite, onMeasure, onSignedOut } = props;
  const { resource, by, recent, work } = question;
  const [fromHour, toHour] = work;
  const offsetMinutes = Math.round(zoneOffsetSec(serverNow(), zone) / 60);
  const path = capacityPath("hours", {
    ...{ resource, by, from: -recent * 86_400, items: SHOWN, tenant },
    ...{ fromHour, toHour, offsetMinutes },
  });
  const asked = useAnswer<CapacityHours>(path, onSignedOut);
  const { answer } = asked;
  return (
    <Section
      title="working hours against night"
      note={`Mon–Fri, ${zone === "utc" ? "UTC" : "local time"},`}
      controls={
        <span class="work">
          <HourSelect
            label="work begins"
            from={0}
            to={toHour - 1}
            value={fromHour}
            onPick={(hour) => change({ work: [hour, toHour] })}
          />
          <span class="quiet">to</span>
          <HourSelect
            label="work ends"
            from={fromHour + 1}
            to={24}
            value={toHour}
            onPick={(hour) => change({ work: [fromHour, hour] })}
          />
        </span>
      }
      path={path}
      fileName={`hours-${resource}`}
    >
      <Waiting asked={asked} rows={SHOWN} />
      {answer !== null && answer.items.length > 0 && <HoursTable hours={answer} />}
      {answer?.items.length === 0 && answer.missing.length === 0 && (
        <p class="quiet">Nothing was measured in this time.</p>
      )}
      {answer !== null && (
        <Missing metrics={answer.missing} mayWrite={mayWrite} onMeasure={(metrics) => onMeasure(metrics)} />
      )}
    </Section>
  );
}

interface HourProps {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly onPick: (hour: number) => void;
}

function HourSelect({ label, from, to, value, onPick }: HourProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onPick(Number(event.currentTarget.value))}>
      {Array.from({ length: to - from + 1 }, (_, i) => (
        <option key={i} value={from + i}>
          {`${String(from + i).padStart(2, "0")}:00`}
        </option>
      ))}
    </select>
  );
}

function HoursTable({ hours: { by, unit, items } }: { readonly hours: CapacityHours }) {
  return (
    <div class="table-box">
      <table class="table hours">
        <thead>
          <tr>
            <th scope="col">{by}</th>
            <th scope="col" class="bars">
              <span class="for-screen-readers">beside one another</span>
            </th>
            <th scope="col" class="number">
              working
            </th>
            <th scope="col" class="number">
              night
            </th>
            <th scope="col" class="number">
              weekend
            </th>
            <th scope="col" class="number" title="the mean of nights and weekends over that of the working hours">
              idle / working
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.key} data-hours={item.label}>
              <th scope="row" title={item.key}>
                {item.label}
              </th>
              <td class="bars">
                <Columns parts={PARTS.map((part) => item[part].mean)} />
              </td>
              {PARTS.map((part) => (
                <td class="number" key={part} title={titleOf(item[part], unit)}>
                  {meanText(item[part], unit)}
                </td>
              ))}
              <td class="number">{item.idleRatio === null ? "–" : item.idleRatio.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function meanText({ mean }: HoursPart, unit: string): string {
  return mean === null ? "–" : formatQuantity(mean, unit);
}

function titleOf({ hours, p95 }: HoursPart, unit: string): string {
  return `${hours} hours known; 95 of 100 at most ${p95 === null ? "–" : formatQuantity(p95, unit)}`;
}

/** Three columns beside one another: work, night, weekend. */
function Columns({ parts }: { readonly parts: readonly (number | null)[] }) {
  const most = Math.max(0, ...parts.map((each) => each ?? 0));
  return (
    <svg class="columns" viewBox="0 0 34 16" width="34" height="16" aria-hidden="true">
      {parts.map((each, i) => {
        const height = most === 0 || each === null ? 0 : Math.max(1, (each / most) * 16);
        return <rect key={i} class={i === 0 ? "at-work" : ""} x={i * 12} width="10" y={16 - height} height={height} />;
      })}
    </svg>
  );
}
