/**
 * keys-panel.tsx: what the events are made of: the keys of one field with totals and shares, each a click from "only this".
 *
 * The panel leaves its own field's condition out of the question, so that isolating one key does not make the others vanish:
 * they stay, hollow, one click away. Parts and "other" always add up to the total that is said.
 */
import type { Breakdown } from "../../core/api.ts";
import { formatCount, formatShare, formatShort } from "../../core/units.ts";
import { admits, type Term } from "../view/terms.ts";
import { fieldName, keyName } from "./names.ts";

interface Props {
  readonly by: string;
  readonly breakdown: Breakdown | null;
  readonly problem: string | null;
  readonly where: readonly Term[];
  readonly aliases: ReadonlyMap<string, string>;
  /** What one counts: "operations". */
  readonly unit: string;
  readonly onIsolate: (value: string) => void;
  readonly onExclude: (value: string) => void;
}

export function KeysPanel(props: Props) {
  const { by, breakdown, unit, problem } = props;
  const most = Math.max(1, ...(breakdown?.parts ?? []).map((part) => part.total));
  return (
    <aside class="keys" aria-label={`by ${fieldName(by)}`} data-keys={by}>
      <div class="keys-head">
        <h2>{fieldName(by)}</h2>
        <span class="quiet">{unit}</span>
      </div>
      {breakdown === null && <p class="quiet">{problem ?? "counting …"}</p>}
      {breakdown !== null && breakdown.parts.length === 0 && <p class="quiet">nothing in this range</p>}
      <ul>
        {breakdown?.parts.map((part) => (
          <KeyRow {...props} key={part.key} value={part.key} total={part.total} all={breakdown.total} most={most} />
        ))}
        {breakdown !== null && breakdown.other > 0 && (
          <li class="key other">
            <span class="key-main">
              <span class="name">other</span>
              <span class="share">{formatShare(breakdown.other, breakdown.total)}</span>
              <span class="total">{formatShort(breakdown.other)}</span>
            </span>
          </li>
        )}
      </ul>
      {breakdown !== null && (
        <p class="sum">
          <span>total</span>
          <b>{formatCount(breakdown.total)}</b>
        </p>
      )}
    </aside>
  );
}

interface RowProps extends Props {
  readonly value: string;
  readonly total: number;
  readonly all: number;
  readonly most: number;
}

function KeyRow({ by, value, total, all, most, where, aliases, onIsolate, onExclude }: RowProps) {
  const counted = admits(where, by, value);
  const name = keyName(by, value, aliases);
  const alone = where.some((term) => term.field === by && !term.not && term.values.length === 1) && counted;
  return (
    <li class={counted ? "key" : "key out"} data-key-value={value}>
      <button
        type="button"
        class="key-main"
        aria-pressed={alone}
        title={`${name}: ${formatCount(total)} – ${alone ? "show all" : "show only this"}`}
        onClick={() => onIsolate(value)}
      >
        <i class="mark" aria-hidden="true" />
        <span class="name">{name}</span>
        <span class="share">{formatShare(total, all)}</span>
        <span class="total">{formatShort(total)}</span>
        <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <rect width={(total / most) * 100} height="1" />
        </svg>
      </button>
      <button
        type="button"
        class="word exclude"
        aria-label={`${counted ? "without" : "with"} ${name}`}
        title={counted ? `without ${name}` : `with ${name} again`}
        onClick={() => onExclude(value)}
      >
        {counted ? "−" : "+"}
      </button>
    </li>
  );
}
