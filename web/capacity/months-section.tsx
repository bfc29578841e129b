/**
 * months-section.tsx: percentiles of a latency (or of any distribution) by calendar months, and where each of them is going.
 */
import { useMemo } from "preact/hooks";
import type { InstrumentationInfo } from "../../core/api.ts";
import type { InstrumentationForecast, InstrumentationMonths } from "../../core/capacity.ts";
import { formatQuantity, formatShort } from "../../core/units.ts";
import { percentilesPath } from "../api/capacity.ts";
import { dateText } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import { Menu } from "../panels/menu.tsx";
import { ForecastChart } from "./forecast-chart.tsx";
import { ForecastFacts } from "./forecast-facts.tsx";
import { Section, Waiting } from "./parts.tsx";
import { FRACTIONS } from "./question.ts";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";

interface Props extends SectionProps {
  readonly tenant: string | null;
  /** null: not known yet. */
  readonly instrumentations: readonly InstrumentationInfo[] | null;
}

export function MonthsSection(props: Props) {
  const { question, tenant, zone, instrumentations, change, onSignedOut } = props;
  const { days, ahead, q } = question;
  const all = useMemo(() => (instrumentations ?? []).filter(({ numeric }) => numeric !== null), [instrumentations]);
  const chosen =
    all.find(({ id }) => id === question.latency) ?? all.find(({ metric }) => metric === "syscall.ops") ?? all[0];
  const from = -days * 86_400;
  const path =
    chosen === undefined ? null : percentilesPath("months", chosen.id, { from, q: FRACTIONS.join(), tenant });
  const ahead_ =
    chosen === undefined
      ? null
      : percentilesPath("forecast", chosen.id, { from, q: String(q), horizonDays: ahead, tenant });
  const asked = useAnswer<InstrumentationMonths>(path, onSignedOut);
  const forecast = useAnswer<InstrumentationForecast>(ahead_, onSignedOut);
  const outlook = forecast.answer?.items[0] ?? null;
  return (
    <Section
      title="percentiles by month"
      note="of"
      controls={
        <Menu
          title="of what"
          label={chosen === undefined ? "nothing yet" : nameOf(chosen)}
          options={all.map((each) => ({
            id: each.id,
            label: nameOf(each),
            detail: each.label,
            selected: each === chosen,
          }))}
          onPick={({ id }) => change({ latency: id })}
        />
      }
      path={path}
      fileName={`months-${chosen?.metric ?? ""}`}
    >
      {chosen === undefined && instrumentations !== null && <p class="quiet">No distribution is measured.</p>}
      {chosen !== undefined && (
        <div class="pair">
          <div>
            <Waiting asked={asked} rows={12} />
            {asked.answer !== null && <MonthsTable months={asked.answer} />}
          </div>
          <div class="months-ahead">
            <p class="line">
              <Choice
                label="percentile"
                lead="forecast of"
                options={FRACTIONS.map((each) => ({
                  ...{
                    value: String(each),
                    text: `p${each * 100}`,
                    title: `hour by hour, ${each * 100} of 100 are below`,
                  },
                }))}
                chosen={[String(q)]}
                onPick={(value) => change({ q: Number(value) })}
              />
            </p>
            <Waiting asked={forecast} rows={12} />
            {forecast.answer !== null && outlook !== null && (
              <>
                <ForecastChart
                  isLow
                  name={`p${(outlook.q ?? 0) * 100} of ${forecast.answer.metric}`}
                  {...{
                    outlook,
                    zone,
                    limit: null,
                    limitName: null,
                    unit: forecast.answer.unit,
                    toTs: forecast.answer.toTs,
                  }}
                />
                <ForecastFacts {...{ outlook, zone, limit: null, limitName: null, unit: forecast.answer.unit }} />
              </>
            )}
          </div>
        </div>
      )}
    </Section>
  );
}

function MonthsTable({ months: { q, unit, months } }: { readonly months: InstrumentationMonths }) {
  const known = months.flatMap(({ values }) => values.filter((each) => each !== null));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return (
    <div class="table-box">
      <table class="table months">
        <thead>
          <tr>
            <th scope="col">month</th>
            <th scope="col" class="strip">
              {known.length === 0 ? "" : `${formatQuantity(low, unit)} – ${formatQuantity(high, unit)}`}
            </th>
            {q.map((each) => (
              <th scope="col" class="number" key={each}>
                p{Number((each * 100).toPrecision(12))}
              </th>
            ))}
            <th scope="col" class="number">
              events
            </th>
            <th scope="col" class="number" title="hours of the month in which anybody was watched">
              hours
            </th>
          </tr>
        </thead>
        <tbody>
          {sinceKnown(months).map(({ ts, values, total, hours }) => (
            <tr key={ts} data-month={dateText(ts, "utc").slice(0, 7)}>
              <th scope="row">{dateText(ts, "utc").slice(0, 7)}</th>
              <td class="strip">
                <Strip {...{ values, low, high }} />
              </td>
              {values.map((value, i) => (
                <td class="number" key={i}>
                  {value === null ? "–" : formatQuantity(value, unit)}
                </td>
              ))}
              <td class="number">{total === null ? "–" : formatShort(total)}</td>
              <td class="number quiet">{hours}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From the first month on in which anybody was watched: what was before is no gap. */
function sinceKnown(months: InstrumentationMonths["months"]): InstrumentationMonths["months"] {
  return months.slice(
    Math.max(
      0,
      months.findIndex(({ hours }) => hours > 0),
    ),
  );
}

interface StripProps {
  readonly values: readonly (number | null)[];
  readonly low: number;
  readonly high: number;
}

/** The percentiles of one month on the logarithmic axis that all months share; what was not watched is said, not drawn. */
function Strip({ values, low, high }: StripProps) {
  const known = values.filter((each) => each !== null);
  if (known.length === 0) return <span class="quiet">not watched</span>;
  const x = (value: number): number => (high <= low ? 50 : 4 + (92 * Math.log(value / low)) / Math.log(high / low));
  const places = known.map(x);
  return (
    <svg viewBox="0 0 100 12" width="100" height="12" aria-hidden="true">
      <line x1={places[0]} x2={places.at(-1)} y1="6" y2="6" />
      {places.map((place, i) => (
        <circle key={i} cx={place} cy="6" r={i === places.length - 1 ? 3 : 2} />
      ))}
    </svg>
  );
}

function nameOf({ metric, numeric }: InstrumentationInfo): string {
  return `${metric} ${numeric ?? ""}`;
}
