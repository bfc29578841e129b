/**
 * tables.ts: answers as tables: the columns of each, by name and type, for files and for the printed page.
 */
import type {
  CapacityConsumers,
  CapacityFit,
  CapacityGrowth,
  CapacityHeadroom,
  CapacityHours,
  CapacityNeighbours,
  CapacityReport,
  InstrumentationMonths,
} from "../../core/capacity.ts";

type Cell = string | number | null;

export interface Column {
  readonly name: string;
  /** time: epoch seconds. */
  readonly type: "text" | "number" | "time";
}

export interface CapacityTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

const text = (...names: string[]): Column[] => names.map((name) => ({ name, type: "text" }));
const number = (...names: string[]): Column[] => names.map((name) => ({ name, type: "number" }));
const time = (...names: string[]): Column[] => names.map((name) => ({ name, type: "time" }));

export function growthTable({ resource, by, unit, items }: CapacityGrowth): CapacityTable {
  return {
    columns: [
      ...text("resource", "by", "key", "label", "unit"),
      ...number("level", "limit", "growth_30d", "growth_30d_low", "growth_30d_high", "growth_30d_share"),
      ...time("reaches_earliest", "reaches_expected", "reaches_latest"),
      ...number("backtest_error", "naive_error", "error_ratio", "backtest_coverage", "known_share"),
      ...text("refused"),
    ],
    rows: items.map((each) => [
      ...[resource, by, each.key, each.label, unit, each.level, each.limit],
      ...[each.growth?.mid ?? null, each.growth?.low ?? null, each.growth?.high ?? null, each.growthShare?.mid ?? null],
      ...[each.reaches?.earliestTs ?? null, each.reaches?.expectedTs ?? null, each.reaches?.latestTs ?? null],
      ...[each.backTest?.error ?? null, each.backTest?.naiveError ?? null, each.backTest?.ratio ?? null],
      ...[each.backTest?.coverage ?? null, each.known, each.refused?.message ?? ""],
    ]),
  };
}

/** Growth of all resources: what of a report is one table. */
export function reportTable({ growth }: CapacityReport): CapacityTable {
  const [first, ...others] = growth.map(growthTable);
  return { columns: first?.columns ?? [], rows: [first, ...others].flatMap((each) => each?.rows ?? []) };
}

export function headroomTable({ hosts }: CapacityHeadroom): CapacityTable {
  const of = ["cpu", "memory", "pool", "nic"] as const;
  const parts = ["capacity", "used", "peak", "committed", "free"] as const;
  return {
    columns: [...text("host"), ...of.flatMap((resource) => number(...parts.map((part) => `${resource}_${part}`)))],
    rows: hosts.map((host) => [host.host, ...of.flatMap((resource) => parts.map((part) => host[resource][part]))]),
  };
}

export function fitTable({ hosts }: CapacityFit): CapacityTable {
  return {
    columns: [...text("host"), ...number("zones"), ...text("limited_by", "unknown")],
    rows: hosts.map(({ host, zones, limitedBy, unknown }) => [host, zones, limitedBy ?? "", unknown.join(" ")]),
  };
}

export function consumersTable({ resource, by, unit, items }: CapacityConsumers): CapacityTable {
  return {
    columns: [...text("resource", "by", "key", "label", "unit"), ...number("mean", "p95", "peak", "share")],
    rows: items.map(({ key, label, mean, p95, peak, share }) => [
      ...[resource, by, key, label, unit],
      ...[mean, p95, peak, share],
    ]),
  };
}

export function hoursTable({ resource, by, unit, items }: CapacityHours): CapacityTable {
  const parts = ["working", "night", "weekend"] as const;
  return {
    columns: [
      ...text("resource", "by", "key", "label", "unit"),
      ...parts.flatMap((part) => number(`${part}_hours`, `${part}_mean`, `${part}_p95`)),
      ...number("idle_ratio"),
    ],
    rows: items.map((each) => [
      ...[resource, by, each.key, each.label, unit],
      ...parts.flatMap((part) => [each[part].hours, each[part].mean, each[part].p95]),
      each.idleRatio,
    ]),
  };
}

export function neighboursTable({ hosts }: CapacityNeighbours): CapacityTable {
  return {
    columns: [
      ...text("host", "part", "zone", "label"),
      ...number("then", "usual", "correlation", "worst_hours", "hours"),
    ],
    rows: hosts.flatMap(({ host, worstHours, hours, waiters, consumers }) => {
      const rows = (part: string, all: typeof waiters): Cell[][] =>
        all.map(({ zone, label, then, usual, correlation }) => [
          ...[host, part, zone, label],
          ...[then, usual, correlation, worstHours, hours],
        ]);
      return [...rows("waiter", waiters), ...rows("consumer", consumers)];
    }),
  };
}

export function monthsTable({ metric, unit, q, months }: InstrumentationMonths): CapacityTable {
  return {
    columns: [
      ...text("metric", "unit"),
      ...time("month"),
      ...number(
        "hours",
        "total",
        ...q.map((each) => `p${String(Number((each * 100).toPrecision(12))).replace(".", "_")}`),
      ),
    ],
    rows: months.map(({ ts, hours, total, values }) => [metric, unit, ts, hours, total, ...values]),
  };
}
