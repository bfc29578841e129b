/**
 * metadata.ts: everything that a client would otherwise hard-code, as one document made for its reader.
 *
 * What is listed is what there is: operators are those that core/predicate.ts takes for a field, transformations are routes of this
 * API. Tests hold both together.
 */
import type { Metadata, MetadataMetric, MetricInfo, SchemeInfo, TransformationInfo, TypeInfo } from "../core/api.ts";
import { GRANULARITIES_SEC } from "../core/instrumentation.ts";
import { metricName, type CostClass, type Field, type Metric, type ValueType } from "../core/metric.ts";
import { PREDICATE_LIMITS } from "../core/predicate.ts";
import { MAX_KEYS } from "../core/window.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import { MAX_ENABLINGS_PER_HOST } from "./cost-preview.ts";
import { MAX_PER_TENANT } from "./instrumentations.ts";
import { MAX_COLUMNS } from "./resolution.ts";

/** @param metrics those that the reader may use, with the fields that it may name */
export function metadataOf(metrics: readonly Metric[]): Metadata {
  const names = [...new Set(metrics.map(({ module }) => module))].sort();
  return {
    modules: names.map((name) => ({
      name,
      label: MODULES[name] ?? name,
      metrics: metrics.filter(({ module }) => module === name).map(metricName),
    })),
    metrics: metrics.map(describedMetric),
    types: TYPES,
    schemes: SCHEMES,
    predicate: { operators: OPERATORS, ...PREDICATE_LIMITS },
    costs: COSTS,
    transformations: TRANSFORMATIONS,
    granularitiesSec: GRANULARITIES_SEC,
    limits: {
      keys: MAX_KEYS,
      columns: MAX_COLUMNS,
      instrumentationsPerTenant: MAX_PER_TENANT,
      enablingsPerHost: MAX_ENABLINGS_PER_HOST,
    },
  };
}

export function metricInfo(metric: Metric): MetricInfo {
  return { ...metric, name: metricName(metric) };
}

/** What a predicate may test a field with. */
export function operatorsOf({ arity, type }: Pick<Field, "arity" | "type">): string[] {
  return OPERATORS.filter(({ name }) => {
    if (name === "prefix") return type === "string";
    if (["lt", "le", "gt", "ge"].includes(name)) return arity === "numeric";
    return ["eq", "ne", "in"].includes(name);
  }).map(({ name }) => name);
}

export const MODULES: Readonly<Record<string, string>> = {
  cpu: "processors",
  disk: "disks",
  fs: "file systems",
  memory: "memory",
  mysql: "MySQL",
  nic: "network interfaces",
  node: "Node.js",
  postgres: "PostgreSQL",
  proc: "processes",
  syscall: "system calls",
  tcp: "TCP",
  vm: "virtual machines",
  zfs: "ZFS",
};

/** time: stored ns; subsecond: ms within the second; size: bytes. Powers and bases are Cloud Analytics'. */
const TYPES: Readonly<Record<ValueType, TypeInfo>> = {
  number: { label: "number", unit: "", base: 10, power: 0 },
  percent: { label: "percent", unit: "%", base: 10, power: 0 },
  size: { label: "size", unit: "bytes", base: 2, power: 0 },
  time: { label: "time", unit: "s", base: 10, power: -9 },
  subsecond: { label: "time within the second", unit: "s", base: 10, power: -3 },
  string: { label: "text", unit: "", base: 10, power: 0 },
};

const SCHEMES: readonly SchemeInfo[] = [
  { kind: "quantize", parameters: [], label: "powers of two", choosable: true },
  { kind: "lquantize", parameters: ["base", "limit", "step"], label: "steps of one width", choosable: true },
  {
    kind: "llquantize",
    parameters: ["factor", "low", "high", "steps"],
    label: "steps of one width within each power of a factor",
    choosable: true,
  },
  { kind: "edges", parameters: ["edges"], label: "thresholds that the kernel counts by", choosable: false },
];

