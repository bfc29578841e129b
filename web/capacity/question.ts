/**
 * question.ts: what the page is asked, as its address has it, and what it is when an address says nothing.
 *
 * All of the page's own state is here, so that a link shows what one sees. What a reader may not ask for (a host's by a tenant) falls
 * back to what it may, as a mistyped word does.
 */
import type { Basis, CapacityBy, Resource } from "../../core/capacity.ts";
import type { ZoneSize } from "../../core/fit.ts";
import type { Own } from "../view/route.ts";

export interface Question {
  readonly resource: Resource;
  readonly by: CapacityBy;
  /** How far back, and how far ahead. */
  readonly days: number;
  readonly ahead: number;
  readonly rank: "growth" | "size";
  /** In place of the limits that were measured; null: those. */
  readonly limit: number | null;
  /** The key whose forecast is shown; null: the first. */
  readonly item: string | null;
  /** Days that consumers, headroom and neighbours are of. */
  readonly recent: number;
  readonly basis: Basis;
  readonly size: ZoneSize;
  /** Hours of the day, [from, to). */
  readonly work: readonly [fromHour: number, toHour: number];
  readonly shape: "cpus" | "disks";
  /** Epoch seconds; null: as far back as `days` says. */
  readonly shapeRange: readonly [from: number, to: number] | null;
  /** The instrumentation whose percentiles are shown; null: the first that is a distribution. */
  readonly latency: string | null;
  /** Which of its percentiles is forecast. */
  readonly q: number;
}

const GIB = 2 ** 30;
export const DAYS: readonly number[] = [60, 90, 180, 365, 730];
export const AHEAD: readonly number[] = [30, 90, 180, 365, 730];
export const RECENT: readonly number[] = [7, 30, 90];
export const FRACTIONS: readonly number[] = [0.5, 0.9, 0.99];

export const RESOURCE_BYS: Readonly<Record<Resource, readonly CapacityBy[]>> = {
  cpu: ["zone", "tenant", "host"],
  memory: ["zone", "tenant", "host"],
  pool: ["device"],
  disk: ["device"],
  nic: ["device"],
};

export const DEFAULTS: Question = {
  ...{ resource: "cpu", by: "zone", days: 365, ahead: 365, rank: "growth", limit: null, item: null },
  ...{ recent: 30, basis: "used", size: { cpu: 200, memory: 8 * GIB, disk: 100 * GIB }, work: [8, 18] },
  ...{ shape: "cpus", shapeRange: null, latency: null, q: 0.99 },
};

/** The page's own parameters. */
export const NAMES = [
  ...["resource", "by", "days", "ahead", "rank", "limit", "item", "recent", "basis", "size", "work"],
  ...["shape", "shaped", "latency", "q"],
] as const;

/** What there is to be asked of, for whom. */
export function resourcesFor(isOperator: boolean): readonly Resource[] {
  return isOperator ? ["cpu", "memory", "pool", "disk", "nic"] : ["cpu", "memory"];
}

export function bysFor(resource: Resource, isOperator: boolean): readonly CapacityBy[] {
  return RESOURCE_BYS[resource].filter((by) => isOperator || by === "zone");
}

export function readQuestion(params: URLSearchParams, isOperator: boolean): Question {
  const resource = among(params.get("resource"), resourcesFor(isOperator), DEFAULTS.resource);
  const bys = bysFor(resource, isOperator);
  const [work = 8, until = 18] = numbers(params.get("work"), "-", 2) ?? DEFAULTS.work;
  const [cpu = 0, memory = 0, disk = 0] = numbers(params.get("size"), ",", 3) ?? [-1];
  const shaped = numbers(params.get("shaped"), "-", 2);
  const limit = Number(params.get("limit") ?? Number.NaN);
  return {
    resource,
    by: among(params.get("by"), bys, bys[0] ?? "zone"),
    days: within(params.get("days"), 1, 730, DEFAULTS.days),
    ahead: within(params.get("ahead"), 1, 730, DEFAULTS.ahead),
    rank: among(params.get("rank"), ["growth", "size"], DEFAULTS.rank),
    limit: limit > 0 ? limit : null,
    item: params.get("item"),
    recent: within(params.get("recent"), 1, 730, DEFAULTS.recent),
    basis: among(params.get("basis"), ["used", "committed"], DEFAULTS.basis),
    size: cpu >= 0 && cpu + memory + disk > 0 ? { cpu, memory, disk } : DEFAULTS.size,
    work: work < until && until <= 24 ? [work, until] : DEFAULTS.work,
    shape: among(params.get("shape"), ["cpus", "disks"], DEFAULTS.shape),
    shapeRange: shaped !== null && (shaped[0] ?? 0) < (shaped[1] ?? 0) ? [shaped[0] ?? 0, shaped[1] ?? 0] : null,
    latency: params.get("latency"),
    q: FRACTIONS.find((each) => String(each) === params.get("q")) ?? DEFAULTS.q,
  };
}

/** A change as the address has it: what is as an address without it would mean is left out. */
export function ownOf(change: Partial<Question>): Own {
  const own: Record<string, string | null> = {};
  const put = (name: (typeof NAMES)[number], value: string | null, otherwise: string | null): void => {
    own[name] = value === otherwise ? null : value;
  };
  const text = (value: number | null): string | null => (value === null ? null : String(value));
  if (change.resource !== undefined) put("resource", change.resource, DEFAULTS.resource);
  // Which is the default depends on the resource.
  if (change.by !== undefined) put("by", change.by, null);
  for (const name of ["days", "ahead", "recent", "q"] as const) {
    if (change[name] !== undefined) put(name, text(change[name]), text(DEFAULTS[name]));
  }
  for (const name of ["rank", "basis", "shape"] as const) {
    if (change[name] !== undefined) put(name, change[name], DEFAULTS[name]);
  }
  if (change.limit !== undefined) put("limit", text(change.limit), null);
  if (change.item !== undefined) put("item", change.item, null);
  if (change.latency !== undefined) put("latency", change.latency, null);
  if (change.size !== undefined) put("size", sizeText(change.size), sizeText(DEFAULTS.size));
  if (change.work !== undefined) put("work", change.work.join("-"), DEFAULTS.work.join("-"));
  if (change.shapeRange !== undefined) put("shaped", change.shapeRange?.join("-") ?? null, null);
  return own;
}

function sizeText({ cpu, memory, disk }: ZoneSize): string {
  return [cpu, memory, disk].join(",");
}

function among<T extends string>(text: string | null, allowed: readonly T[], otherwise: T): T {
  return allowed.find((each) => each === text) ?? otherwise;
}

function within(text: string | null, min: number, max: number, otherwise: number): number {
  const value = Number(text ?? Number.NaN);
  return Number.isInteger(value) && value >= min && value <= max ? value : otherwise;
}

/** @returns null unless there are so many, none of them negative */
function numbers(text: string | null, between: string, count: number): readonly number[] | null {
  const all = (text ?? "").split(between).map((each) => (each === "" ? Number.NaN : Number(each)));
  return all.length === count && all.every((each) => each >= 0) ? all : null;
}
