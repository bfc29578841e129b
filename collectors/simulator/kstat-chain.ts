/**
 * kstat-chain.ts: the kstats of a host at a moment, with the names, classes and statistics that SmartOS gives them.
 *
 * Times of zone_vfs and zone_zfs are plain ns; those of disks are seconds with nine decimals.
 */
import type { CommandHost } from "./command.ts";
import type { Counters, HostTotals } from "./kstat-counters.ts";
import { unit, wave } from "./random.ts";
import { runsAt, type SimZone } from "./zone.ts";

export interface Kstat {
  readonly module: string;
  readonly instance: number;
  readonly name: string;
  readonly class: string;
  /** Ns since boot. */
  readonly crtimeNs: number;
  /** Integers as numbers or bigints; seconds and strings as text. */
  readonly statistics: Readonly<Record<string, number | bigint | string>>;
}

const CPUS = 4;
/** KSTAT_STRLEN is 31, with the final zero. */
const MAX_NAME = 30;
const GIB = 2 ** 30;
const NO_LIMIT = 2n ** 64n - 1n;

/** @param atMs the end of the second that `totals` counts through: true time */
export function kstatChain(host: CommandHost, totals: HostTotals, atMs: number): Kstat[] {
  const { zones, load } = host.events.load(totals.sec);
  const alive = zones.filter((zone) => runsAt(zone, atMs - 1));
  const all = [
    ...alive.flatMap((zone) =>
      zoneKstats(host, zone, totals.zones.get(zone) ?? NONE, totals.sec, load.activity[zones.indexOf(zone)] ?? 0),
    ),
    ...hostKstats(totals, load.cpuUtilisation, atMs, atMs - host.bootMs),
  ];
  return all.sort((a, b) => compare(a.module, b.module) || a.instance - b.instance || compare(a.name, b.name));
}

const NONE: Counters = new Map();

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function zoneKstats(host: CommandHost, zone: SimZone, counters: Counters, sec: number, activity: number): Kstat[] {
  const crtimeNs = Math.max(0, zone.bornMs - host.bootMs) * 1e6 + 11e9 + zone.id * 731_523_907;
  const n = (name: string): number => counters.get(name) ?? 0;
  const make = (
    module: string,
    klass: string,
    name: string,
    statistics: Kstat["statistics"],
    instance = zone.id,
  ): Kstat => {
    return { module, instance, name: name.slice(0, MAX_NAME), class: klass, crtimeNs, statistics };
  };
  const load = Math.round(256 * activity * zone.role.cpuDemand * 2);
  const limited = zone.name !== "global";
  const rss = Math.round((0.2 + 0.5 * unit(zone.seed, 31) + 0.02 * wave(zone.seed, sec, 120)) * GIB);
  const zonename = zone.name;
  return [
    make("zones", "zone_misc", zone.name, {
      zonename,
      nsec_user: n("nsec_user"),
      nsec_sys: n("nsec_sys"),
      nsec_waitrq: n("nsec_waitrq"),
      run_ticks: n("run_ticks"),
      avenrun_1min: load,
      avenrun_5min: load,
      avenrun_15min: load,
      run_queue: Math.round(load / 256),
      boot_time: Math.floor((host.bootMs + crtimeNs / 1e6) / 1000),
      init_pid: 2000 + zone.id,
      forkfail_cap: 0,
      forkfail_noproc: 0,
      forkfail_nomem: 0,
      forkfail_misc: 0,
      init_restarts: 0,
      nested_interp: 0,
    }),
    make("zone_vfs", "zone_vfs", zone.name, {
      zonename,
      ...pick(n, ["nread", "reads", "rtime", "rlentime", "nwritten", "writes", "wtime", "wlentime"]),
      ...pick(n, ["10ms_ops", "100ms_ops", "1s_ops", "10s_ops"]),
      rcnt: 0,
      wcnt: 0,
      delay_cnt: n("delay_cnt"),
      delay_time: n("delay_time"),
    }),
    make("zone_zfs", "zone_zfs", zone.name, {
      zonename,
      nread: n("z_nread"),
      reads: n("z_reads"),
      nwritten: n("z_nwritten"),
      writes: n("z_writes"),
      rtime: n("z_waittime"),
      rlentime: n("z_waittime"),
      wtime: 0,
      wlentime: 0,
      rcnt: 0,
      wcnt: 0,
      waittime: n("z_waittime"),
    }),
    make("memory_cap", "zone_memory_cap", zone.name, {
      zonename,
      rss,
      physcap: limited ? GIB : NO_LIMIT,
      swap: Math.round(rss * 1.3),
      swapcap: limited ? 2 * GIB : NO_LIMIT,
      ...zeros(["nover", "pagedout", "pgpgin", "anonpgin", "execpgin", "fspgin", "anon_alloc_fail"]),
      ...zeros(["n_pf_throttle", "n_pf_throttle_usec"]),
    }),
    ...(limited ? limitedKstats(make, n, zone, activity) : []),
  ];
}

