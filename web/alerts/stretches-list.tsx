/**
 * stretches-list.tsx: stretches in which a rule fired, or would have, as links to the view at that time.
 */
import { clockText, dateText, durationText, type Zone } from "../clock.ts";

export interface ListedStretch {
  /** "" where a rule has no key. */
  readonly label: string;
  readonly fromTs: number;
  /** Null: it still fires. */
  readonly toTs: number | null;
  /** The worst value, as people read it. */
  readonly worst?: string;
  readonly href: string;
}

const SHOWN = 6;

/** @param stretches the newest first */
export function StretchesList({
  stretches,
  zone,
}: {
  readonly stretches: readonly ListedStretch[];
  readonly zone: Zone;
}) {
  if (stretches.length === 0) return null;
  return (
    <ul class="stretches">
      {stretches.slice(0, SHOWN).map(({ label, fromTs, toTs, worst, href }) => (
        <li key={`${label} ${fromTs}`} data-stretch={label}>
          <a class="word link" href={href}>
            {dateText(fromTs, zone)} {clockText(fromTs, zone)}
          </a>
          <span>{toTs === null ? "until now" : `for ${durationText(toTs - fromTs)}`}</span>
          {label !== "" && <span class="quiet">{label}</span>}
          {worst !== undefined && <span class="quiet">up to {worst}</span>}
        </li>
      ))}
      {stretches.length > SHOWN && <li class="quiet">and {stretches.length - SHOWN} more before</li>}
    </ul>
  );
}
