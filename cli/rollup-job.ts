/**
 * rollup-job.ts: the job of store/rollups.ts as a service runs it: with its log, its metrics, and how long each spec is wanted.
 */
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import type { StoreClient } from "../store/client.ts";
import type { Form } from "../store/ddl.ts";
import { Rollups } from "../store/rollups.ts";
import type { State } from "../store/state.ts";
import type { Retention } from "../store/tables.ts";

export interface RollupJobOptions {
  readonly store: StoreClient;
  readonly state: Pick<State, "instrumentations">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly retention?: Retention;
  /** What the store is: the embedded engine unless said otherwise. */
  readonly form?: Form;
}

/** Starts the job. @returns the job, to be closed before the store */
export function startRollups({ store, state, log, metrics, retention, form }: RollupJobOptions): Rollups {
  const runs = metrics.counter("rollup_runs_total", "Runs of the roll-up job, by result.", ["result"]);
  const units = metrics.counter(
    "rollup_units_total",
    "Hours rolled up, of each spec and tier; made again counts again.",
  );
  const failed = metrics.counter("rollup_failures_total", "Hours that could not be rolled up at a run.");
  const rows = metrics.counter("rollup_raw_rows_total", "Raw rows merged.");
  const dropped = metrics.counter("retention_partitions_dropped_total", "Partitions dropped for their age.");
  const swept = metrics.counter("rollup_generations_deleted_total", "Generations deleted that nobody reads.");
  const waiting = metrics.gauge("retention_days_waiting", "Days old enough to be dropped that are not all rolled up.");
  const seconds = metrics.seconds("rollup_run_seconds", "Time that a run took.");
  const succeeded = metrics.gauge("rollup_last_run_seconds", "When a run last left nothing undone, epoch seconds.");
  const rollups = new Rollups({
    store,
    ...(retention === undefined ? {} : { retention }),
    ...(form === undefined ? {} : { form }),
    retentionOf: longestRetention(state),
    onRun: (report) => {
      runs.inc({ result: report.failed === 0 ? "ok" : "partly" });
      units.inc(report.computed);
      failed.inc(report.failed);
      rows.inc(report.rows);
      dropped.inc(report.dropped);
      swept.inc(report.swept);
      waiting.set(report.waiting);
      seconds.observe(report.tookMs / 1000);
      if (report.failed === 0) succeeded.setToCurrentTime();
      if (report.computed + report.dropped > 0) log.info(report, "rolled up");
    },
    onError: (error) => {
      runs.inc({ result: "failed" });
      log.warn({ err: error }, "roll-ups will be tried again");
    },
  });
  rollups.start();
  return rollups;
}

/** The longest retention of the instrumentations of a spec, deleted ones as well; undefined for a spec that none has. */
function longestRetention({ instrumentations }: Pick<State, "instrumentations">): (spec: string) => number | undefined {
  let revision = -1;
  let bySpec = new Map<string, number>();
  return (spec) => {
    if (revision !== instrumentations.revision) {
      ({ revision } = instrumentations);
      bySpec = new Map();
      for (const each of instrumentations.all()) {
        bySpec.set(each.spec, Math.max(bySpec.get(each.spec) ?? 0, each.retentionSec));
      }
    }
    return bySpec.get(spec);
  };
}
