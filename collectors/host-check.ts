/**
 * host-check.ts: one host, tried as a collector would use it, with nothing stored.
 *
 *   a Host of its own ──▶ connects, lists zones, compiles the catalogue, runs one program and all kstats ──▶ evidence ──▶ verdict
 *        └── rows go nowhere              ends: all is known · the host is down · the time is over
 *
 * It is the collector's own `Host` and not a second way to a host: what a check has found to work is what will run.
 */
import type { HostReport } from "../core/host-status.ts";
import type { Assignment } from "../core/instrumentation.ts";
import { fieldOf, metricName } from "../core/metric.ts";
import { catalogue } from "../d-scripts/catalogue.ts";
import type { Platform } from "../d-scripts/recipe.ts";
import { silentLog } from "../server/log.ts";
import type { HostConfig } from "./collector.ts";
import { GUARD_LIMITS } from "./cost-guard.ts";
import { ENABLING_TIMINGS } from "./enabling.ts";
import { Host } from "./host.ts";
import { judge, NOT_YET, type Evidence, type HostVerdict } from "./host-verdict.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { DEFAULT_TIMINGS } from "./ssh.ts";
import { SupportBook } from "./support.ts";
import { Turns } from "./turns.ts";

export interface HostCheckOptions {
  readonly host: HostConfig;
  readonly knownHosts: KnownHosts;
  /** All that is asked of one host must be over by then. */
  readonly timeoutMs: number;
  /** Shared by the hosts of a check: what compiles is a matter of the platform image. */
  readonly support: SupportBook;
  readonly turns: Turns;
}

export interface HostCheck extends HostVerdict {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tookMs: number;
}

/** A program that every platform can run, and that costs next to nothing: it counts programs that are started. */
const PROBE = "proc.execs";
const TICK_MS = 1_000;

/** Never rejects: what goes wrong is the answer. */
export function checkHost(options: HostCheckOptions): Promise<HostCheck> {
  const { host, knownHosts, timeoutMs, support, turns } = options;
  const assignments = probes(host.platform);
  const begunMs = Date.now();
  let report: HostReport | undefined;
  let zones: HostReport["zones"];
  return new Promise((resolve) => {
    const probe: Host = new Host({
      ...host,
      collector: "check",
      knownHosts: () => knownHosts,
      timings: DEFAULT_TIMINGS,
      enablingTimings: ENABLING_TIMINGS,
      limits: GUARD_LIMITS,
      // The first failure is the answer: there is no second try.
      reconnectMinMs: timeoutMs * 2,
      reconnectMaxMs: timeoutMs * 2,
      zonesEveryMs: timeoutMs * 2,
      reportEveryMs: TICK_MS,
      support,
      turns,
      sink: { add: () => undefined },
      report: (_host, each) => {
        report = each;
        zones = each.zones ?? zones;
        // Later: whoever reports has not done yet, and would go on with a host that is closed.
        if (isComplete(evidence())) setImmediate(() => finish(false));
      },
      log: silentLog(),
      now: Date.now,
    });
    const evidence = (): Evidence => ({
      report,
      zones,
      facts: probe.facts,
      platform: host.platform,
      timedOut: false,
      timeoutMs,
    });
    let over = false;
    const finish = (timedOut: boolean): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      clearInterval(ticks);
      const verdict = judge({ ...evidence(), timedOut });
      probe.close();
      const { address = host.target.host, port } = host.target;
      resolve({ host: host.name, address, port, tookMs: Date.now() - begunMs, ...verdict });
    };
    const timer = setTimeout(() => finish(true), timeoutMs);
    const ticks = setInterval(() => probe.check(), TICK_MS);
    probe.assign(assignments);
    probe.start();
  });
}

/** Nothing more will be known. */
function isComplete({ report, zones }: Evidence): boolean {
  if (report === undefined) return false;
  if (report.state === "down") return report.reason !== NOT_YET;
  const { enablings = [], metrics = [] } = report.detail ?? {};
  return (
    zones !== undefined &&
    enablings.length > 0 &&
    enablings.every(({ state }) => state !== "starting") &&
    metrics.every(({ supported }) => supported !== null)
  );
}

/** One program, and every kstat metric with all of its discrete fields. */
function probes(platform: Platform): Assignment[] {
  const wanted = [...catalogue.values()].filter(
    ({ metric, recipe }) =>
      recipe.platforms.includes(platform) && (recipe.kind === "kstat" || metricName(metric) === PROBE),
  );
  return wanted.map(({ metric, recipe }, i) => ({
    id: String(i + 1).padStart(16, "0"),
    metric: metricName(metric),
    predicate: {},
    decomposition:
      recipe.kind === "dtrace"
        ? []
        : metric.fields.filter(({ name }) => fieldOf(metric, name)?.arity === "discrete").map(({ name }) => name),
    scheme: null,
    granularitySec: 1,
    scope: "all",
    requestedBy: "isotherm check",
  }));
}
