/**
 * metrics-page.ts: the list of Isotherm's own metrics in docs/operating.md: how it is written, and how it is read.
 */
import { readFileSync } from "node:fs";
import type { ListedMetric } from "../../server/metrics.ts";

const PAGE = new URL("../../docs/operating.md", import.meta.url);
const BEGIN = "<!-- metrics: begin -->";
const END = "<!-- metrics: end -->";

/** The list as it stands in the page. */
export function metricsOfPage(): Pick<ListedMetric, "name" | "type">[] {
  return [...listOfPage().matchAll(/^\| `(\w+)(?:\{[^}]*\})?` +\| (\w+)/gm)].map(([, name = "", type = ""]) => ({
    name,
    type,
  }));
}

export function listOfPage(): string {
  const text = readFileSync(PAGE, "utf8");
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
}

/** The page with another list. */
export function pageWith(list: string): string {
  const text = readFileSync(PAGE, "utf8");
  return `${text.slice(0, text.indexOf(BEGIN) + BEGIN.length)}\n\n${list}\n\n${text.slice(text.indexOf(END))}`;
}

/** In the order of their names, without what the page must not repeat. */
export function metricsTable(metrics: readonly ListedMetric[]): string {
  const byName = new Map(metrics.map((each) => [each.name, each]));
  const rows = [...byName.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, labels, type, help }) => {
      const label = labels.length === 0 ? "" : `{${labels.join(", ")}}`;
      return `| \`${name}${label}\` | ${type} | ${help} |`;
    });
  return ["| Metric | Type | What it says |", "| --- | --- | --- |", ...rows].join("\n");
}
