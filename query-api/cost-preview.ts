/**
 * cost-preview.ts: what an instrumentation would be and cost, told before it is made; and the cap of enablings on a host.
 *
 * A host has at most so many enablings (docs/selections.md says why). A new spec is refused only where no host has room for it; on
 * a host that is full it waits its turn, visibly. Operators see hosts by name. Tenants see counts, of the hosts on which they have a
 * zone, and events of their own zones: how busy a host is besides is not theirs to know.
 */
import type { CostEstimate, InstrumentationPreview, PreviewHost, Warning } from "../core/api.ts";
import { OperationalError } from "../core/errors.ts";
import { predicateJson, TRUE } from "../core/predicate.ts";
import { OPERATOR } from "../core/window.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { TokenRow } from "../store/tokens.ts";
import type { QueryContext } from "./context.ts";
import { hostDetail, presenceOf } from "./hosts.ts";
import { instrumentationInfo, MAX_PER_TENANT, specOf, type Instrumentations } from "./instrumentations.ts";
import { planTotal } from "./planner.ts";
import { readSums } from "./selection-sums.ts";
import { answeredWith, watchingOf, type Selected } from "./selection.ts";
import { tenantOf } from "./view.ts";
import { UNWATCHED } from "./watching.ts";

export const MAX_ENABLINGS_PER_HOST = 20;
/** What an estimate is made from. */
const ESTIMATE_SEC = 300;
/** The newest seconds may still be on their way. */
const SETTLE_SEC = 10;
/** How many like ones are asked before nothing is known. */
const MAX_TRIES = 3;
/** From so many keys on, combinations rather than values are what a window has. */
const MANY_KEYS = 3;

type Previewing = Pick<
  QueryContext,
  "store" | "instrumentations" | "hosts" | "ownership" | "programOf" | "expectedFor" | "nowSec"
>;

/** @param row one that has not been made */
export async function readPreview(
  context: Previewing,
  row: InstrumentationRow,
  principal: TokenRow,
  signal?: AbortSignal,
): Promise<InstrumentationPreview> {
  const { instrumentations } = context;
  const { metric } = specOf(row);
  const { id: _id, createdMs: _created, ...instrumentation } = instrumentationInfo(row);
  const program = context.programOf(row);
  const list = previewHosts(context, row, like(instrumentations, row, principal));
  const room = roomOn(list, metric.source);
  const count = (supported: boolean | null): number => list.filter((each) => each.supported === supported).length;
  const hosts = { supported: count(true), unsupported: count(false), unknown: count(null), full: room.full };
  const equal = instrumentations
    .visibleTo(principal)
    .filter((each) => each.spec === row.spec)
    .map(({ id }) => id);
  const isOperators = row.owner === OPERATOR;
  const caps = isOperators ? null : { used: instrumentations.count(row.owner), most: MAX_PER_TENANT };
  return {
    dryRun: true,
    instrumentation,
    cost: metric.cost,
    source: metric.source,
    program,
    probes: probesOf(program ?? ""),
    estimate: await readEstimate(context, row, principal, signal),
    equal,
    hosts: isOperators ? { ...hosts, list } : hosts,
    warnings: warningsOf(row, hosts, equal),
    caps: { instrumentations: caps, enablingsPerHost: MAX_ENABLINGS_PER_HOST },
    refused: refusedBy(caps, room),
  };
}

/** @throws OperationalError TOO_MANY_ENABLINGS where no host has room for it; InputError where it makes no D program */
export function requireHostRoom(
  context: Omit<Previewing, "store" | "expectedFor" | "nowSec">,
  row: InstrumentationRow,
): void {
  context.programOf(row);
  const list = previewHosts(context, row, []);
  if (!isNowhere(roomOn(list, specOf(row).metric.source))) return;
  const message = `create an instrumentation: every host has ${MAX_ENABLINGS_PER_HOST} enablings, as many as it may`;
  throw new OperationalError("TOO_MANY_ENABLINGS", message, { info: { retryAfterSec: 60 } });
}

interface Room {
  /** Hosts that could run it, and of these, hosts that have as many as they may. */
  readonly able: number;
  readonly full: number;
}

function roomOn(list: readonly PreviewHost[], source: "dtrace" | "kstat"): Room {
  const able = list.filter(({ supported }) => supported !== false);
  // What the kernel counts anyway needs no enabling.
  const full =
    source === "kstat" ? [] : able.filter((each) => !each.shared && each.enablings >= MAX_ENABLINGS_PER_HOST);
  return { able: able.length, full: full.length };
}

function isNowhere({ able, full }: Room): boolean {
  return able > 0 && full === able;
}

function refusedBy(caps: InstrumentationPreview["caps"]["instrumentations"], room: Room): string | null {
  if (caps !== null && caps.used >= caps.most) return "TOO_MANY_INSTRUMENTATIONS";
  return isNowhere(room) ? "TOO_MANY_ENABLINGS" : null;
}

