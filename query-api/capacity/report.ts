/**
 * report.ts: all that capacity planning has to say of one reader's zones, at one time; and the same as a page to be printed.
 *
 * The page stands by itself: its one style sheet is in it, and the Content-Security-Policy of the answer names its digest. It has no
 * script and loads nothing, so a saved copy prints the same.
 */
import { createHash } from "node:crypto";
import type { CapacityReport, GrowthItem, Resource, Room } from "../../core/capacity.ts";
import { formatQuantity, formatShare } from "../../core/units.ts";
import type { Range } from "../sql.ts";
import { readConsumers } from "./consumers.ts";
import { readGrowth, type Names } from "./growth.ts";
import { readHeadroom } from "./headroom.ts";
import type { Reads } from "./hourly.ts";
import type { FindView } from "./limits.ts";
import { readNeighbours } from "./neighbours.ts";
import { Turns } from "./turns.ts";

export interface ReportRequest {
  readonly range: Range;
  readonly horizonDays: number;
  readonly items: number;
  /** The tenant's name, or "all". */
  readonly of: string;
  /** Hosts, and what is theirs, are the operators' business. */
  readonly hosts: boolean;
}

const MONTH_SEC = 30 * 86_400;

export async function readReport(
  reads: Reads,
  find: FindView,
  names: Names,
  { range, horizonDays, items, of, hosts }: ReportRequest,
): Promise<CapacityReport> {
  const asked: readonly (readonly [Resource, "zone" | "device"])[] = [
    ["cpu", "zone"],
    ["memory", "zone"],
    ...(hosts
      ? ([
          ["pool", "device"],
          ["disk", "device"],
          ["nic", "device"],
        ] as const)
      : []),
  ];
  const recent = { fromTs: Math.max(range.fromTs, range.toTs - MONTH_SEC), toTs: range.toTs };
  const readRest = async () => ({
    consumers: await readConsumers(reads, find, names, { resource: "cpu", by: "zone", range: recent, items }),
    headroom: hosts ? await readHeadroom(reads, find, { range: recent, basis: "used" }) : null,
    neighbours: hosts ? await readNeighbours(reads, find, names, recent) : null,
  });
  // While one part is forecast here, the engine reads the next. The last month comes after the years, of which it is a part.
  const turns = new Turns(2);
  const growing = asked.map(([resource, by]) => {
    const request = { resource, by, range, horizonDays, items, rank: "growth", limit: undefined } as const;
    return turns.run(() => readGrowth(reads, find, names, request));
  });
  const rest = turns.run(readRest);
  const [growth, { consumers, headroom, neighbours }] = await Promise.all([Promise.all(growing), rest]);
  const missing = [...growth, consumers, ...(headroom === null ? [] : [headroom])].flatMap((each) => each.missing);
  return {
    ...{ madeMs: Math.floor(reads.nowSec * 1000), of, ...range, missing: [...new Set(missing)].sort() },
    ...{ growth, consumers, headroom, neighbours },
  };
}

const STYLE = `
body { font: 13px/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 1.8rem 0 0.4rem } p { margin: 0.3rem 0; color: #555 }
table { border-collapse: collapse; width: 100% } th, td { text-align: right; padding: 0.2rem 0.5rem; border-bottom: 1px solid #ddd }
th { font-weight: 600; color: #555 } th:first-child, td:first-child, .words { text-align: left }
.soon { font-weight: 700 } .unknown { color: #777 } td:first-child, td:not(.words):nth-child(-n+3) { white-space: nowrap }
@media print {
  body { margin: 0; max-width: none; font-size: 9pt } h2 { break-after: avoid } tr { break-inside: avoid }
  thead { display: table-header-group }
}
@page { margin: 15mm }
`;

/** What the policy of the page's answer says of styles. */
export const STYLE_SOURCE = `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

/** What the page of a copy says of itself: it is not what the same range would come to now. */
export interface SentReport {
  readonly name: string;
  readonly dueMs: number;
}

export function reportPage(report: CapacityReport, sent: SentReport | null = null): string {
  const { of, fromTs, toTs, madeMs, missing } = report;
  const parts = [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Capacity of ${escaped(of)}</title>`,
    `<style>${STYLE}</style></head><body>`,
    `<h1>Capacity of ${escaped(of)}</h1>`,
    `<p>From ${day(fromTs)} to ${day(toTs)} (UTC), made ${minute(madeMs)} by Isotherm.</p>`,
    sent === null ? "" : `<p>As ${escaped(sent.name)} was sent, due ${minute(sent.dueMs)}.</p>`,
    missing.length === 0 ? "" : `<p>Not measured: ${escaped(missing.join(", "))}.</p>`,
    ...report.growth.map(growthSection),
    consumersSection(report),
    headroomSection(report),
    neighboursSection(report),
    "<p>Growth is that of 30 days. A limit is reached by the busiest hour of a day; earliest and latest are by the ends of a band that is to hold 90 % of the hours. Error is the mean absolute one of the same forecast at past times, as a share of that of last week's values: below 1 is better.</p>",
    "</body></html>",
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function growthSection({ resource, unit, items, keys }: CapacityReport["growth"][number]): string {
  const rows = items.map((item) => [
    words(item.label),
    quantity(item.level, unit),
    quantity(item.limit, unit),
    growthText(item, unit),
    reachesText(item),
    item.backTest?.ratio?.toFixed(2) ?? unknown,
  ]);
  const head = ["", "now", "limit", "growth", "reaches its limit", "error"];
  return section(`Growth: ${resource}`, head, rows, keys > items.length ? `${items.length} of ${keys}.` : "");
}

