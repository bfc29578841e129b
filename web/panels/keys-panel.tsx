/**
 * keys-panel.tsx: what the events are made of: the keys of one field with totals, shares and their course.
 *
 *   square   gives the key a hue on the heatmap, or takes it away
 *   name     only this key; again: all
 *   −        without this key
 *
 * Pointing at a key lights its cells. The panel leaves its own field's condition out of the question, so that isolating one key does
 * not make the others vanish: they stay, hollow, one click away. Parts and "other" always add up to the total that is said.
 */
import type { Breakdown, Series } from "../../core/api.ts";
import { formatCount, formatShare, formatShort } from "../../core/units.ts";
import { admits, type Term } from "../view/terms.ts";
import { fieldName, keyName } from "./names.ts";
import { Sparkline } from "./sparkline.tsx";

interface Props {
  readonly by: string;
  readonly breakdown: Breakdown | null;
  /** Rates over time, by the same keys. */
  readonly sparks: Series | null;
  readonly problem: string | null;
  readonly where: readonly Term[];
  /** Keys with a hue, in the palette's order. */
  readonly hues: readonly string[];
  readonly aliases: ReadonlyMap<string, string>;
  /** What one counts: "operations". */
  readonly unit: string;
  readonly onHues: (hues: readonly string[]) => void;
  readonly onHover: (value: string | null) => void;
  readonly onIsolate: (value: string) => void;
  readonly onExclude: (value: string) => void;
}

/** More are "other": nobody reads a longer list, and a condition finds any of them. */
export const SHOWN_KEYS = 16;
/** The palette has so many that can be told apart. */
export const MAX_HUES = 8;

export function KeysPanel(props: Props) {
  const { by, breakdown, unit, problem, sparks, hues, onHues, onHover } = props;
  const parts = breakdown?.parts.slice(0, SHOWN_KEYS) ?? [];
  const folded = breakdown?.parts.slice(SHOWN_KEYS) ?? [];
  const other = folded.reduce((all, part) => all + part.total, breakdown?.other ?? 0);
  const top = parts.slice(0, MAX_HUES).map(({ key }) => key);
  return (
    <aside class="keys" aria-label={`by ${fieldName(by)}`} data-keys={by} onPointerLeave={() => onHover(null)}>
      <div class="keys-head">
        <h2>{fieldName(by)}</h2>
        {top.length > 1 && (
          <button
            type="button"
            class="word hue-all"
            aria-pressed={hues.length > 0}
            data-key="h"
            title="a hue for each of the largest keys, or for none (h)"
            onClick={() => onHues(hues.length > 0 ? [] : top)}
          >
            {hues.length > 0 ? "no colours" : "colour"}
          </button>
        )}
        <span class="quiet">{unit}</span>
      </div>
      {breakdown === null && <p class="quiet">{problem ?? "counting …"}</p>}
      {breakdown !== null && breakdown.parts.length === 0 && <p class="quiet">nothing in this range</p>}
      <ul>
        {parts.map((part) => (
          <KeyRow
            {...props}
            key={part.key}
            value={part.key}
            total={part.total}
            all={breakdown?.total ?? 0}
            spark={sparks?.series.find(({ key, isOther }) => !isOther && key === part.key)?.values ?? null}
          />
        ))}
        {breakdown !== null && other > 0 && (
          <li class="key other">
            <span class={hues.length > 0 ? "hue hue-9" : "hue"} aria-hidden="true" />
            <span class="key-main">
              <span class="name">other{breakdown.other === 0 ? ` (${folded.length})` : ""}</span>
              <Sparkline values={sparks?.series.find(({ isOther }) => isOther)?.values ?? null} />
              <span class="share">{formatShare(other, breakdown.total)}</span>
              <span class="total">{formatShort(other)}</span>
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
  readonly spark: readonly (number | null)[] | null;
}

function KeyRow(props: RowProps) {
  const { by, value, total, all, spark, where, hues, aliases, onHues, onHover, onIsolate, onExclude } = props;
  const counted = admits(where, by, value);
  const name = keyName(by, value, aliases);
  const alone = where.some((term) => term.field === by && !term.not && term.values.length === 1) && counted;
  const hue = hues.indexOf(value);
  const toggleHue = (): void =>
    onHues(hue >= 0 ? hues.filter((each) => each !== value) : [...hues, value].slice(-MAX_HUES));
  return (
    <li
      class={counted ? "key" : "key out"}
      data-key-value={value}
      onPointerEnter={() => onHover(value)}
      onFocusCapture={() => onHover(value)}
      onBlurCapture={() => onHover(null)}
    >
      <button
        type="button"
        class={hue >= 0 ? `hue hue-${(hue % MAX_HUES) + 1}` : hues.length > 0 ? "hue hue-9" : "hue"}
        aria-pressed={hue >= 0}
        aria-label={`colour ${name}`}
        title={hue >= 0 ? `${name} without a hue of its own` : `a hue for ${name}`}
        onClick={toggleHue}
      />
      <button
        type="button"
        class="key-main"
        aria-pressed={alone}
        title={`${name}: ${formatCount(total)} – ${alone ? "show all" : "show only this"}`}
        onClick={() => onIsolate(value)}
      >
        <span class="name">{name}</span>
        <Sparkline values={spark} />
        <span class="share">{formatShare(total, all)}</span>
        <span class="total">{formatShort(total)}</span>
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