function limitedKstats(
  make: (module: string, klass: string, name: string, statistics: Kstat["statistics"], instance?: number) => Kstat,
  n: (name: string) => number,
  zone: SimZone,
  activity: number,
): Kstat[] {
  const usage = Math.round(150 * activity * zone.role.cpuDemand);
  return [
    make("caps", "zone_caps", `cpucaps_zone_${zone.id}`, {
      zonename: zone.name,
      usage,
      value: 400,
      baseline: 0,
      effective: 400,
      maxusage: 400,
      nwait: 0,
      ...zeros(["above_sec", "above_base_sec", "below_sec", "bursting_sec", "burst_limit_sec"]),
    }),
    make(
      "link",
      "net",
      `z${zone.id}_net0`,
      {
        zonename: zone.name,
        ...pick(n, ["ipackets64", "opackets64", "rbytes64", "obytes64"]),
        ...zeros(["ierrors", "oerrors"]),
        ifspeed: 10_000_000_000,
        link_state: 1,
      },
      0,
    ),
  ];
}

const POOLS = ["zones", "data"] as const;
const POOL_BYTES = 4096 * GIB;
const STATES = ["online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"];

/** The host's pools as the wrapper's `pools` prints them: one that fills slowly, and one that lacks a disk. */
export function poolChain(host: CommandHost, totals: HostTotals): Kstat[] {
  return POOLS.map((name, i) => {
    const allocated = Math.round(POOL_BYTES * (0.3 + 0.4 * unit(host.seed, 41 + i))) + (totals.sec % 86_400) * 65_536;
    const health = i === 0 ? "online" : "degraded";
    const states = Object.fromEntries(STATES.map((state) => [state, state === health ? 1 : 0]));
    const space = { size: POOL_BYTES, allocated, free: POOL_BYTES - allocated };
    return { module: "zpool", instance: 0, name, class: "zpool", crtimeNs: 0, statistics: { ...space, ...states } };
  });
}

function hostKstats(totals: HostTotals, cpuUtilisation: number, atMs: number, upMs: number): Kstat[] {
  const n = (name: string): number => totals.host.get(name) ?? 0;
  const make = (
    module: string,
    instance: number,
    name: string,
    klass: string,
    statistics: Kstat["statistics"],
  ): Kstat => {
    return { module, instance, name, class: klass, crtimeNs: 3_141_592_653 + instance * 1_000_003, statistics };
  };
  const disks = [...totals.disks].map(([disk, counters], i) => {
    const at = (name: string): number => counters.get(name) ?? 0;
    const sizes = pick(at, ["nread", "nwritten", "reads", "writes"]);
    const times = {
      rtime: seconds(at("rtime")),
      wtime: seconds(0),
      rlentime: seconds(at("rlentime")),
      wlentime: seconds(0),
    };
    return make("sd", i, disk, "disk", {
      ...sizes,
      ...times,
      rcnt: 0,
      wcnt: 0,
      rlastupdate: seconds(0),
      wlastupdate: seconds(0),
    });
  });
  const cpus = Array.from({ length: CPUS }, (_, i) => {
    const share = (total: number): number => Math.floor(total / CPUS) + (i < total % CPUS ? 1 : 0);
    const [user, kernel] = [share(n("user")), share(n("kernel"))];
    return make("cpu", i, "sys", "misc", {
      cpu_nsec_user: user,
      cpu_nsec_kernel: kernel,
      cpu_nsec_intr: Math.round(kernel * 0.05),
      cpu_nsec_idle: Math.max(0, Math.round(upMs * 1e6) - user - kernel),
    });
  });
  return [
    ...disks,
    ...cpus,
    make("zfs", 0, "arcstats", "misc", {
      ...pick(n, ["hits", "misses"]),
      size: 11 * GIB,
      c: 12 * GIB,
      c_min: GIB,
      c_max: 24 * GIB,
      arc_meta_used: 2 * GIB,
    }),
    make("tcp", 0, "tcp", "mib2", {
      inSegs: n("segments") % 2 ** 32,
      outSegs: n("segments") % 2 ** 32,
      retransSegs: n("retransmitted") % 2 ** 32,
      timRetransDrop: 0,
      activeOpens: n("opened") % 2 ** 32,
      passiveOpens: (3 * n("opened")) % 2 ** 32,
      currEstab: 140,
      ...zeros(["attemptFails", "estabResets", "listenDrop", "listenDropQ0", "halfOpenDrop"]),
    }),
    make("unix", 0, "system_misc", "misc", {
      avenrun_1min: Math.round(256 * CPUS * cpuUtilisation),
      avenrun_5min: Math.round(256 * CPUS * cpuUtilisation),
      avenrun_15min: Math.round(256 * CPUS * cpuUtilisation),
      boot_time: Math.floor((atMs - upMs) / 1000),
      ncpus: CPUS,
      nproc: 210,
    }),
    make("unix", 0, "system_pages", "pages", {
      physmem: 8_388_608,
      freemem: 3_400_000,
      availrmem: 5_900_000,
      lotsfree: 130_000,
    }),
  ];
}

/** Seconds with nine decimals, exactly, as kstat(8) prints times of I/O kstats. */
export function seconds(ns: number): string {
  const whole = Math.floor(ns / 1e9);
  return `${whole}.${String(Math.floor(ns - whole * 1e9)).padStart(9, "0")}`;
}

function pick(n: (name: string) => number, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, n(name)]));
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