const OPERATORS: Metadata["predicate"]["operators"] = [
  { name: "eq", label: "is", operand: "[field, constant]" },
  { name: "ne", label: "is not", operand: "[field, constant]" },
  { name: "lt", label: "is below", operand: "[field, number]" },
  { name: "le", label: "is at most", operand: "[field, number]" },
  { name: "gt", label: "is above", operand: "[field, number]" },
  { name: "ge", label: "is at least", operand: "[field, number]" },
  { name: "in", label: "is one of", operand: "[field, [constants]]" },
  { name: "prefix", label: "begins with", operand: "[field, string]" },
  { name: "and", label: "all of", operand: "[predicates]" },
  { name: "or", label: "any of", operand: "[predicates]" },
  { name: "not", label: "not", operand: "predicate" },
];

const COSTS: readonly { readonly name: CostClass; readonly label: string }[] = [
  { name: "free", label: "the kernel counts it anyway" },
  { name: "low", label: "its probes fire seldom" },
  { name: "medium", label: "its probes fire often" },
  { name: "high", label: "its probes fire very often" },
];

const BASE = "/v1/instrumentations/{id}";

const TRANSFORMATIONS: readonly TransformationInfo[] = [
  {
    name: "heatmap",
    label: "counts by time and value",
    method: "GET",
    path: `${BASE}/heatmap`,
    applies: "distribution",
    choices: {
      weights: ["count", "weight"],
      coloring: ["rank", "linear", "log"],
      axis: ["log", "linear"],
      format: ["json", "arrow", "png"],
    },
  },
  {
    name: "quantiles",
    label: "percentiles and mean",
    method: "GET",
    path: `${BASE}/quantiles`,
    applies: "distribution",
    choices: { format: ["json", "arrow"] },
  },
  {
    name: "cell",
    label: "what lies in a cell, by every key",
    method: "GET",
    path: `${BASE}/cell`,
    applies: "distribution",
  },
  { name: "series", label: "rates over time, by a key", method: "GET", path: `${BASE}/series`, applies: "all" },
  {
    name: "windows",
    label: "rows as they are stored",
    method: "GET",
    path: `${BASE}/windows`,
    applies: "all",
    choices: { format: ["json", "arrow"] },
  },
  {
    name: "export",
    label: "any value as a file",
    method: "GET",
    path: `${BASE}/export`,
    applies: "all",
    choices: {
      format: ["csv", "arrow", "parquet", "jsonl"],
      value: ["windows", "heatmap", "series", "breakdown", "quantiles"],
    },
  },
  {
    name: "breakdown",
    label: "the total of a selection by each key",
    method: "POST",
    path: "/v1/selections/breakdown",
    applies: "all",
  },
  {
    name: "compare",
    label: "shares of each key in two selections",
    method: "POST",
    path: "/v1/selections/compare",
    applies: "all",
    choices: { against: ["selection", "rest", "hour", "day", "week"] },
  },
  {
    name: "difference",
    label: "one heatmap minus another, cell by cell",
    method: "POST",
    path: "/v1/selections/difference",
    applies: "distribution",
    choices: { against: ["selection", "hour", "day", "week"] },
  },
  {
    name: "follow-up",
    label: "a selection measured again with one more field",
    method: "POST",
    path: "/v1/selections/follow-up",
    applies: "all",
  },
];

function describedMetric(metric: Metric): MetadataMetric {
  const recipe = findMetric(metricName(metric))?.recipe;
  // Thresholds are the kernel's: no other buckets can be made of them.
  const isFixed = recipe?.kind === "kstat" && recipe.distribution?.kind === "thresholds";
  return {
    ...metricInfo(metric),
    fields: metric.fields.map((field) => ({ ...field, operators: operatorsOf(field) })),
    schemes: isFixed ? "own" : "any",
  };
}
