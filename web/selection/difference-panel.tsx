/**
 * difference-panel.tsx: the selection's heatmap less another: where there is more now, and where less.
 *
 * Cells are shares of each side's total, so that a busier hour is not all "more". Columns that either side did not watch are hatched.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SelectionDifference } from "../../core/api.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { formatCount, formatRange } from "../../core/units.ts";
import { difference, type Pair } from "../api/selections.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, type Zone } from "../clock.ts";
import type { Colours } from "../theme.ts";
import { drawDifference, signedShare, type DrawnDifference } from "./draw-difference.ts";

interface Props {
  readonly pair: Pair;
  readonly unit: string;
  readonly zone: Zone;
  readonly colours: Colours;
}

const COLUMNS = 300;
const PLACES = [-1, -0.5, 0, 0.5, 1];

export function DifferencePanel({ pair, unit, zone, colours }: Props) {
  const { answer, error } = usePolled(JSON.stringify(pair), 0, async (signal) => difference(pair, COLUMNS, signal));
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState<DrawnDifference | null>(null);
  const [at, setAt] = useState<string | null>(null);
  const draw = (): void => {
    if (canvas.current !== null && answer !== null)
      setDrawn(drawDifference(canvas.current, answer, unit, zone, colours));
  };
  useLayoutEffect(draw, [answer, unit, zone, colours]);
  useEffect(() => {
    addEventListener("resize", draw);
    return () => removeEventListener("resize", draw);
  }, [answer, unit, zone, colours]);
  if (error !== null) return <p class="quiet difference-panel">no difference: {error.message}</p>;
  const point = (event: PointerEvent): void => {
    const found = answer === null ? null : (drawn?.cellAt(event.offsetX, event.offsetY) ?? null);
    setAt(
      answer === null || found === null ? null : cellText(answer, found.column, found.first, found.last, unit, zone),
    );
  };
  return (
    <figure class="difference-panel" data-difference={answer?.against ?? ""}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="difference of the two heatmaps, as shares of each side's events"
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
      />
      <figcaption>
        <span class="difference-legend" hidden={drawn === null || drawn.most === 0}>
          {PLACES.map((place) => (
            <span key={place}>
              <i class={`swatch difference-${place}`} aria-hidden="true" />
              {drawn === null ? "" : signedShare(place * drawn.most)}
            </span>
          ))}
        </span>
        <span data-difference-at>{at ?? sumText(answer)}</span>
      </figcaption>
    </figure>
  );
}

function sumText(answer: SelectionDifference | null): string {
  if (answer === null) return "counting …";
  const { totalA, totalB } = answer;
  if (totalA === null || totalB === null) return "there is no column that both sides watched";
  const sum = answer.columns.reduce((all, { count }) => all + (count ?? []).reduce((each, one) => each + one, 0), 0);
  return `sum of the cells ${sum < 0 ? "−" : ""}${formatCount(Math.abs(sum))} = ${formatCount(totalA)} − ${formatCount(totalB)}`;
}

function cellText(
  { columns, scheme, against }: SelectionDifference,
  index: number,
  first: number,
  last: number,
  unit: string,
  zone: Zone,
): string {
  const column = columns[index];
  if (column === undefined) return "";
  const time = clockText(column.a.ts, zone);
  if (column.bucket === null) return `${time} no data on ${column.a.total === null ? "this" : "the other"} side`;
  let [count, share] = [0, 0];
  column.bucket.forEach((bucket, i) => {
    if (bucket < first || bucket > last) return;
    count += column.count?.[i] ?? 0;
    share += column.share?.[i] ?? 0;
  });
  const buckets = bucketsOf(parseScheme(scheme));
  const range = formatRange(buckets.lowOf(first), buckets.highOf(last), unit);
  const than = against === "selection" ? "there" : `a ${against} before`.replace("a hour", "an hour");
  if (count === 0) return `${time}  ${range}  as many as ${than}`;
  return `${time}  ${range}  ${formatCount(Math.abs(count))} ${count < 0 ? "fewer" : "more"} than ${than} (${signedShare(share)})`;
}
