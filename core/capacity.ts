/**
 * capacity.ts: what the capacity routes answer. null is "not known", never zero. `missing` names metrics that would be needed and that
 * no instrumentation measures.
 */
import type { Heatmap } from "./api.ts";
import type { Form } from "./forecast/season-trend.ts";
import type { DayAhead, Reaches } from "./forecast/forecast.ts";
import type { BackTest } from "./forecast/back-test.ts";
import type { Band } from "./forecast/band.ts";

/** cpu: percent of one CPU; memory, pool: bytes; disk: percent busy; nic: bytes a second. */
export type Resource = "cpu" | "memory" | "pool" | "disk" | "nic";
export type CapacityBy = "zone" | "tenant" | "host" | "device";

interface Read {
  readonly fromTs: number;
  readonly toTs: number;
  readonly missing: readonly string[];
}

/** What is known of a series' future. */
export interface Outlook {
  /** The share of the hours that is known, from the first one on. */
  readonly known: number;
  /** The first hour that is known, epoch seconds. */
  readonly sinceTs: number | null;
  /**
   * Each day's busiest hour so far, the oldest first: days of 24 hours, the last of which ends with the range; null: more than a quarter of it
   * is not known.
   */
  readonly past: readonly (number | null)[];
  /** Why there is no forecast; null: there is one, and then only `reaches` may be null among the others. */
  readonly refused: { readonly code: string; readonly message: string } | null;
  readonly form: Form | null;
  /** Now, without season. */
  readonly level: number | null;
  /** In 30 days. */
  readonly growth: Band | null;
  /** As a share of the level. */
  readonly growthShare: Band | null;
  readonly confidence: number | null;
  readonly horizonDays: number | null;
  readonly reaches: Reaches | null;
  readonly backTest: BackTest | null;
  /** By hour of the week from Monday 00:00 UTC. */
  readonly season: readonly number[];
  /** Each day's busiest hour; of more than 60 days each week's. */
  readonly days: readonly DayAhead[];
}

export interface GrowthItem extends Outlook {
  /** The zone's, tenant's or host's name; of a device host and device with a blank between. */
  readonly key: string;
  readonly label: string;
  readonly limit: number | null;
}

/** GET /v1/capacity/growth */
export interface CapacityGrowth extends Read {
  readonly resource: Resource;
  readonly by: CapacityBy;
  readonly unit: string;
  /** How many keys there are, of which `items` are some. */
  readonly keys: number;
  /** Those that reach their limit first, then those that grow most. */
  readonly items: readonly GrowthItem[];
}

/** GET /v1/instrumentations/ID/forecast */
export interface InstrumentationForecast {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  /** Of a distribution one for each fraction; of scalars one, whose q is null. */
  readonly items: readonly (Outlook & { readonly q: number | null })[];
}

/** One resource of a host. */
export interface Room {
  readonly unit: string;
  readonly capacity: number | null;
  /** Hourly values: their 95th percentile and the greatest. */
  readonly used: number | null;
  readonly peak: number | null;
  /** What has been promised: the sum of caps and limits. */
  readonly committed: number | null;
  /** capacity less what `basis` counts. */
  readonly free: number | null;
}

export interface HostRoom {
  readonly host: string;
  readonly cpu: Room;
  readonly memory: Room;
  /** Of its pool with most room. */
  readonly pool: Room;
  readonly nic: Room;
}

export type Basis = "used" | "committed";

/** GET /v1/capacity/headroom */
export interface CapacityHeadroom extends Read {
  readonly basis: Basis;
  readonly hosts: readonly HostRoom[];
}

/** GET /v1/capacity/fit */
export interface CapacityFit extends Read {
  readonly basis: Basis;
  readonly zone: { readonly cpu: number; readonly memory: number; readonly disk: number };
  /** How many such zones all hosts together take; hosts of which something is not known count none. */
  readonly total: number;
  /** Those with most room first. */
  readonly hosts: readonly {
    readonly host: string;
    /** How many such zones; null: something that was asked for is not known of it. */
    readonly zones: number | null;
    /** What runs out first. */
    readonly limitedBy: string | null;
    readonly unknown: readonly string[];
  }[];
}

export interface Consumer {
  readonly key: string;
  readonly label: string;
  readonly mean: number;
  /** 95th percentile of hours, and the greatest. */
  readonly p95: number;
  readonly peak: number;
  /** Of the sum of all means. */
  readonly share: number;
}

/** GET /v1/capacity/consumers */
export interface CapacityConsumers extends Read {
  readonly resource: Resource;
  readonly by: CapacityBy;
  readonly unit: string;
  readonly total: number | null;
  /** The largest first. */
  readonly items: readonly Consumer[];
  readonly other: number | null;
}

export interface Neighbour {
  readonly zone: string;
  readonly label: string;
  /** Percent of one CPU (or of one thread's time) in the hours of waiting, and in the median hour. */
  readonly then: number;
  readonly usual: number;
  /** Between its hours and the others' waiting on the host: rank correlation, -1 to 1; null where either never changes. */
  readonly correlation: number | null;
}

/** One host on which zones waited. */
export interface NoisyHost {
  readonly host: string;
  /** How many hours were the worst, and of how many. */
  readonly worstHours: number;
  readonly hours: number;
  /** The share of the worst hours by hour of the day (UTC). */
  readonly when: readonly number[];
  readonly waiters: readonly Neighbour[];
  readonly consumers: readonly Neighbour[];
}

/** GET /v1/capacity/neighbours */
export interface CapacityNeighbours extends Read {
  readonly hosts: readonly NoisyHost[];
}

export interface HoursPart {
  readonly hours: number;
  readonly mean: number | null;
  readonly p95: number | null;
}

/** GET /v1/capacity/hours */
export interface CapacityHours extends Read {
  readonly resource: Resource;
  readonly by: CapacityBy;
  readonly unit: string;
  readonly working: {
    readonly fromHour: number;
    readonly toHour: number;
    readonly days: string;
    readonly offsetMinutes: number;
  };
  readonly items: readonly {
    readonly key: string;
    readonly label: string;
    readonly working: HoursPart;
    readonly night: HoursPart;
    readonly weekend: HoursPart;
    /** The mean of night and weekend over that of the working hours; null where that is 0 or not known. */
    readonly idleRatio: number | null;
  }[];
}

/** GET /v1/instrumentations/ID/months */
export interface InstrumentationMonths {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly q: readonly number[];
  readonly months: readonly {
    /** Its begin (UTC). */
    readonly ts: number;
    /** Hours of it in which anybody was watched. */
    readonly hours: number;
    /** Events; null where nothing was watched. */
    readonly total: number | null;
    readonly values: readonly (number | null)[];
  }[];
}

/** GET /v1/capacity/heatmap */
export interface CapacityHeatmap {
  readonly resource: "cpus" | "disks";
  readonly missing: readonly string[];
  /** null: it is not measured. */
  readonly heatmap: Heatmap | null;
}

/** GET /v1/capacity/report */
export interface CapacityReport extends Read {
  readonly madeMs: number;
  /** The tenant's name, or "all". */
  readonly of: string;
  readonly growth: readonly CapacityGrowth[];
  readonly consumers: CapacityConsumers;
  /** null: for operators only. */
  readonly headroom: CapacityHeadroom | null;
  readonly neighbours: CapacityNeighbours | null;
}