function growthText({ refused, growth, growthShare }: GrowthItem, unit: string): string {
  if (refused !== null) return `<span class="unknown">${escaped(refused.message)}</span>`;
  const share = growthShare === null ? "" : ` (${(100 * growthShare.mid).toFixed(1)} %)`;
  return growth === null ? unknown : `${escaped(signed(growth.mid, unit))}${share}`;
}

function reachesText({ reaches, horizonDays }: GrowthItem): string {
  if (reaches === null) return unknown;
  if (reaches.reached) return '<span class="soon">reached</span>';
  const { earliestTs, latestTs } = reaches;
  if (earliestTs === null) return `not in ${horizonDays ?? 0} days`;
  return `${day(earliestTs)} to ${latestTs === null ? "later" : day(latestTs)}`;
}

function consumersSection({ consumers }: CapacityReport): string {
  const { unit, total, items, other } = consumers;
  const rows = items.map(({ label, mean, p95, peak }) => [
    words(label),
    ...[mean, p95, peak].map((each) => quantity(each, unit)),
    total === null ? unknown : escaped(formatShare(mean, total)),
  ]);
  const rest = other === null ? "" : `All others: ${formatQuantity(other, unit)}.`;
  return section("Top consumers of CPU", ["", "mean", "95th", "peak", "share"], rows, rest);
}

function headroomSection({ headroom }: CapacityReport): string {
  if (headroom === null) return "";
  const room = ({ free, capacity, unit }: Room): string =>
    free === null || capacity === null
      ? unknown
      : escaped(`${formatQuantity(free, unit)} of ${formatQuantity(capacity, unit)}`);
  const rows = headroom.hosts.map(({ host, cpu, memory, pool, nic }) => [
    words(host),
    ...[cpu, memory, pool, nic].map(room),
  ]);
  return section(
    "Headroom",
    ["", "CPU", "memory", "pool", "network"],
    rows,
    "Beside the 95th percentile of the last 30 days' hours.",
  );
}

function neighboursSection({ neighbours }: CapacityReport): string {
  if (neighbours === null) return "";
  const names = (
    all: CapacityReport["neighbours"] extends infer N ? NonNullable<N> : never,
    part: "waiters" | "consumers",
  ) =>
    all.hosts.map((host) =>
      host[part]
        .map(
          ({ label, then, usual }) => `${label} ${formatQuantity(then, "%")} (usually ${formatQuantity(usual, "%")})`,
        )
        .join(", "),
    );
  const [waiters, consumers] = [names(neighbours, "waiters"), names(neighbours, "consumers")];
  const rows = neighbours.hosts.map(({ host, worstHours }, i) => [
    words(host),
    String(worstHours),
    words(waiters[i] ?? ""),
    words(consumers[i] ?? ""),
  ]);
  return section("Noisy neighbours", ["", "hours", "who waited", "who used CPU then"], rows, "");
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[], note: string): string {
  if (rows.length === 0) return `<h2>${escaped(title)}</h2><p>Nothing is known.</p>`;
  const cell = (tag: string, each: string): string =>
    each.startsWith(WORDS) ? `<${tag} class="words">${each.slice(WORDS.length)}</${tag}>` : `<${tag}>${each}</${tag}>`;
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((each) => cell(tag, each)).join("")}</tr>`;
  const table = `<table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table>`;
  return `<h2>${escaped(title)}</h2>${table}${note === "" ? "" : `<p>${escaped(note)}</p>`}`;
}

/** Marks a cell of words, which are set flush left. */
const WORDS = "\0";
const unknown = '<span class="unknown">not known</span>';
const words = (text: string): string => WORDS + escaped(text);

function quantity(value: number | null, unit: string): string {
  return value === null ? unknown : escaped(formatQuantity(value, unit));
}

function signed(value: number, unit: string): string {
  return `${value < 0 ? "-" : "+"}${formatQuantity(Math.abs(value), unit)}`;
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

function day(ts: number): string {
  return new Date(ts * 1000).toISOString().slice(0, 10);
}

/** Names that other people chose are text and nothing else. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}
