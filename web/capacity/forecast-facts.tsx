/**
 * forecast-facts.tsx: a forecast in figures: what is now, how it grows, when the limit is reached, and how wrong such forecasts were.
 * Where there is none: why, and from when on there can be.
 */
import type { Outlook } from "../../core/capacity.ts";
import { formatCount, formatQuantity } from "../../core/units.ts";
import { dateText, type Zone } from "../clock.ts";
import { dayText, isSteady, refusalText, signedShare, signedText, whenText } from "./words.ts";

interface Props {
  readonly outlook: Outlook;
  readonly limit: number | null;
  /** null: it has none, and nobody asks when. */
  readonly limitName: string | null;
  readonly unit: string;
  readonly zone: Zone;
}

export function ForecastFacts(props: Props) {
  const { outlook, limit, limitName, unit, zone } = props;
  const { refused, level, growth, growthShare, known, sinceTs } = outlook;
  if (refused !== null) {
    return (
      <p class="refusal" data-refusal={refused.code} role="status">
        <b>No forecast.</b> {capital(refusalText(outlook, zone))}.
      </p>
    );
  }
  return (
    <dl class="facts">
      <Fact name="now" value={level === null ? "–" : formatQuantity(level, unit)}>
        {limitName !== null &&
          (limit === null ? `no ${limitName} is known` : `${limitName} ${formatQuantity(limit, unit)}`)}
      </Fact>
      <Fact
        name="in 30 days"
        value={growth === null ? "–" : isSteady(outlook) ? "steady" : signedText(growth.mid, unit)}
      >
        {growth !== null && `${signedText(growth.low, unit)} to ${signedText(growth.high, unit)}`}
        {growthShare !== null && !isSteady(outlook) && `, ${signedShare(growthShare.mid)}`}
      </Fact>
      {limitName !== null && <LimitFact {...props} limitName={limitName} />}
      <BackTestFact {...props} />
      <Fact name="history" value={sinceTs === null ? "–" : `since ${dateText(sinceTs, zone)}`}>
        {(known * 100).toFixed(known > 0.9995 ? 0 : 1)} % of the hours known
      </Fact>
    </dl>
  );
}

function LimitFact({ outlook, limitName, zone }: Props & { readonly limitName: string }) {
  const { reaches, horizonDays } = outlook;
  const name = `reaches its ${limitName}`;
  if (reaches === null) return <Fact name={name} value="–" />;
  if (reaches.reached) {
    return (
      <Fact name={name} value="reached" isWarning>
        in an hour of the last week
      </Fact>
    );
  }
  if (reaches.earliestTs === null) return <Fact name={name} value={`not within ${horizonDays ?? 0} days`} />;
  return (
    <Fact name={name} value={whenText(outlook, zone)} data="reaches">
      {reaches.expectedTs === null
        ? `the middle of the band does not within ${horizonDays ?? 0} days`
        : `most likely ${dayText(reaches.expectedTs, zone)}`}
    </Fact>
  );
}

function BackTestFact({ outlook: { backTest }, unit }: Props) {
  if (backTest === null) return <Fact name="such forecasts were off by" value="–" />;
  const { error, naiveError, relativeError, ratio, coverage, points, folds } = backTest;
  const beside = `last week’s value: ${formatQuantity(naiveError, unit)}`;
  const title = `${formatCount(points)} hours held back, at ${folds} past times; error over that of last week's value ${ratio?.toFixed(2) ?? "–"}`;
  return (
    <Fact name="such forecasts were off by" value={formatQuantity(error, unit)} title={title} data="back-test">
      {relativeError !== null && `${(relativeError * 100).toFixed(1)} % of what was measured; `}
      {beside}; {(coverage * 100).toFixed(0)} % were in the band
    </Fact>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly isWarning?: boolean;
  readonly data?: string;
  readonly children?: preact.ComponentChildren;
}

function Fact({ name, value, title, isWarning = false, data, children }: FactProps) {
  return (
    <div data-fact={data ?? name} title={title}>
      <dt>{name}</dt>
      <dd>
        <b class={isWarning ? "problem" : ""}>{value}</b> <span class="quiet">{children}</span>
      </dd>
    </div>
  );
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
