/**
 * zfs-spa-sync.ts: the pool writes a transaction group out, every five seconds.
 */
import { TXG } from "../profiles.ts";
import { IDENTITY, type Model } from "./model.ts";

export const zfsSpaSync: Model = {
  metric: "zfs.spa_sync",
  zoned: false,
  fields: {},
  numeric: { latency: IDENTITY },
  seriesOf: (zone) => (zone.name === "global" ? [{ fields: {}, rate: 1, everySec: 5, profile: TXG }] : []),
};
