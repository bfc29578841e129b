/**
 * services.ts: what runs in a zone of each role, as data: processes, their system calls (illumos names) and rates.
 */
import * as profiles from "./profiles.ts";
import type { Profile } from "./profile.ts";

export interface Syscall {
  readonly name: string;
  /** Calls a second at ordinary load. */
  readonly rate: number;
  readonly profile: Profile;
  /** The share of calls that fail at once, and how: an illumos errno. */
  readonly fails?: { readonly errno: number; readonly share: number };
}

export interface Service {
  readonly execname: string;
  readonly psargs: string;
  readonly parent: string;
  readonly syscalls: readonly Syscall[];
}

export interface Role {
  readonly name: string;
  readonly services: readonly Service[];
  /** Weight in the host's disk and CPU utilisation. */
  readonly diskDemand: number;
  readonly cpuDemand: number;
}

/** errno(3C) of illumos. */
const ENOENT = 2;
const EAGAIN = 11;

const call = (name: string, rate: number, profile: Profile, fails?: Syscall["fails"]): Syscall =>
  fails === undefined ? { name, rate, profile } : { name, rate, profile, fails };

const NGINX: Service = {
  execname: "nginx",
  psargs: "nginx: worker process",
  parent: "nginx",
  syscalls: [
    call("portfs", 150, profiles.EVENT_WAIT),
    call("recv", 260, profiles.SOCKET_READ, { errno: EAGAIN, share: 0.12 }),
    call("sendfilev", 180, profiles.SEND_FILE),
  ],
};
const NODE: Service = {
  execname: "node",
  psargs: "node --max-old-space-size=512 server.js",
  parent: "svc.startd",
  syscalls: [
    call("portfs", 160, profiles.EVENT_WAIT),
    call("read", 310, profiles.SOCKET_READ),
    call("write", 290, profiles.SOCKET_WRITE),
  ],
};
const POSTGRES: Service = {
  execname: "postgres",
  psargs: "postgres: app app 10.77.0.12(51514) idle",
  parent: "postgres",
  syscalls: [
    call("pread", 620, profiles.CACHED_READ),
    call("pwrite", 160, profiles.BUFFERED_WRITE),
    call("fdsync", 55, profiles.LOG_COMMIT),
    call("recv", 280, profiles.UPSTREAM),
  ],
};
const WAL: Service = {
  execname: "pg_receivewal",
  psargs: "pg_receivewal -D /pg/wal -h 10.77.0.20",
  parent: "svc.startd",
  syscalls: [call("write", 40, profiles.BUFFERED_WRITE), call("fdsync", 18, profiles.LOG_COMMIT)],
};
const REDIS: Service = {
  execname: "redis-server",
  psargs: "redis-server 0.0.0.0:6379",
  parent: "svc.startd",
  syscalls: [
    call("portfs", 260, profiles.EVENT_WAIT),
    call("read", 640, profiles.SOCKET_READ),
    call("write", 610, profiles.SOCKET_WRITE),
  ],
};
const HAPROXY: Service = {
  execname: "haproxy",
  psargs: "haproxy -f /opt/local/etc/haproxy.cfg",
  parent: "svc.startd",
  syscalls: [call("pollsys", 120, profiles.POLL), call("recv", 190, profiles.SOCKET_READ)],
};
const RSYNC: Service = {
  execname: "rsync",
  psargs: "rsync -a --delete /data/ backup:/data/",
  parent: "cron",
  syscalls: [
    call("read", 110, profiles.COLD_READ),
    call("fstatat", 150, profiles.LOOKUP, { errno: ENOENT, share: 0.02 }),
    call("write", 70, profiles.SOCKET_WRITE),
  ],
};
const GZIP: Service = {
  execname: "gzip",
  psargs: "gzip -9 /data/export.ndjson",
  parent: "bash",
  syscalls: [call("read", 45, profiles.COLD_READ), call("write", 40, profiles.BUFFERED_WRITE)],
};

const VMADMD: Service = {
  execname: "vmadmd",
  psargs: "/usr/node/bin/node --abort_on_uncaught_exception /usr/vm/sbin/vmadmd",
  parent: "svc.startd",
  syscalls: [call("read", 10, profiles.CACHED_READ), call("ioctl", 18, profiles.TRIVIAL)],
};

/** In the order in which zones take them. */
export const ROLES: readonly Role[] = [
  { name: "web", services: [NGINX, NODE], diskDemand: 0.05, cpuDemand: 0.12 },
  { name: "db", services: [POSTGRES, WAL], diskDemand: 0.24, cpuDemand: 0.1 },
  { name: "cache", services: [REDIS, HAPROXY], diskDemand: 0.03, cpuDemand: 0.09 },
  // The noisy neighbour: quiet, and then for a minute it wants everything.
  { name: "batch", services: [RSYNC, GZIP], diskDemand: 0.08, cpuDemand: 0.05 },
];

export const GLOBAL_ROLE: Role = { name: "global", services: [VMADMD], diskDemand: 0.02, cpuDemand: 0.02 };

/** Commands that come and go: what proc.execs and proc.exits count. */
export const SHORT_LIVED: readonly string[] = ["sh", "cron", "curl", "sed", "logger"];
