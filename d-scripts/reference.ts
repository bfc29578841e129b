/**
 * reference.ts: the reference of all metrics as Markdown (docs/metrics.md), made from the catalogue so that it cannot differ.
 */
import { metricName, type Field, type ValueType } from "../core/metric.ts";
import type { DtraceRecipe, Entry, KstatRecipe } from "./recipe.ts";

const INTRODUCTION = `# Metrics

Generated from the catalogue (\`d-scripts/\`) by \`node --import tsx d-scripts/docs.ts\`; do not edit. \`isotherm metrics\` prints
the same as a table, \`isotherm script METRIC\` the D program of an instrumentation.

A metric is \`module.stat\` with fields. A **discrete** field is a key to break down by and to select with \`eq\`, \`ne\`, \`in\` and
(if it is text) \`prefix\`; a **numeric** field yields a distribution, and takes \`lt\`, \`le\`, \`gt\` and \`ge\` too. The host is a key of
every metric and is not listed. *Operator* means that tenants may not use it.

- **kstat** metrics are counted by the kernel anyway: always on, and free. They exist on SmartOS only.
- **DTrace** metrics cost something while they are enabled: *low* (a few events a second), *medium* (thousands), *high*
  (perhaps hundreds of thousands: select zones, or a predicate).
- *interval* metrics count what happened in a window and may be summed over time; *point* metrics are a state and may not.
- The value of an interval metric in percent is stored as ns and shown as its share of the window; that of a point metric is
  percent.
`;

const UNITS: Readonly<Record<ValueType, string>> = {
  number: "number",
  percent: "percent",
  size: "bytes",
  time: "ns",
  subsecond: "ms within the second",
  string: "text",
};

export function referenceOf(catalogue: ReadonlyMap<string, Entry>): string {
  const entries = [...catalogue.values()];
  const overview = [
    "| metric | what | source | who | cost | platforms |",
    "| --- | --- | --- | --- | --- | --- |",
    ...entries.map(overviewRow),
  ];
  return [INTRODUCTION, ...overview, "", ...entries.map(section)].join("\n");
}

function overviewRow({ metric, recipe }: Entry): string {
  const name = metricName(metric);
  const link = `[${name}](#${name.replaceAll(".", "")})`;
  const platforms = recipe.platforms.join(", ");
  return `| ${link} | ${metric.label} | ${metric.source} | ${metric.audience} | ${metric.cost} | ${platforms} |`;
}

function section({ metric, recipe }: Entry): string {
  const lines = [
    `## ${metricName(metric)}`,
    "",
    `${metric.label.charAt(0).toUpperCase()}${metric.label.slice(1)}. Unit: ${metric.unit}; ${metric.scope}; ${metric.audience}.`,
    "",
    recipe.kind === "dtrace" ? dtraceText(metricName(metric), recipe) : kstatText(recipe),
    "",
  ];
  const fields = metric.fields.map((field) => fieldRow(field, recipe));
  if (fields.length === 0) return lines.join("\n");
  return [
    ...lines,
    "| field | what | kind | values | default scheme |",
    "| --- | --- | --- | --- | --- |",
    ...fields,
    "",
  ].join("\n");
}

function fieldRow(field: Field, recipe: DtraceRecipe | KstatRecipe): string {
  const scheme = field.scheme === undefined ? "" : `\`${field.scheme}\``;
  return `| \`${field.name}\` | ${field.label} | ${field.arity} | ${valuesText(field, recipe)} | ${scheme} |`;
}

/** The values themselves where they are known, else their unit; and where a platform lacks the field. */
function valuesText(field: Field, recipe: DtraceRecipe | KstatRecipe): string {
  if (recipe.kind === "kstat") {
    const values = new Set(
      recipe.rows.flatMap(({ keys }) => (Object.hasOwn(keys, field.name) ? [keys[field.name]] : [])),
    );
    return values.size === 0 ? UNITS[field.type] : [...values].map((value) => `\`${value ?? ""}\``).join(", ");
  }
  const lacking = recipe.platforms.includes("linux") && recipe.fields[field.name]?.linux === null;
  return lacking ? `${UNITS[field.type]}; not on linux` : UNITS[field.type];
}

function dtraceText(name: string, recipe: DtraceRecipe): string {
  return `DTrace: provider ${recipe.providers.map((provider) => `\`${provider}\``).join(", ")}; clauses in [\`d-scripts/${name}.d\`](../d-scripts/${name}.d).`;
}

function kstatText(recipe: KstatRecipe): string {
  const statistics = recipe.rows.flatMap((row) => row.statistics);
  const distribution = recipe.distribution?.kind === "thresholds" ? recipe.distribution.statistics : [];
  const all = [...new Set([...statistics, ...distribution])].map((statistic) => `\`${statistic}\``).join(", ");
  if (recipe.from === "pools") return `\`zpool list\`, once a second while somebody asks; ${recipe.derive} of ${all}.`;
  return `kstat: ${recipe.patterns.map((pattern) => `\`${pattern}\``).join(", ")}; ${recipe.derive} of ${all}.`;
}
