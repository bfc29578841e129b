/**
 * model.ts: what a file of this folder says about one metric.
 *
 * A model names the finest series of its metric (one for each combination of discrete fields) with a rate and a latency
 * profile. Everything else, decompositions, predicates, distributions, is derived from the events of those series.
 */
import type { Constant } from "../../../core/predicate.ts";
import { hashText } from "../random.ts";
import type { Profile } from "../profile.ts";
import type { Process, SimZone } from "../zone.ts";

export interface SeriesInit {
  /** Values of the discrete fields, without the zone's name. */
  readonly fields: Readonly<Record<string, Constant>>;
  /** Events a second at ordinary activity. */
  readonly rate: number;
  readonly profile: Profile;
  /** How much of the rate waits for the disk, and so falls when the disk is slow: 0 to 1. */
  readonly diskBound?: number;
  /** One event every so many seconds instead of a rate: what beats like a clock. */
  readonly everySec?: number;
  /** Values of numeric fields that are the same for all events of the series. */
  readonly numbers?: Readonly<Record<string, number>>;
}

export interface Model {
  /** `module.stat` */
  readonly metric: string;
  /** Whether the metric's rows belong to zones. */
  readonly zoned: boolean;
  readonly fields: Readonly<Record<string, "string" | "number">>;
  /** Numeric fields: how each follows from an event's drawn value; null: constant in a series, see `numbers`. */
  readonly numeric: Readonly<Record<string, ((value: number) => number) | "subsecond" | null>>;
  /** The series of one zone (of the host, where the metric has no zones: then asked with the global zone). */
  seriesOf(zone: SimZone): SeriesInit[];
}

/** A number that has nothing to do with the drawn value but belongs to it: where on a disk, or in a file. */
export function scattered(below: number, step: number): (value: number) => number {
  return (value) => Math.floor((hashText(String(value)) / 2 ** 32) * (below / step)) * step;
}

export const IDENTITY = (value: number): number => value;

/** The fields of whoever did it: P in the catalogue's table. */
export const PROCESS_FIELDS = {
  pid: "number",
  execname: "string",
  psargs: "string",
  ppid: "number",
  pexecname: "string",
} as const;

export function processFields(process: Process): Record<string, Constant> {
  const { service } = process;
  return {
    pid: process.pid,
    execname: service.execname,
    psargs: service.psargs,
    ppid: process.ppid,
    pexecname: service.parent,
  };
}
