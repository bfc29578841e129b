/**
 * percentile-table.tsx: the heatmap for those who cannot see it: each column's percentiles, as a table that only screen
 * readers meet. It follows the live edge every quarter of a minute: a table that changes each second cannot be read.
 */
import { memo } from "../preact-memo.ts";
import type { Heatmap } from "../../core/api.ts";
import { clockText, type Zone } from "../clock.ts";
import { formatCount, formatQuantity } from "../../core/units.ts";
import { PERCENTILE_LABELS, PERCENTILES } from "../view/view.ts";
import { isMissing } from "./column-window.ts";
import { reasonText } from "./reasons.ts";

interface Props {
  readonly heatmap: Heatmap;
  readonly zone: Zone;
  readonly caption: string;
}

const EVERY_SEC = 15;

export const PercentileTable = memo<Props>(
  ({ heatmap, zone, caption }) => (
    <div class="for-screen-readers">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col">events</th>
            {PERCENTILES.map((name) => (
              <th scope="col" key={name}>
                {PERCENTILE_LABELS[name]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {heatmap.columns.map((column) => (
            <tr key={rowKey(column.ts, heatmap)}>
              <th scope="row">{clockText(column.ts, zone)}</th>
              <td>{isMissing(column) ? `no data ${reasonText(column.reason)}` : formatCount(column.total ?? 0)}</td>
              {PERCENTILES.map((name) => {
                const value = column[name];
                return <td key={name}>{value === null ? "none" : formatQuantity(value, heatmap.unit)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  ),
  (before, now) =>
    before.zone === now.zone &&
    before.caption === now.caption &&
    before.heatmap.stepSec === now.heatmap.stepSec &&
    Math.abs(now.heatmap.toTs - before.heatmap.toTs) < EVERY_SEC &&
    before.heatmap.columns.length === now.heatmap.columns.length,
);

/**
 * A row keeps its element for as long as its time is shown, so that a reader stays where they are; then the newest time gets that
 * element. A row that was thrown away would live on: Preact's former trees hold theirs, three thousand nodes at a time.
 */
function rowKey(ts: number, { stepSec, columns }: Heatmap): number {
  return Math.round(ts / stepSec) % columns.length;
}
