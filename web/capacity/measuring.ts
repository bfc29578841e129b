/**
 * measuring.ts: what an instrumentation must be to answer for capacity: fields of its decomposition, and no end.
 */
import { ask } from "../api/client.ts";

/** Beside the zone; the same as query-api/capacity/sources.ts needs. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "cpu.cpus": ["utilization"],
  "disk.busy": ["disk"],
  "memory.host": ["space"],
  "nic.phys": ["direction", "nic"],
  "nic.phys_speed": ["nic"],
  "zfs.pool": ["space", "zpool"],
};

/** @param isOperator whose may be for good; others' end when nobody has read them for as long as they may */
export function requestFor(metric: string, isOperator: boolean, fields: readonly string[] | undefined) {
  const decomposition = [...(fields ?? FIELDS[metric] ?? [])];
  return { metric, decomposition, label: "for capacity", ...(isOperator ? { idleMaxSec: 0 } : {}) };
}

export async function measure(
  metrics: readonly string[],
  isOperator: boolean,
  fields: readonly string[] | undefined,
): Promise<void> {
  for (const metric of metrics)
    await ask("POST", "/v1/instrumentations", { body: requestFor(metric, isOperator, fields) });
}
