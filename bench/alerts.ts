/**
 * bench/alerts.ts: what evaluation costs: rules over hosts, each second, as batches come.
 *
 * Every host sends a batch a second with its zones' distributions; the rules are of all kinds that memory answers, a tenth of them by zone (a tenant's
 * twenty zones, or all thousand for each hundredth rule), half of them of tenants, over a handful of filters and windows as rules in use are. Time is simulated, so that the CPU of an hour's minute is measured and not
 * waited for. What is counted is this process's CPU for taking the batches in and for evaluating, without the store, which evaluation does
 * not touch.
 *
 * Run: node --import tsx bench/alerts.ts [RULES] [HOSTS] [SECONDS]
 */
import { BatchBuilder } from "../core/batch-builder.ts";
import type { AttributedBatch, DictColumn, LiveFeed, StoredBatch } from "../core/window.ts";
import { parseRule, ruleJson } from "../core/alerts/read-rule.ts";
import { OPERATOR } from "../core/window.ts";
import { Evaluator } from "../query-api/alerts/evaluator.ts";
import { Zones } from "../query-api/alerts/reader.ts";
import { AlertRules } from "../query-api/alerts/rules.ts";
import { ExpectedHosts } from "../query-api/expected.ts";
import { Instrumentations } from "../query-api/instrumentations.ts";
import { openAlerts } from "../store/alerts.ts";
import type { StoreClient } from "../store/client.ts";
import { openInstrumentations } from "../store/instrumentations.ts";
import type { OwnershipRow } from "../store/ownership.ts";

const RULES = Number(process.argv[2] ?? 1000);
const HOSTS = Number(process.argv[3] ?? 200);
const SECONDS = Number(process.argv[4] ?? 60);
const ZONES_PER_HOST = 5;
const TENANTS = 50;
const BUCKETS_PER_ROW = 8;
const APPS = ["postgres", "nginx", "node"];
const START = 1_790_000_000;

/** Takes what is written and has nothing to read. */
const store = {
  insertRows: () => Promise.resolve({ writtenRows: 0 }),
  query: () => Promise.resolve([]),
} as unknown as StoreClient;

const host = (i: number): string => `cn-${String(i).padStart(3, "0")}`;
const zone = (h: number, z: number): string => `zone-${h}-${z}`;
const tenantOf = (h: number, z: number): string => `tenant-${(h * ZONES_PER_HOST + z) % TENANTS}`;

