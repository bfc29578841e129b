/**
 * engine-metrics.ts: the embedded engine on /metrics: how often it was started again, and how full its disk is.
 */
import { statfsSync } from "node:fs";
import type { Metrics } from "../server/metrics.ts";
import type { Engine } from "../store/engine.ts";

export function engineMetrics(engine: Pick<Engine, "restarts">, dataDir: string, metrics: Metrics): void {
  const restarts = metrics.gauge("store_engine_restarts", "Times that the embedded engine was started again.");
  const free = metrics.gauge("store_disk_free_bytes", "Bytes free where the embedded engine keeps its data.");
  const size = metrics.gauge("store_disk_size_bytes", "Bytes of the disk where the embedded engine keeps its data.");
  metrics.beforeText(() => {
    restarts.set(engine.restarts);
    try {
      const { bavail, blocks, bsize } = statfsSync(dataDir);
      free.set(bavail * bsize);
      size.set(blocks * bsize);
    } catch {
      // Without its disk the engine does not serve, and /readyz says that.
    }
  });
}
