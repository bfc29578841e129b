/**
 * selection-panel.tsx: what a selected rectangle is made of: its keys against those of the whole picture.
 *
 * The server counts whole buckets and whole columns, so the rectangle is first widened to their edges.
 */
import type { Breakdown, Heatmap } from "../../core/api.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { readBreakdown, type Band, type Stretch } from "../api/resources.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText } from "../clock.ts";
import type { Region } from "../heatmap/chart.ts";
import { formatCount, formatRange, formatShare } from "../../core/units.ts";
import type { SharedProps } from "../views/shared.ts";
import { fieldName, keyName } from "./names.ts";

interface Props extends SharedProps {
  readonly region: Region;
  readonly heatmap: Heatmap;
  readonly onClose: () => void;
}

const SHOWN_KEYS = 5;

export function SelectionPanel({ region, heatmap, instrumentation, view, aliases, scopeOf, onClose }: Props) {
  const exact = wholeCells(region, heatmap);
  const scope = scopeOf(view.where);
  const fields = instrumentation.keys;
  const key = JSON.stringify([scope, exact, fields]);
  const { answer, error } = usePolled(key, 0, async (signal) =>
    Promise.all(fields.map(async (field) => readBreakdown(scope, field, exact, exact, signal))),
  );
  const total = answer?.[0]?.total ?? null;
  return (
    <section class="selection-panel" aria-label="selection" data-selection>
      <p>
        <b>
          {clockText(exact.from, view.zone)} – {clockText(exact.to, view.zone)}
        </b>
        <span class="joint"> × </span>
        <b>{formatRange(exact.low, exact.high, heatmap.unit)}</b>{" "}
        {total === null ? (
          <span class="quiet">{error?.message ?? "counting …"}</span>
        ) : (
          <span class="quiet">
            <b data-selected={total}>{formatCount(total)}</b> of {formatCount(heatmap.total)} events (
            {formatShare(total, heatmap.total)})
          </span>
        )}
        <button type="button" class="word" aria-label="close the selection" onClick={onClose}>
          ×
        </button>
      </p>
      <div class="selection-fields">
        {answer?.map((each) => (
          <FieldTable {...each} aliases={aliases} key={each.by} />
        ))}
      </div>
    </section>
  );
}

function FieldTable({ by, parts, other, total, aliases }: Breakdown & { aliases: ReadonlyMap<string, string> }) {
  const shown = parts.slice(0, SHOWN_KEYS);
  const rest = other + parts.slice(SHOWN_KEYS).reduce((all, part) => all + part.total, 0);
  return (
    <table>
      <caption>{fieldName(by)}</caption>
      <tbody>
        {shown.map((part) => (
          <tr key={part.key}>
            <th scope="row">{keyName(by, part.key, aliases)}</th>
            <td>{formatCount(part.total)}</td>
            <td class="quiet">{formatShare(part.total, total)}</td>
          </tr>
        ))}
        {rest > 0 && (
          <tr>
            <th scope="row">other</th>
            <td>{formatCount(rest)}</td>
            <td class="quiet">{formatShare(rest, total)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** The rectangle, widened to whole columns and whole buckets. */
function wholeCells(region: Region, heatmap: Heatmap): Stretch & Band {
  const { stepSec } = heatmap;
  const buckets = bucketsOf(parseScheme(heatmap.scheme));
  const last = buckets.indexOf(Math.max(0, Math.ceil(region.high) - 1));
  return {
    from: Math.floor(region.from / stepSec) * stepSec,
    to: Math.ceil(region.to / stepSec) * stepSec,
    low: buckets.lowOf(buckets.indexOf(Math.floor(region.low))),
    high: buckets.highOf(last),
  };
}
