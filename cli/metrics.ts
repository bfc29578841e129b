/**
 * metrics.ts: `isotherm metrics`: what can be measured, as a table or as JSON.
 */
import { Command } from "commander";
import { metricName } from "../core/metric.ts";
import { catalogue } from "../d-scripts/catalogue.ts";
import type { Entry } from "../d-scripts/recipe.ts";
import { table } from "./table.ts";

const EXAMPLES = `
Examples:
  isotherm metrics
  isotherm metrics --json | jq -r '.metrics[] | select(.source == "kstat") | .name'

In the table, a field with * is numeric: decomposing by it yields a distribution. "isotherm script METRIC" prints a DTrace
metric's program.`;

export function metricsCommand(): Command {
  return new Command("metrics")
    .description("list the metrics, their fields, who may use them and what they cost")
    .option("--json", "print JSON: {metrics: [...]}")
    .addHelpText("after", EXAMPLES)
    .action(function (this: Command, options: { json?: boolean }) {
      const print = (text: string): void => this.configureOutput().writeOut?.(text);
      print(options.json === true ? metricsJson() : metricsTable([...catalogue.values()]));
    });
}

export function metricsJson(): string {
  const metrics = [...catalogue].map(([name, { metric, recipe }]) => ({
    name,
    ...metric,
    platforms: recipe.platforms,
  }));
  return `${JSON.stringify({ metrics }, null, 2)}\n`;
}

export function metricsTable(entries: readonly Entry[]): string {
  const rows = entries.map(({ metric, recipe }) => [
    metricName(metric),
    metric.source,
    metric.cost,
    metric.audience,
    recipe.platforms.join(","),
    metric.label,
    metric.fields.map((field) => (field.arity === "numeric" ? `${field.name}*` : field.name)).join(" "),
  ]);
  return table([["METRIC", "SOURCE", "COST", "WHO", "PLATFORMS", "WHAT", "FIELDS"], ...rows]);
}
