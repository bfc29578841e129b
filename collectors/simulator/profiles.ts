/**
 * profiles.ts: the latencies of the simulated operations, as data: medians as measured on machines with a spinning pool, an
 * ARC that serves most reads, and a log device.
 */
import type { Part, Profile } from "./profile.ts";

const US = 1_000;
const MS = 1_000_000;

const cpu = (share: number, medianNs: number, sigma = 0.35): Part => ({ kind: "cpu", share, medianNs, sigma });
const disk = (share: number, medianNs: number, sigma = 0.5): Part => ({ kind: "disk", share, medianNs, sigma });
const net = (share: number, medianNs: number, sigma: number): Part => ({ kind: "net", share, medianNs, sigma });
const timer = (share: number, medianNs: number): Part => ({ kind: "timer", share, medianNs, sigma: 0.012 });
const synced = (part: Part): Part => ({ ...part, sync: true });
/** The one in ten thousand that people hunt. */
const rare = (medianNs = 160 * MS): Part => ({ kind: "disk", share: 1e-4, medianNs, sigma: 0.7 });

function profile(name: string, ...parts: Part[]): Profile {
  return { name, parts };
}

/** A file read: most from the ARC, the rest from disk. The two bands of every storage heatmap. */
export const CACHED_READ = profile("cached-read", cpu(0.84, 3.4 * US), disk(0.1599, 1.7 * MS, 0.42), rare());
/** The same where the data hardly fits in memory. */
export const COLD_READ = profile("cold-read", cpu(0.55, 5.2 * US), disk(0.4497, 2.1 * MS, 0.5), rare());
/** A write into memory; now and then it waits for the write throttle. */
export const BUFFERED_WRITE = profile(
  "buffered-write",
  synced(cpu(0.972, 8.5 * US, 0.4)),
  disk(0.0279, 700 * US, 0.6),
  rare(),
);
/** Waits for the intent log, always. */
export const LOG_COMMIT = profile("log-commit", synced(disk(0.9995, 950 * US, 0.33)), rare(220 * MS));
/** Metadata from the name cache, or from disk. */
export const LOOKUP = profile("lookup", cpu(0.975, 11 * US, 0.4), disk(0.0249, 1.5 * MS, 0.5), rare());
export const TRIVIAL = profile("trivial", cpu(1, 1.3 * US, 0.3));
export const SOCKET_READ = profile("socket-read", cpu(0.82, 2.6 * US), net(0.18, 150 * US, 0.45));
export const SOCKET_WRITE = profile("socket-write", cpu(0.93, 14 * US, 0.4), net(0.07, 120 * US, 0.45));
/** Waits for whatever a client does next. */
export const EVENT_WAIT = profile("event-wait", net(0.95, 190 * US, 0.5), timer(0.05, 100 * MS));
export const POLL = profile("poll", cpu(0.3, 2.4 * US), net(0.4, 430 * US, 0.5), timer(0.3, 10 * MS));
export const SEND_FILE = profile("send-file", cpu(0.9, 38 * US, 0.45), disk(0.0998, 1.9 * MS, 0.5), rare());
/** Another service is asked, and answers. */
export const UPSTREAM = profile("upstream", cpu(0.25, 6 * US), net(0.75, 640 * US, 0.35));
export const WOULD_BLOCK = profile("would-block", cpu(1, 1.1 * US, 0.25));

export const DISK_READ = profile("disk-read", disk(0.9999, 1.5 * MS, 0.45), rare());
export const DISK_WRITE = profile("disk-write", synced(disk(0.9999, 420 * US, 0.5)), rare());
export const RUN_QUEUE = profile("run-queue", cpu(0.93, 3.1 * US, 0.55), cpu(0.07, 90 * US, 0.9));
export const ON_CPU = profile("on-cpu", cpu(0.8, 46 * US, 0.9), cpu(0.15, 900 * US, 0.8), timer(0.05, 10 * MS));
export const PROCESS_LIFE = profile("process-life", cpu(0.75, 7 * MS, 0.6), cpu(0.25, 800 * MS, 1.1));
export const TXG = profile("txg", synced(disk(1, 210 * MS, 0.35)));

export const HTTP = profile("http", cpu(0.55, 1.8 * MS, 0.4), net(0.449, 9 * MS, 0.6), rare(400 * MS));
export const GC_SCAVENGE = profile("gc-scavenge", cpu(1, 1.2 * MS, 0.4));
export const GC_MARK_SWEEP = profile("gc-mark-sweep", cpu(1, 38 * MS, 0.5));
export const QUERY_READ = profile("query-read", cpu(0.8, 320 * US, 0.5), disk(0.1999, 4.2 * MS, 0.5), rare(300 * MS));
export const QUERY_WRITE = profile("query-write", synced(disk(0.9999, 2.4 * MS, 0.4)), rare(300 * MS));
