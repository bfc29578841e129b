/**
 * catalogue.ts: every metric there is, by name.
 *
 * Adding one is adding its descriptor, its `.d` file if it is DTrace's, and a line here. Static imports rather than a directory
 * listing: the compiler checks them, and they are the same from source and from dist. A test holds the list and the directory
 * together.
 */
import { metricName } from "../core/metric.ts";
import { entry as cpuCap } from "./cpu.cap.ts";
import { entry as cpuCapAbove } from "./cpu.cap_above.ts";
import { entry as cpuCapThreads } from "./cpu.cap_threads.ts";
import { entry as cpuCapUsage } from "./cpu.cap_usage.ts";
import { entry as cpuCapWait } from "./cpu.cap_wait.ts";
import { entry as cpuCpus } from "./cpu.cpus.ts";
import { entry as cpuDispatchWait } from "./cpu.dispatch_wait.ts";
import { entry as cpuLoadavg } from "./cpu.loadavg.ts";
import { entry as cpuThreadExecutions } from "./cpu.thread_executions.ts";
import { entry as cpuThreadSamples } from "./cpu.thread_samples.ts";
import { entry as cpuUsage } from "./cpu.usage.ts";
import { entry as cpuWaittime } from "./cpu.waittime.ts";
import { entry as syscallOps } from "./syscall.ops.ts";
import { entry as fsLogicalOps } from "./fs.logical_ops.ts";
import { entry as fsLogicalRwbytes } from "./fs.logical_rwbytes.ts";
import { entry as fsLogicalRwops } from "./fs.logical_rwops.ts";
import { entry as fsRwOps } from "./fs.rw_ops.ts";
import { entry as fsSlowOps } from "./fs.slow_ops.ts";
import { entry as fsThrottle } from "./fs.throttle.ts";
import { entry as fsThrottleTime } from "./fs.throttle_time.ts";
import { entry as zfsArc } from "./zfs.arc.ts";
import { entry as zfsArcSize } from "./zfs.arc_size.ts";
import { entry as zfsArcTarget } from "./zfs.arc_target.ts";
import { entry as zfsPool } from "./zfs.pool.ts";
import { entry as zfsPoolHealth } from "./zfs.pool_health.ts";
import { entry as zfsSpaSync } from "./zfs.spa_sync.ts";
import { entry as zfsZoneBytes } from "./zfs.zone_bytes.ts";
import { entry as zfsZoneIo } from "./zfs.zone_io.ts";
import { entry as zfsZoneWait } from "./zfs.zone_wait.ts";
import { entry as diskBusy } from "./disk.busy.ts";
import { entry as diskIoOps } from "./disk.io_ops.ts";
import { entry as diskPhysioBytes } from "./disk.physio_bytes.ts";
import { entry as diskPhysioOps } from "./disk.physio_ops.ts";
import { entry as diskQueue } from "./disk.queue.ts";
import { entry as memoryHost } from "./memory.host.ts";
import { entry as memoryPageIns } from "./memory.page_ins.ts";
import { entry as memoryPressure } from "./memory.pressure.ts";
import { entry as memoryReclaim } from "./memory.reclaim.ts";
import { entry as memoryRss } from "./memory.rss.ts";
import { entry as memoryRssLimit } from "./memory.rss_limit.ts";
import { entry as memorySwap } from "./memory.swap.ts";
import { entry as memorySwapLimit } from "./memory.swap_limit.ts";
import { entry as memoryThrottleTime } from "./memory.throttle_time.ts";
import { entry as nicPhys } from "./nic.phys.ts";
import { entry as nicPhysErrors } from "./nic.phys_errors.ts";
import { entry as nicPhysPackets } from "./nic.phys_packets.ts";
import { entry as nicPhysSpeed } from "./nic.phys_speed.ts";
import { entry as nicVnic } from "./nic.vnic.ts";
import { entry as nicVnicErrors } from "./nic.vnic_errors.ts";
import { entry as nicVnicPackets } from "./nic.vnic_packets.ts";
import { entry as tcpConnections } from "./tcp.connections.ts";
import { entry as tcpErrors } from "./tcp.errors.ts";
import { entry as procExecs } from "./proc.execs.ts";
import { entry as procExits } from "./proc.exits.ts";
import { entry as procForks } from "./proc.forks.ts";
import { entry as vmZvolOps } from "./vm.zvol_ops.ts";
import { entry as nodeGc } from "./node.gc.ts";
import { entry as nodeHttp } from "./node.http.ts";
import { entry as postgresQueries } from "./postgres.queries.ts";
import { entry as mysqlQueries } from "./mysql.queries.ts";
import type { Entry } from "./recipe.ts";

const ENTRIES: readonly Entry[] = [
  cpuCap,
  cpuCapAbove,
  cpuCapThreads,
  cpuCapUsage,
  cpuCapWait,
  cpuCpus,
  cpuDispatchWait,
  cpuLoadavg,
  cpuThreadExecutions,
  cpuThreadSamples,
  cpuUsage,
  cpuWaittime,
  syscallOps,
  fsLogicalOps,
  fsLogicalRwbytes,
  fsLogicalRwops,
  fsRwOps,
  fsSlowOps,
  fsThrottle,
  fsThrottleTime,
  zfsArc,
  zfsArcSize,
  zfsArcTarget,
  zfsPool,
  zfsPoolHealth,
  zfsSpaSync,
  zfsZoneBytes,
  zfsZoneIo,
  zfsZoneWait,
  diskBusy,
  diskIoOps,
  diskPhysioBytes,
  diskPhysioOps,
  diskQueue,
  memoryHost,
  memoryPageIns,
  memoryPressure,
  memoryReclaim,
  memoryRss,
  memoryRssLimit,
  memorySwap,
  memorySwapLimit,
  memoryThrottleTime,
  nicPhys,
  nicPhysErrors,
  nicPhysPackets,
  nicPhysSpeed,
  nicVnic,
  nicVnicErrors,
  nicVnicPackets,
  tcpConnections,
  tcpErrors,
  procExecs,
  procExits,
  procForks,
  vmZvolOps,
  nodeGc,
  nodeHttp,
  postgresQueries,
  mysqlQueries,
];

export const catalogue: ReadonlyMap<string, Entry> = new Map(ENTRIES.map((entry) => [metricName(entry.metric), entry]));

/** @param name `module.stat` */
export function findMetric(name: string): Entry | undefined {
  return catalogue.get(name);
}
