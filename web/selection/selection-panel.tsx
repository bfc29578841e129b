/**
 * selection-panel.tsx: what a selected rectangle is made of, and in what it differs: from the rest of its time, from the same an
 * hour, a day or a week before, or from another rectangle.
 *
 * One answer has all of it, by every key at once, so that all sums are sums of the same rows.
 */
import type { Against, SelectionComparison } from "../../core/api.ts";
import { compare } from "../api/selections.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import { formatCount, formatRange, formatShare } from "../../core/units.ts";
import type { Region } from "../view/region.ts";
import type { SharedProps } from "../views/shared.ts";
import { ComparisonTable } from "./comparison-table.tsx";
import { DifferencePanel } from "./difference-panel.tsx";
import { SelectionActions } from "./selection-actions.tsx";

interface Props extends SharedProps {
  readonly region: Region;
  readonly unit: string;
  /** What is counted: "operations". */
  readonly noun: string;
  readonly onZoom: () => void;
  readonly onClose: () => void;
}

const SHOWN_KEYS = 5;

export function SelectionPanel(props: Props) {
  const { region, unit, noun, view, aliases, scopeOf, change, onClose } = props;
  const scope = scopeOf(view.where);
  const { against, other } = view;
  const waiting = against === "selection" && other === null;
  const pair = { scope, a: region, against, b: other };
  const { answer, error, stale } = usePolled(waiting ? null : JSON.stringify(pair), 0, async (signal) =>
    compare(pair, SHOWN_KEYS, signal),
  );
  const shown = waiting ? null : answer;
  return (
    <section class={stale ? "selection-panel waiting" : "selection-panel"} aria-label="selection" data-selection>
      <div class="selection-head">
        <p>
          <b>
            {clockText(region.from, view.zone)} – {clockText(region.to, view.zone)}
          </b>
          <span class="joint"> × </span>
          <b>{formatRange(region.low, region.high, unit)}</b>{" "}
          <span class="quiet">
            {shown === null ? waiting ? "" : (error?.message ?? "counting …") : <Totals answer={shown} noun={noun} />}
          </span>
        </p>
        <SelectionActions {...props} selected={stale ? null : (shown?.totalA ?? null)} />
        <button type="button" class="word" aria-label="close the selection" title="close (esc)" onClick={onClose}>
          ×
        </button>
      </div>
      <div class="selection-with">
        <Choice
          label="compare with"
          lead="compared with"
          options={AGAINST}
          chosen={[against]}
          onPick={(next) => change({ against: next, other: null })}
        />
        {waiting && <span class="quiet">drag the other rectangle over the heatmap (shift, or across)</span>}
      </div>
      <div class="selection-body">
        {shown !== null && shown.totalA === null && <p class="quiet">nobody watched in that time</p>}
        {shown !== null && against !== "rest" && (
          <DifferencePanel pair={pair} unit={unit} zone={view.zone} colours={props.colours} />
        )}
        {shown?.comparisons.map((each) => (
          <ComparisonTable {...each} answer={shown} aliases={aliases} key={each.by} />
        ))}
      </div>
    </section>
  );
}

/** How many there are here, and of what. */
function Totals({ answer, noun }: { readonly answer: SelectionComparison; readonly noun: string }) {
  const { totalA, totalB, against } = answer;
  if (totalA === null) return <>not known</>;
  const count = <b data-selected={totalA}>{formatCount(totalA)}</b>;
  if (totalB === null)
    return (
      <>
        {count} {noun}; {AGAINST_TEXTS[against]}: not known
      </>
    );
  return against === "rest" ? (
    <>
      {count} of {formatCount(totalA + totalB)} {noun} of that time ({formatShare(totalA, totalA + totalB)})
    </>
  ) : (
    <>
      {count} {noun}; {AGAINST_TEXTS[against]}: <b data-compared={totalB}>{formatCount(totalB)}</b>
    </>
  );
}

const AGAINST_TEXTS: Record<Against, string> = {
  rest: "the rest",
  hour: "an hour before",
  day: "a day before",
  week: "a week before",
  selection: "another selection",
};
const AGAINST = (Object.keys(AGAINST_TEXTS) as Against[]).map((value) => ({
  value,
  text: AGAINST_TEXTS[value],
  title: value === "rest" ? "all other events of the same time" : `compare with ${AGAINST_TEXTS[value]}`,
}));
