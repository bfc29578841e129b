/**
 * comparison-table.tsx: a selection by one key: how much of each value, its share here and there, and the difference of the shares.
 *
 * The values that differ most come first. The last line adds up what is above it, and says whether that is the selection's total.
 */
import type { ComparedPart, SelectionComparison } from "../../core/api.ts";
import { formatCount, formatShare } from "../../core/units.ts";
import { fieldName, keyName } from "../panels/names.ts";

type Comparison = SelectionComparison["comparisons"][number];

interface Props extends Comparison {
  readonly answer: SelectionComparison;
  readonly aliases: ReadonlyMap<string, string>;
}

export function ComparisonTable({ by, parts, other, values, answer, aliases }: Props) {
  const hidden = values - parts.length;
  const sum = parts.reduce((all, part) => all + part.a, other.a);
  const totals = { a: answer.totalA ?? 0, b: answer.totalB ?? 0, most: greatestDifference(answer) };
  return (
    <table data-comparison={by}>
      <caption>{fieldName(by)}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">events</th>
          <th scope="col">here</th>
          <th scope="col">{answer.against === "rest" ? "rest" : "there"}</th>
          <th scope="col" class="points">
            difference
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map((part) => (
          <Row key={part.key} name={keyName(by, part.key, aliases)} part={part} totals={totals} />
        ))}
        {hidden > 0 && <Row name={`other (${formatCount(hidden)})`} part={other} totals={totals} />}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">sum</th>
          <td colSpan={4} data-sum={sum}>
            {formatCount(sum)} {sum === totals.a ? "=" : "≠"} {formatCount(totals.a)}
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

interface RowProps {
  readonly name: string;
  readonly part: Omit<ComparedPart, "key">;
  readonly totals: {
    readonly a: number;
    readonly b: number;
    /** The greatest difference of shares in the answer: bars of all tables have one scale. */
    readonly most: number;
  };
}

function Row({ name, part, totals }: RowProps) {
  const { difference } = part;
  return (
    <tr data-part={name}>
      <th scope="row" title={name}>
        {name}
      </th>
      <td>{formatCount(part.a)}</td>
      <td>{formatShare(part.a, totals.a)}</td>
      <td class="quiet">{formatShare(part.b, totals.b)}</td>
      <td class="points">
        {difference === null ? (
          "–"
        ) : (
          <>
            <svg
              class="difference"
              viewBox={`${-totals.most} 0 ${2 * totals.most} 1`}
              preserveAspectRatio="none"
              aria-hidden="true"
            >
              <rect
                class={difference < 0 ? "less" : "more"}
                x={Math.min(0, difference)}
                width={Math.abs(difference)}
                height="1"
              />
            </svg>
            <span>{pointsText(difference)}</span>
          </>
        )}
      </td>
    </tr>
  );
}

function greatestDifference({ comparisons }: SelectionComparison): number {
  const all = comparisons.flatMap(({ parts }) => parts.map(({ difference }) => Math.abs(difference ?? 0)));
  return Math.max(SMALLEST_SCALE, ...all);
}

/** Differences that are all smaller are drawn small. */
const SMALLEST_SCALE = 0.05;

/** Percentage points, with a sign. */
function pointsText(difference: number): string {
  const points = Math.abs(difference * 100);
  const text = points >= 10 ? points.toFixed(0) : points.toFixed(1);
  if (Number(text) === 0) return "0";
  return `${difference < 0 ? "−" : "+"}${text}`;
}
