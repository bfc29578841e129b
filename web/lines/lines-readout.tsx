/**
 * lines-readout.tsx: one line over the lines: the column under the crosshair, or else the newest that is known; what is missing of it,
 * and why.
 */
import type { Series } from "../../core/api.ts";
import { formatCount } from "../../core/units.ts";
import { clockText, dateText, type Zone } from "../clock.ts";
import { hostsText, missingText } from "../heatmap/readout.tsx";
import { reasonText } from "../heatmap/reasons.ts";
import { isMissingAt } from "./missing.ts";

interface Props {
  readonly answer: Series | null;
  /** Which column. */
  readonly at: number;
  readonly zone: Zone;
}

export function LinesReadout({ answer, at, zone }: Props) {
  const time = answer?.times[at];
  return (
    <p class="readout" data-readout>
      {answer !== null && time !== undefined && (
        <>
          <time>{timeText(time, answer.stepSec, zone)}</time>{" "}
          {isMissingAt(answer, at) ? (
            <>
              <b>no data</b> {missingText(answer.reasons[at] ?? "")}
            </>
          ) : (
            <Known answer={answer} at={at} />
          )}
        </>
      )}
    </p>
  );
}

function Known({ answer, at }: { readonly answer: Series; readonly at: number }) {
  const [dropped, reason] = [answer.dropped[at] ?? 0, answer.reasons[at] ?? ""];
  return (
    <>
      <span class="hosts">{hostsText(answer.reporting[at] ?? 0, answer.expected[at] ?? 0)}</span>
      {dropped > 0 && <span class="lost"> {formatCount(dropped)} dropped</span>}
      {reason !== "" && <span class="lost"> {reasonText(reason)}</span>}
    </>
  );
}

/** The column that is pointed at; else the newest of which something is known. */
export function shownColumn(answer: Series | null, pointed: number | null): number {
  if (pointed !== null || answer === null) return pointed ?? -1;
  const newest = answer.times.findLastIndex((_, i) => answer.series.some(({ values }) => (values[i] ?? null) !== null));
  return newest >= 0 ? newest : answer.times.length - 1;
}

function timeText(ts: number, stepSec: number, zone: Zone): string {
  return stepSec >= 3600 ? `${dateText(ts, zone)} ${clockText(ts, zone)}` : clockText(ts, zone);
}
