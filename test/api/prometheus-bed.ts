/**
 * prometheus-bed.ts: five minutes of known events of three zones on two hosts, a counter and a gauge, on a real engine; and a model
 * of what they add up to.
 */
import type { InstrumentationInfo } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import type { Client } from "../e2e/stack.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";

export const ACME = "11111111-1111-4111-8111-111111111111";
export const GLOBEX = "22222222-2222-4222-8222-222222222222";
export const SECONDS = 300;
/** A round five minutes, so that one column of a heatmap has all of it. */
export const FROM = Math.floor(Date.now() / 300_000) * 300 - 600;
export const TO = FROM + SECONDS;

/** Two closed hours, which a roll-up job may take; cn-02 was not watched in some minutes of the second. */
export const OLD = Math.floor(Date.now() / 3_600_000) * 3600 - 3 * 3600;

/** Seconds from FROM: nobody watched; cn-02 alone was not watched. */
export const DARK = { from: 100, to: 120 };
export const HALF_DARK = { from: 200, to: 260 };

export interface Event {
  readonly ts: number;
  readonly zone: string;
  readonly execname: string;
  readonly bucket: readonly number[];
  readonly count: readonly number[];
}

const ZONES = [
  { host: "cn-01", zone: "zone-a", owner: ACME },
  { host: "cn-02", zone: "zone-b", owner: ACME },
  { host: "cn-02", zone: "zone-g", owner: GLOBEX },
];

export interface PrometheusBed {
  readonly api: Api;
  readonly acme: Client;
  /** A distribution by execname, a counter, a gauge. */
  readonly ops: InstrumentationInfo;
  readonly cpu: InstrumentationInfo;
  readonly rss: InstrumentationInfo;
  readonly events: readonly Event[];
  /** Events of acme whose windows end in (fromSec, toSec]. */
  total(fromSec: number, toSec: number, matches?: (event: Event) => boolean): number;
  /** Stores one more second of zone-a's events, whose count is 7. */
  addSecond(ts: number): Promise<void>;
  close(): Promise<void>;
}

const COVERED = { reason: "", dropped: 0, events: 0, endedMs: 0, receivedMs: 0, elapsedNs: 1e9, detail: "" } as const;

export async function startPrometheusBed(): Promise<PrometheusBed> {
  const api = await startApi([
    { id: ACME, name: "acme" },
    { id: GLOBEX, name: "globex" },
  ]);
  const { instrumentations } = api.services.query;
  const standing = async (metric: string, decomposition: string[]): Promise<InstrumentationInfo> => {
    const { id } = await instrumentations.ensureStanding({ metric, decomposition });
    return api.operator.json<InstrumentationInfo>(`/v1/instrumentations/${id}`);
  };
  const ops = await standing("syscall.ops", ["execname", "latency"]);
  const cpu = await standing("cpu.usage", []);
  const rss = await standing("memory.rss", []);
  for (const host of ["cn-01", "cn-02"]) {
    const zones = ZONES.filter((each) => each.host === host);
    await api.reportZones(
      host,
      zones.map(({ zone, owner }) => ({ name: zone, owner, alias: zone, state: "running" })),
    );
  }
  const old = await standing("fs.logical_ops", ["latency"]);
  for (const hour of [0, 1]) {
    // A batch is of one day, and an hour is.
    const stored = await postBatch(api, "old", hour + 1, oldHour(old.id, OLD + hour * 3600, hour === 1));
    if (stored.status >= 300) throw new Error(stored.text);
  }
  const random = seeded(7);
  const events: Event[] = [];
  const builder = new BatchBuilder();
  for (let second = 0; second < SECONDS; second++) {
    for (const host of ["cn-01", "cn-02"]) {
      const isDark =
        (second >= DARK.from && second < DARK.to) ||
        (host === "cn-02" && second >= HALF_DARK.from && second < HALF_DARK.to);
      const ts = FROM + second;
      const about = { enabling: "e", host, tick: second + 1, ts };
      for (const { id: spec } of [ops, cpu, rss]) {
        const status = isDark ? { status: "gap", reason: "ssh_down" } : { status: "ok" };
        builder.addCoverage({ ...about, spec, ...COVERED, ...status } as never);
      }
      if (isDark) continue;
      for (const { zone } of ZONES.filter((each) => each.host === host)) {
        for (const execname of ["nginx", `say "hi"\\`]) {
          // A service that is idle at times: no row, and that is zero.
          if (random() < 0.3) continue;
          const first = 3 + Math.floor(random() * 60);
          const window = { bucket: [first, first + 2], count: [1 + Math.floor(random() * 50), 1] };
          events.push({ ts, zone, execname, ...window });
          builder.addWindow({ ...about, spec: ops.id, zone, keys: [execname], ...window, value: 0 });
        }
        builder.addWindow({ ...about, spec: cpu.id, zone, keys: [], bucket: [], count: [], value: 250_000_000 });
        builder.addWindow({ ...about, spec: rss.id, zone, keys: [], bucket: [], count: [], value: 1000 + second });
      }
    }
  }
  const stored = await postBatch(api, "s1", 1, builder.finish());
  if (stored.status >= 300) throw new Error(stored.text);
  let seq = 1;
  return {
    api,
    acme: api.tenant(ACME),
    ops,
    cpu,
    rss,
    events,
    total: (fromSec, toSec, matches = () => true) =>
      events
        .filter((event) => event.zone !== "zone-g" && event.ts + 1 > fromSec && event.ts + 1 <= toSec && matches(event))
        .reduce((sum, { count }) => sum + count.reduce((a, b) => a + b, 0), 0),
    addSecond: async (ts) => {
      const more = new BatchBuilder();
      const about = { spec: ops.id, enabling: "e", host: "cn-01", tick: ts, ts };
      more.addCoverage({ ...about, ...COVERED, status: "ok" });
      more.addWindow({ ...about, zone: "zone-a", keys: ["nginx"], bucket: [9], count: [7], value: 0 });
      seq += 1;
      await postBatch(api, "s1", seq, more.finish());
    },
    close: () => api.close(),
  };
}

/** An event every 20 seconds in each of acme's zones. */
function oldHour(spec: string, from: number, isDark: boolean): ReturnType<BatchBuilder["finish"]> {
  const builder = new BatchBuilder();
  for (let ts = from; ts < from + 3600; ts += 20) {
    for (const { host, zone, owner } of ZONES) {
      if (owner !== ACME) continue;
      const about = { spec, enabling: "o", host, tick: ts - OLD + 1, ts };
      const isGap = isDark && host === "cn-02" && ts >= from + 600 && ts < from + 1320;
      builder.addCoverage({
        ...about,
        ...COVERED,
        ...(isGap ? { status: "gap", reason: "ssh_down" } : { status: "ok" }),
      });
      const bucket = 10 + ((ts / 20) % 40);
      if (!isGap) builder.addWindow({ ...about, zone, keys: [], bucket: [bucket], count: [1 + (ts % 7)], value: 0 });
    }
  }
  return builder.finish();
}
