/**
 * growth-section.tsx: who grows and when a limit is reached: the forecast of one at the left, all of them at the right.
 */
import type { CapacityGrowth } from "../../core/capacity.ts";
import { Files, Missing, Waiting } from "./parts.tsx";
import { ForecastChart } from "./forecast-chart.tsx";
import { ForecastFacts } from "./forecast-facts.tsx";
import { Growers } from "./growers.tsx";
import { NoHistory } from "./no-history.tsx";
import type { SectionProps } from "./section-props.ts";
import type { Answered } from "./use-answer.ts";
import { limitName, summaryOf, UNIT_NOTES } from "./words.ts";

interface Props extends SectionProps {
  readonly asked: Answered<CapacityGrowth>;
  readonly path: string;
}

export function GrowthSection({ asked, path, question, zone, mayWrite, isOperator, change, onMeasure }: Props) {
  const { answer, isStale } = asked;
  if (answer === null) {
    return (
      <section class="growth waits" aria-label="growth">
        <p class="summary">&nbsp;</p>
        <Waiting asked={asked} rows={0} />
      </section>
    );
  }
  const { resource, by, unit, items, missing, toTs } = answer;
  const item = items.find(({ key }) => key === question.item) ?? items[0] ?? null;
  const name = limitName(resource, by);
  return (
    <section
      class={isStale ? "growth stale" : "growth"}
      aria-label="growth"
      aria-busy={isStale}
      data-growth={`${resource} ${by}`}
    >
      <p class="summary" data-summary>
        {items.length > 0 && summaryOf(answer, zone)}
        <Files path={path} name={`growth-${resource}-${by}`} formats={["json", "csv", "parquet"]} />
      </p>
      {asked.error !== null && <Waiting asked={asked} rows={0} />}
      {item === null ? (
        <NoHistory missing={missing} {...{ mayWrite, isOperator, onMeasure }} />
      ) : (
        <div class="growth-stage">
          <div class="growth-picture">
            <h2 title={item.key}>
              {item.label} <span class="quiet">{UNIT_NOTES[resource]}</span>
            </h2>
            <ForecastChart
              outlook={item}
              limit={item.limit}
              limitName={name}
              name={item.label}
              {...{ unit, toTs, zone }}
            />
            <ForecastFacts outlook={item} limit={item.limit} limitName={name} {...{ unit, zone }} />
            <Missing metrics={missing} mayWrite={mayWrite} onMeasure={(metrics) => onMeasure(metrics)} />
          </div>
          <Growers growth={answer} shown={item.key} zone={zone} onPick={(key) => change({ item: key })} />
        </div>
      )}
    </section>
  );
}
