/**
 * api.ts: what the query API answers about saved capacity reports, and what their hooks are sent. Times are epoch milliseconds.
 */
import type { Reaches } from "../forecast/forecast.ts";
import type { CapacityBy, Resource } from "../capacity.ts";
import type { ReportInput } from "./read-report.ts";

/**
 * Where a run's report is read: as it was sent, whatever has become of the data since. In the API's answers they begin with "/", in what
 * hooks are sent with the site's address.
 */
export interface ReportLinks {
  /** To be printed. */
  readonly page: string;
  readonly json: string;
  /** Growth of all resources, a row a key. */
  readonly csv: string;
  readonly parquet: string;
  /** The page of the same range, as it is read now. Of a run of which no copy was kept the others read it again too. */
  readonly again: string;
}

/** One run: its report is of the range that ended when it was due, whenever it was made. */
export interface ReportRun {
  readonly dueMs: number;
  readonly ranMs: number;
  readonly tookMs: number;
  /** Somebody asked for it; else it was the schedule. */
  readonly isAsked: boolean;
  /** Runs before this one that nobody was there to make: this one is in their place. */
  readonly missed: number;
  /** Why there is no report; "" where there is one. */
  readonly problem: string;
  /** Id of the delivery (GET /v1/alerts/deliveries); null: no hook was told. */
  readonly delivery: string | null;
  readonly links: ReportLinks;
}

export interface SavedReportInfo extends ReportInput {
  readonly id: string;
  /** "operator", or a tenant's id. */
  readonly owner: string;
  readonly createdMs: number;
  readonly changedMs: number;
  /** When it is due next; null: it has no schedule. */
  readonly nextMs: number | null;
  /** Somebody has asked for a run that is not made yet. */
  readonly isWaiting: boolean;
  readonly last: ReportRun | null;
  /** Why its next run would reach nobody; "" while it would. */
  readonly problem: string;
}

/** GET /v1/capacity/reports */
export interface SavedReportsPage {
  readonly reports: readonly SavedReportInfo[];
  /** `after` of the next page; null: there is none. */
  readonly next: string | null;
}

/** What a hook is sent, signed as alerts are. */
export interface ReportMessage {
  readonly version: "1";
  readonly kind: "capacity-report";
  readonly report: { readonly id: string; readonly name: string; readonly owner: string; readonly schedule: string };
  readonly status: "made" | "failed";
  readonly problem: string;
  readonly run: {
    readonly dueAt: string;
    readonly ranAt: string;
    /** More than five minutes after it was due. */
    readonly isLate: boolean;
    readonly missed: number;
  };
  /** Of whom it is: the tenant's name, or all. */
  readonly of: string;
  readonly range: { readonly fromTs: number; readonly toTs: number };
  /** In one sentence: what is reached first. */
  readonly text: string;
  /** Those that reach their limit within the horizon, the first ones first. */
  readonly reaches: readonly (Reaches & {
    readonly resource: Resource;
    readonly by: CapacityBy;
    readonly key: string;
    readonly label: string;
  })[];
  /** Metrics that would be needed and that nothing measures. */
  readonly missing: readonly string[];
  readonly links: ReportLinks;
}
