/**
 * disk-io-ops.ts: operations of the disks below the pool, which belong to no zone.
 */
import { DISK_READ, DISK_WRITE } from "../profiles.ts";
import { IDENTITY, scattered, type Model, type SeriesInit } from "./model.ts";

/** Two mirrors: what sd calls them. */
export const DISKS: readonly string[] = ["sd0", "sd1"];

export const DISK_SIZES = { read: 131_072, write: 32_768 } as const;

export const diskIoOps: Model = {
  metric: "disk.io_ops",
  zoned: false,
  fields: { disk: "string", optype: "string" },
  numeric: { latency: IDENTITY, size: null, offset: scattered(2 * 10 ** 12, 512) },
  seriesOf: (zone) =>
    zone.name !== "global"
      ? []
      : DISKS.flatMap((disk): SeriesInit[] => [
          { fields: { disk, optype: "read" }, rate: 62, profile: DISK_READ, numbers: { size: DISK_SIZES.read } },
          { fields: { disk, optype: "write" }, rate: 48, profile: DISK_WRITE, numbers: { size: DISK_SIZES.write } },
        ]),
};
