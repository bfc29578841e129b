/**
 * growers.tsx: who grows, those that reach their limit first at the top: course, rate, and when. Pick one to see its forecast.
 */
import type { CapacityGrowth, GrowthItem } from "../../core/capacity.ts";
import type { Zone } from "../clock.ts";
import { Sparkline } from "../panels/sparkline.tsx";
import { condensed } from "./forecast-picture.ts";
import { isSteady, reachesText, shortRefusal, signedText } from "./words.ts";

interface Props {
  readonly growth: CapacityGrowth;
  readonly shown: string | null;
  readonly zone: Zone;
  readonly onPick: (key: string) => void;
}

const POINTS = 26;

export function Growers({ growth, shown, zone, onPick }: Props) {
  return (
    <aside class="growers" aria-label="who grows">
      <div class="grower head" aria-hidden="true">
        <span>{growth.by}</span>
        <span />
        <span class="number">in 30 days</span>
        <span class="number">reaches its limit</span>
      </div>
      <ul>
        {growth.items.map((item) => (
          <li key={item.key} data-grower={item.label}>
            <button
              type="button"
              class="grower"
              aria-pressed={item.key === shown}
              title={titleOf(item)}
              onClick={() => onPick(item.key)}
            >
              <Row item={item} unit={growth.unit} zone={zone} />
            </button>
          </li>
        ))}
      </ul>
      {growth.keys > growth.items.length && (
        <p class="quiet">
          {growth.items.length} of {growth.keys}
        </p>
      )}
    </aside>
  );
}

function Row({ item, unit, zone }: { readonly item: GrowthItem; readonly unit: string; readonly zone: Zone }) {
  const { label, past, growth, refused, reaches } = item;
  return (
    <>
      <span class="name">{label}</span>
      <Sparkline values={condensed(past, POINTS)} />
      {refused !== null ? (
        <span class="refused">{shortRefusal(item, zone)}</span>
      ) : (
        <>
          <span class={isSteady(item) ? "number quiet" : "number"}>
            {growth === null ? "–" : isSteady(item) ? "steady" : signedText(growth.mid, unit)}
          </span>
          <span
            class={
              reaches?.reached === true
                ? "number problem"
                : (reaches?.earliestTs ?? null) === null
                  ? "number quiet"
                  : "number"
            }
          >
            {reachesText(item, zone)}
          </span>
        </>
      )}
    </>
  );
}

function titleOf({ key, label }: GrowthItem): string {
  return key === label ? key : `${label} (${key})`;
}
