/**
 * spool-loss.ts: what the spool had and will not deliver, as it tells its owner, who makes gap rows of it.
 */
import type { CoverageRow } from "../core/window.ts";

export interface SpoolLoss {
  /** spool_overflow: dropped for room. spool_corrupt: damaged on the disk, or torn by a power cut. */
  readonly reason: "spool_overflow" | "spool_corrupt";
  readonly batches: number;
  /** The windows lost, as far as they can still be read. */
  readonly coverage: readonly CoverageRow[];
}
