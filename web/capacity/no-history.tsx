/**
 * no-history.tsx: nothing has been measured of this yet: what is needed, how long it takes, and how to bring a past along.
 */
import { MIN_DAYS } from "../../core/forecast/sufficiency.ts";
import { Missing } from "./parts.tsx";

interface Props {
  readonly missing: readonly string[];
  readonly mayWrite: boolean;
  readonly isOperator: boolean;
  readonly onMeasure: (metrics: readonly string[]) => void;
}

export function NoHistory({ missing, mayWrite, isOperator, onMeasure }: Props) {
  return (
    <div class="no-history" data-no-history>
      <p>
        <b>There is no history of this yet.</b>
      </p>
      {missing.length > 0 ? (
        <Missing {...{ mayWrite, onMeasure }} metrics={missing} />
      ) : (
        <p class="quiet">It is being measured; the first hour that is over will be the first that is shown.</p>
      )}
      <p class="quiet">
        A forecast needs {MIN_DAYS} days of hours: four weeks to learn from, and one to test the forecast with. Until
        then what was measured is shown, and why there is no forecast.
      </p>
      {isOperator && (
        <p class="quiet">
          A past that is kept elsewhere can be brought along: <code>isotherm import history.jsonl</code>. To look
          around: <code>isotherm import --simulated 730 --hosts 3 --zones 6 --data data/capacity</code>.
        </p>
      )}
    </div>
  );
}
