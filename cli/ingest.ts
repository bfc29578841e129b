/**
 * ingest.ts: `isotherm ingest`: takes in batches and stores them in a ClickHouse that others read.
 */
import type { Command } from "commander";
import { startIngest, type IngestService } from "../ingest/service.ts";
import { checkPort } from "../server/http.ts";
import type { ReadyCheck } from "../server/readiness.ts";
import type { MeteredStore } from "../server/store-metrics.ts";
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
      const { url } = await startConfiguredIngest(role, await openSharedStore(role));
      return `ingest listens on ${url}`;
    },
  );
}

/** @param checks what else must hold for its /readyz */
export async function startConfiguredIngest(
  { config, log, metrics, closers, reloads }: Role,
  { store, state }: RoleStore,
  checks: readonly ReadyCheck[] = [],
): Promise<IngestService> {
  const { host, port, rollups, inFlightBytes, replayBytes, collectorLimits, tenantLimits } = config.ingest;
  const admission = { inFlightBytes, collector: collectorLimits };
  const feedOptions = { replayBytes };
  if (rollups) {
    const job = startRollups({ store, state, log, metrics, retention: config.store.retention });
    closers.add(() => job.close());
    reloads.add({ keys: ["store.retention."], prepare: (next) => job.retaining(next.store.retention) });
  }
  const limits = { admission, tenantLimits, feedOptions };
  const all = [refusals(store), ...checks];
  const ingest = await startIngest({ store, state, log, metrics, host, port, ...limits, checks: all });
  closers.add(() => ingest.close());
  reloads.add({
    keys: ["ingest.inFlightBytes", "ingest.collectorLimits.", "ingest.tenantLimits."],
    prepare: ({ ingest: next }) => {
      const { inFlightBytes: bytes, collectorLimits: collector, tenantLimits: tenants } = next;
      return () => ingest.limit({ inFlightBytes: bytes, collector }, tenants);
    },
  });
  return ingest;
}

/** A store whose disk is full answers, and takes nothing. */
export function refusals(store: MeteredStore): ReadyCheck {
  return { otherwise: "the store takes no inserts", check: () => store.takesInserts() };
}
