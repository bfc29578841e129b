/**
 * proc.ts: processes that come and go.
 */
import { PROCESS_LIFE, TRIVIAL } from "../profiles.ts";
import type { Profile } from "../profile.ts";
import { SHORT_LIVED } from "../services.ts";
import type { SimZone } from "../zone.ts";
import { IDENTITY, PROCESS_FIELDS, type Model, type SeriesInit } from "./model.ts";

export const procExecs: Model = {
  metric: "proc.execs",
  zoned: true,
  fields: PROCESS_FIELDS,
  numeric: { subsecond: "subsecond" },
  seriesOf: shortLived(TRIVIAL),
};

export const procExits: Model = {
  metric: "proc.exits",
  zoned: true,
  fields: { ...PROCESS_FIELDS, exittype: "string" },
  numeric: { walltime: IDENTITY, subsecond: "subsecond" },
  seriesOf: shortLived(PROCESS_LIFE),
};

export const procForks: Model = { ...procExecs, metric: "proc.forks" };

function shortLived(profile: Profile): (zone: SimZone) => SeriesInit[] {
  return (zone) =>
    SHORT_LIVED.map((execname, i) => ({
      // One pid stands for all of a name: a process of its own each time would be a series of its own.
      fields: {
        pid: 100_000 + i,
        execname,
        psargs: execname,
        ppid: 900 + zone.id,
        pexecname: "cron",
        exittype: "exited",
      },
      rate: 0.9 / (i + 1),
      profile,
    }));
}
