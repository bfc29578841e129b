/**
 * known.ts: every metric that simulated hosts have probes for, by name.
 *
 * Some of the catalogue's are missing on purpose, as on most real hosts nobody runs MySQL or a bhyve zone: their programs
 * fail to compile here, and that path is seen too.
 */
import { cpuCapWait, cpuDispatchWait, cpuThreadExecutions, cpuThreadSamples } from "./cpu.ts";
import { diskIoOps } from "./disk-io-ops.ts";
import { fsLogicalOps, fsRwOps } from "./fs-logical-ops.ts";
import type { Model } from "./model.ts";
import { procExecs, procExits, procForks } from "./proc.ts";
import { syscallOps } from "./syscall-ops.ts";
import { tcpConnections } from "./tcp-connections.ts";
import { nodeGc, nodeHttp, postgresQueries } from "./usdt.ts";
import { zfsSpaSync } from "./zfs-spa-sync.ts";

const MODELS: readonly Model[] = [
  ...[syscallOps, fsLogicalOps, fsRwOps, diskIoOps, zfsSpaSync, tcpConnections],
  ...[cpuDispatchWait, cpuThreadExecutions, cpuThreadSamples, cpuCapWait],
  ...[procExecs, procExits, procForks],
  ...[nodeHttp, nodeGc, postgresQueries],
];

export const knownModels: ReadonlyMap<string, Model> = new Map(MODELS.map((model) => [model.metric, model]));
