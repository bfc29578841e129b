/**
 * fs-logical-ops.ts: operations on file systems, as fop_read and its like see them. The zone_vfs kstats count the reads and
 * writes of this same model.
 */
import { BUFFERED_WRITE, CACHED_READ, COLD_READ, LOG_COMMIT, LOOKUP, TRIVIAL } from "../profiles.ts";
import type { Profile } from "../profile.ts";
import { IDENTITY, PROCESS_FIELDS, processFields, scattered, type Model, type SeriesInit } from "./model.ts";

interface Op {
  readonly optype: string;
  readonly rate: number;
  readonly profile: Profile;
  readonly size: number;
}

/** By execname; whoever is not listed only reads a little. */
const OPS: Readonly<Record<string, readonly Op[]>> = {
  postgres: [
    { optype: "read", rate: 620, profile: CACHED_READ, size: 8192 },
    { optype: "write", rate: 160, profile: BUFFERED_WRITE, size: 8192 },
    { optype: "fsync", rate: 55, profile: LOG_COMMIT, size: 0 },
  ],
  pg_receivewal: [
    { optype: "write", rate: 40, profile: BUFFERED_WRITE, size: 16384 },
    { optype: "fsync", rate: 18, profile: LOG_COMMIT, size: 0 },
  ],
  nginx: [
    { optype: "read", rate: 180, profile: CACHED_READ, size: 32768 },
    { optype: "lookup", rate: 90, profile: LOOKUP, size: 0 },
    { optype: "getattr", rate: 110, profile: TRIVIAL, size: 0 },
  ],
  rsync: [
    { optype: "read", rate: 110, profile: COLD_READ, size: 131072 },
    { optype: "lookup", rate: 150, profile: LOOKUP, size: 0 },
  ],
  gzip: [
    { optype: "read", rate: 45, profile: COLD_READ, size: 131072 },
    { optype: "write", rate: 40, profile: BUFFERED_WRITE, size: 65536 },
  ],
};
const DEFAULT_OPS: readonly Op[] = [
  { optype: "read", rate: 12, profile: CACHED_READ, size: 4096 },
  { optype: "write", rate: 6, profile: BUFFERED_WRITE, size: 4096 },
];

export const fsLogicalOps: Model = {
  metric: "fs.logical_ops",
  zoned: true,
  fields: { ...PROCESS_FIELDS, fstype: "string", optype: "string" },
  numeric: { latency: IDENTITY },
  seriesOf: (zone) =>
    zone.processes.flatMap((process) =>
      (OPS[process.service.execname] ?? DEFAULT_OPS).map((op): SeriesInit => {
        const fields = { ...processFields(process), fstype: "zfs", optype: op.optype };
        return { fields, rate: op.rate, profile: op.profile, diskBound: 0.3, numbers: { size: op.size } };
      }),
    ),
};

/** The same reads and writes with their sizes: its series are its own, so its counts are not those of fs.logical_ops. */
export const fsRwOps: Model = {
  ...fsLogicalOps,
  metric: "fs.rw_ops",
  numeric: { latency: IDENTITY, size: null, offset: scattered(10 ** 10, 8192) },
  seriesOf: (zone) =>
    fsLogicalOps.seriesOf(zone).filter(({ fields }) => fields["optype"] === "read" || fields["optype"] === "write"),
};
