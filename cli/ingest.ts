/**
 * ingest.ts: `isotherm ingest`: takes in batches and stores them in a ClickHouse that others read.
 */
import type { Command } from "commander";
import { startIngest, type IngestService } from "../ingest/service.ts";
import { checkPort } from "../server/http.ts";
import { Metrics } from "../server/metrics.ts";
import { openSharedStore, type RoleStore } from "./role-store.ts";
import { startRollups } from "./rollup-job.ts";
import { roleCommand, type Role } from "./role.ts";

export function ingestCommand(): Command {
  return roleCommand(
    "ingest",
    "take in batches from collectors, and store them in a ClickHouse",
    ["store"],
    async (role) => {
      await checkPort(role.config.ingest.host, role.config.ingest.port);
      const { url } = await startConfiguredIngest(role, await openSharedStore(role), new Metrics(true));
      return `ingest listens on ${url}`;
    },
  );
}

export async function startConfiguredIngest(
  { config, log, closers }: Role,
  { store, state }: RoleStore,
  metrics: Metrics,
): Promise<IngestService> {
  const { host, port, rollups, inFlightBytes, replayBytes, collectorLimits, tenantLimits } = config.ingest;
  const admission = { inFlightBytes, collector: collectorLimits };
  const feedOptions = { replayBytes };
  if (rollups) {
    const job = startRollups({ store, state, log, metrics, retention: config.store.retention });
    closers.add(() => job.close());
  }
  const ingest = await startIngest({ store, state, log, metrics, host, port, admission, tenantLimits, feedOptions });
  closers.add(() => ingest.close());
  return ingest;
}