/** Where it would run: all hosts, or a tenant's own. */
function previewHosts(
  { hosts, ownership, instrumentations }: Pick<Previewing, "hosts" | "ownership" | "instrumentations">,
  row: InstrumentationRow,
  alike: readonly Like[],
): PreviewHost[] {
  const owners = new Map<string, Set<string>>();
  for (const { host, owner } of ownership.current()) owners.set(host, (owners.get(host) ?? new Set()).add(owner));
  const programs = instrumentations.assignments().filter(({ metric }) => findMetric(metric)?.recipe.kind === "dtrace");
  const runsOn = (host: string, scope: "all" | readonly string[]): boolean =>
    scope === "all" || scope.some((owner) => owners.get(host)?.has(owner) === true);
  return hosts
    .all()
    .filter(({ name, state }) => state !== "removed" && runsOn(name, row.owner === OPERATOR ? "all" : [row.owner]))
    .map((host): PreviewHost => {
      const { state, reason } = presenceOf(host, Date.now());
      const detail = hostDetail(host);
      const here = programs.filter(({ scope }) => runsOn(host.name, scope));
      const support = detail.metrics.find(({ metric }) => metric === row.metric);
      const reported = alike.flatMap(({ row: { spec } }) => detail.enablings.filter((each) => each.spec === spec));
      return {
        host: host.name,
        supported: state === "up" ? (support?.supported ?? null) : null,
        reason: state === "up" ? (support?.reason ?? "it has not said yet whether it can") : reason,
        enablings: here.length,
        shared: here.some(({ id }) => id === row.spec),
        eventsPerSec: reported.find((each) => each.eventsPerSec !== null)?.eventsPerSec ?? null,
      };
    })
    .sort((a, b) => (a.host < b.host ? -1 : 1));
}

interface Like {
  readonly row: InstrumentationRow;
  readonly basis: "same" | "most";
}

/** Those that count the same events, then those that count all of the metric's: of the caller's, the newest first. */
function like(instrumentations: Instrumentations, row: InstrumentationRow, principal: TokenRow): Like[] {
  const predicate = JSON.stringify(predicateJson(specOf(row).spec.predicate));
  const all = instrumentations
    .visibleTo(principal)
    .filter(({ metric }) => metric === row.metric)
    .sort((a, b) => b.createdMs - a.createdMs)
    .map((each) => ({ row: each, text: JSON.stringify(predicateJson(specOf(each).spec.predicate)) }));
  return [
    ...all.filter(({ text }) => text === predicate).map((each): Like => ({ row: each.row, basis: "same" })),
    ...all
      .filter(({ text }) => text !== predicate && text === "{}")
      .map((each): Like => ({ row: each.row, basis: "most" })),
  ];
}

/** From what was counted of the caller's zones: how often the probes of a like one fired there. */
async function readEstimate(
  { store, instrumentations, expectedFor, nowSec }: Previewing,
  row: InstrumentationRow,
  principal: TokenRow,
  signal?: AbortSignal,
): Promise<CostEstimate> {
  const unknown = { eventsPerSec: null, basis: null };
  if (specOf(row).metric.source !== "dtrace") return unknown;
  const tenant = tenantOf(principal, undefined);
  const toTs = Math.floor(nowSec()) - SETTLE_SEC;
  const range = { fromTs: toTs - ESTIMATE_SEC, toTs };
  for (const { row: instrumentation, basis } of like(instrumentations, row, principal).slice(0, MAX_TRIES)) {
    const view = { instrumentation, ...specOf(instrumentation), tenant, where: TRUE };
    const selection = {
      instrumentation: instrumentation.id,
      from: range.fromTs,
      to: toTs,
      low: null,
      high: null,
      where: {},
    };
    const selected: Selected = { selection, view, range, buckets: null, low: null, high: null };
    const plan = await planTotal(store, view, range, nowSec(), signal);
    const watching = [watchingOf(selected, plan, expectedFor(tenant))];
    const { totalA, watched } = await readSums(store, [{ selected, plan, to: "a" }], [], "total", 1, signal, watching);
    const { watchedSec } = answeredWith(selected, plan, watched[0] ?? UNWATCHED);
    if (watchedSec === 0) continue;
    return { eventsPerSec: totalA / watchedSec, basis };
  }
  return unknown;
}

function warningsOf(
  row: InstrumentationRow,
  hosts: Omit<InstrumentationPreview["hosts"], "list">,
  equal: readonly string[],
): Warning[] {
  const { metric, spec } = specOf(row);
  const warnings: Warning[] = [];
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
  };
  if (hosts.supported + hosts.unsupported + hosts.unknown === 0) warn("NO_HOST", "there is no host to run it on");
  else if (hosts.supported === 0 && hosts.unknown === 0) warn("NO_HOST", "no host can run it");
  else if (hosts.unsupported > 0) warn("UNSUPPORTED", `${hosts.unsupported} hosts cannot run it`);
  if (hosts.full > 0) warn("HOST_FULL", `on ${hosts.full} hosts it waits until fewer run there`);
  if (metric.cost === "high" && spec.predicate.op === "true" && equal.length === 0) {
    warn("HIGH_COST", "its probes fire very often; a predicate makes it cheaper");
  }
  if (spec.keys.length >= MANY_KEYS) {
    warn("MANY_KEYS", "many keys make many combinations; beyond the largest they are counted together");
  }
  if (equal.length > 0) warn("EQUAL_EXISTS", "another counts the same already; both share its rows");
  if (row.idleMaxSec === 0 && (row.expiresMs ?? 0) === 0) warn("NEVER_ENDS", "it runs until somebody deletes it");
  return warnings;
}

/** The probe descriptions of a program, once each: lines of their own, before the tests and the body of a clause. */
function probesOf(program: string): string[] {
  const lines = program.split("\n").filter((line) => /^[A-Za-z_$*][^\s{}]*$/.test(line) && line.includes(":"));
  const probes = lines.map((line) => line.replace(/,$/, ""));
  return [...new Set(probes)].filter((probe) => !probe.startsWith("dtrace:::") && !probe.startsWith("profile:::tick-"));
}
