/**
 * follow-up-preview.tsx: what a follow-up would measure and cost, before anything is started on any host.
 */
import type { InstrumentationPreview } from "../../core/api.ts";
import { formatShort } from "../../core/units.ts";
import { fieldName } from "../panels/names.ts";

interface Props {
  readonly by: string;
  readonly preview: InstrumentationPreview;
  readonly onStart: () => void;
  readonly onCancel: () => void;
}

export function FollowUpPreview({ by, preview, onStart, onCancel }: Props) {
  const { instrumentation, cost, warnings, refused } = preview;
  return (
    <div class="follow-up" role="group" aria-label={`follow up by ${fieldName(by)}`} data-follow-up={by}>
      <p>
        <b>{instrumentation.metric}</b> of this selection by <b>{fieldName(by)}</b> too, for 10 min:{" "}
        {cost === "free" ? "no cost" : `${cost} cost`}, {rateText(preview)}, {hostsText(preview)}
      </p>
      {warnings.map(({ code, message }) => (
        <p class="lost" key={code}>
          {message}
        </p>
      ))}
      {refused !== null && <p class="lost">refused: {refused}</p>}
      <p>
        <button type="button" class="word" disabled={refused !== null} onClick={onStart}>
          start measuring
        </button>{" "}
        <button type="button" class="word" onClick={onCancel}>
          not now
        </button>
      </p>
    </div>
  );
}

function rateText({ estimate }: InstrumentationPreview): string {
  if (estimate.eventsPerSec === null) return "rate not known";
  return `${estimate.basis === "most" ? "at most " : ""}${formatShort(Math.round(estimate.eventsPerSec))} events/s`;
}

function hostsText({ hosts: { supported, unsupported, unknown } }: InstrumentationPreview): string {
  const all = supported + unsupported + unknown;
  return `on ${supported} of ${all} ${all === 1 ? "host" : "hosts"}`;
}