let nowSec = START;
const listeners = new Set<(stored: StoredBatch) => void>();
const feed: LiveFeed = {
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

const ownership: OwnershipRow[] = Array.from({ length: HOSTS * ZONES_PER_HOST }, (_, i) => {
  const [h, z] = [Math.floor(i / ZONES_PER_HOST), i % ZONES_PER_HOST];
  return { zone: zone(h, z), host: host(h), fromMs: 0, toMs: 0, owner: tenantOf(h, z), alias: "", state: "running" };
});
const fleet = new ExpectedHosts(ownership, null);
const byTenant = new Map(
  Array.from({ length: TENANTS }, (_, i) => [`tenant-${i}`, new ExpectedHosts(ownership, `tenant-${i}`)]),
);

const tables = openAlerts(store);
const instrumentations = new Instrumentations(openInstrumentations(store));
const row = await instrumentations.ensureStanding({ metric: "syscall.ops", decomposition: ["execname", "latency"] });
const rules = new AlertRules(tables, instrumentations);

const CONDITIONS = [
  (i: number) => ({ kind: "quantile", q: i % 2 === 0 ? 0.99 : 0.9, windowSec: 60, above: 1e9 }),
  () => ({ kind: "share", over: 1e7, windowSec: 60, above: 0.9 }),
  (i: number) => ({ kind: "rate", windowSec: 10, above: 1e9 + i }),
  () => ({ kind: "mass", low: 1e6, high: 1e8, windowSec: 300, above: 1e12 }),
  () => ({ kind: "coverage", windowSec: 5, above: 0.5 }),
  () => ({ kind: "absent", windowSec: 30 }),
];
await tables.rules.put(
  Array.from({ length: RULES }, (_, i) => {
    const condition = CONDITIONS[i % CONDITIONS.length]?.(i) ?? {};
    const isCounted = i % CONDITIONS.length < 4;
    const where = isCounted && i % 3 === 0 ? { eq: ["execname", APPS[i % APPS.length]] } : {};
    const per = i % 10 === 1 || i % 100 === 0 ? { per: "zonename" } : {};
    const rule = parseRule({ name: `rule ${i}`, instrumentation: row.id, condition, everySec: 1, where, ...per });
    const owner = i % 2 === 0 ? OPERATOR : `tenant-${i % TENANTS}`;
    return {
      id: i.toString(16).padStart(16, "0"),
      owner,
      origin: "api",
      rule: ruleJson(rule),
      createdMs: 0,
      changedMs: 0,
      deletedMs: 0,
    };
  }),
);

const evaluator = new Evaluator(
  {
    ...{
      store,
      nowSec: () => nowSec,
      rules,
      instrumentations,
      feed,
      zones: new Zones({ revision: 1, current: () => ownership }),
    },
    expectedFor: (tenant) => (tenant === null ? fleet : (byTenant.get(tenant) ?? fleet)),
    onError: (error) => console.error(error),
  },
  [],
);

function batchOf(h: number, ts: number): AttributedBatch {
  const builder = new BatchBuilder();
  const about = { spec: row.spec, enabling: "e", host: host(h), tick: ts - START + 1, ts };
  const tenants: string[] = [];
  for (let z = 0; z < ZONES_PER_HOST; z++) {
    for (const app of APPS) {
      const bucket = Array.from({ length: BUCKETS_PER_ROW }, (_, b) => 10 + ((h + z + b * 7) % 120));
      builder.addWindow({
        ...about,
        zone: zone(h, z),
        keys: [app],
        bucket,
        count: bucket.map((b) => 1 + (b % 9)),
        value: 0,
      });
      tenants.push(tenantOf(h, z));
    }
  }
  const covered = {
    status: "ok",
    reason: "",
    dropped: 0,
    events: 0,
    endedMs: 0,
    receivedMs: 0,
    elapsedNs: 1e9,
    detail: "",
  } as const;
  builder.addCoverage({ ...about, ...covered });
  tenants.push("");
  return { ...builder.finish(), tenant: dictOf(tenants) };
}

function dictOf(texts: readonly string[]): DictColumn {
  const values = [...new Set(texts)];
  return { values, codes: Int32Array.from(texts, (text) => values.indexOf(text)) };
}

let seq = 0;
const spent = { taking: 0, evaluating: 0 };
const cpuMs = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
};
let measured = 0;
let changes = 0;
/** Until the ticks before the first are there, from the store. */
const WARM_UP = 25;
for (let second = 0; second < WARM_UP + SECONDS; second++) {
  const ts = START + second;
  const batches = Array.from({ length: HOSTS }, (_, h) => batchOf(h, ts));
  nowSec = ts + 1.2;
  const isMeasured = second >= WARM_UP;
  let from = process.cpuUsage();
  for (const batch of batches) for (const listener of listeners) listener({ stream: "bench", seq: seq++, batch });
  if (isMeasured) spent.taking += cpuMs(from);
  // Fills from the store come in between.
  await new Promise((run) => setImmediate(run));
  from = process.cpuUsage();
  changes += evaluator.run().length;
  nowSec += 0.5;
  changes += evaluator.run().length;
  if (isMeasured) {
    spent.evaluating += cpuMs(from);
    measured += 1;
  }
}
const sources = evaluator.sources;
const waiting = rules.living().filter(({ id }) => evaluator.problem(id) !== "").length;
evaluator.close();
const share = (ms: number): string => `${((ms / (measured * 1000)) * 100).toFixed(1)} %`;
console.log(
  `${RULES} rules over ${HOSTS} hosts (${HOSTS * ZONES_PER_HOST} zones, ${HOSTS * ZONES_PER_HOST * APPS.length} rows a second), ${sources} sources, ${waiting} waiting, ${changes} changes`,
);
console.log(
  `CPU of one core, each second: taking batches in ${share(spent.taking)}, evaluating ${share(spent.evaluating)}, together ${share(spent.taking + spent.evaluating)} (aim: below 25 %)`,
);
