/**
 * words.ts: what answers about capacity come to in words: who reaches what when, how sure that is, and why something is not said.
 */
import type { CapacityBy, CapacityGrowth, GrowthItem, Outlook, Resource } from "../../core/capacity.ts";
import { MIN_DAYS } from "../../core/forecast/sufficiency.ts";
import { formatQuantity } from "../../core/units.ts";
import { dateText, type Zone } from "../clock.ts";

const DAY_SEC = 86_400;

export const RESOURCE_WORDS: Readonly<Record<Resource, string>> = {
  ...{ cpu: "CPU", memory: "memory", pool: "pool space", disk: "disk time", nic: "network" },
};

export const BY_WORDS: Readonly<Record<CapacityBy, string>> = {
  ...{ zone: "zone", tenant: "tenant", host: "host", device: "device" },
};

/** What it is a share or an amount of, where the unit alone does not say. */
export const UNIT_NOTES: Readonly<Record<Resource, string>> = {
  ...{ cpu: "percent of one CPU", memory: "resident bytes", pool: "bytes allocated" },
  ...{ disk: "percent of the time that the disk is busy", nic: "bytes a second, each direction" },
};

/** What the limit is called: "reaches its CPU cap". */
export function limitName(resource: Resource, by: CapacityBy): string {
  if (resource === "cpu") return by === "zone" ? "CPU cap" : by === "tenant" ? "zones’ CPU caps" : "CPUs";
  if (resource === "memory")
    return by === "zone" ? "memory limit" : by === "tenant" ? "zones’ memory limits" : "memory";
  return { pool: "size", disk: "100 %", nic: "link speed" }[resource];
}

/** A day of a forecast (UTC, by its begin) as a date; at noon, so that a reader's own zone moves it to no other day than it must. */
export function dayText(ts: number, zone: Zone): string {
  return dateText(ts + DAY_SEC / 2, zone);
}

/** `400 d`, `1 year`, `half a year` */
export function daysText(days: number): string {
  return { 365: "a year", 730: "two years", 180: "half a year" }[days] ?? `${days} days`;
}

/** When the limit is reached, short: for a list. */
export function reachesText({ refused, reaches, horizonDays }: Outlook, zone: Zone): string {
  if (refused !== null) return "no forecast";
  if (reaches === null) return "no limit known";
  if (reaches.reached) return "reached";
  const { earliestTs, latestTs } = reaches;
  if (earliestTs === null) return `not in ${horizonDays ?? 0} d`;
  return latestTs === null ? `${dayText(earliestTs, zone)} or later` : betweenText(earliestTs, latestTs, zone);
}

function betweenText(from: number, to: number, zone: Zone): string {
  const [a, b] = [dayText(from, zone), dayText(to, zone)];
  return a === b ? a : `${a} – ${b}`;
}

/** `+12.3 %`, `-4 GiB`; ±0 where it rounds to nothing */
export function signedText(value: number, unit: string): string {
  return `${value < 0 ? "−" : "+"}${formatQuantity(Math.abs(value), unit)}`;
}

export function signedShare(share: number): string {
  const percent = Math.abs(share) * 100;
  return `${share < 0 ? "−" : "+"}${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** Whether the slope's interval leaves open which way it goes. */
export function isSteady({ growth }: Pick<Outlook, "growth">): boolean {
  return growth !== null && growth.low <= 0 && growth.high >= 0;
}

/** The first day on which there can be a forecast, where only time is lacking; epoch seconds. */
export function readyTs({ refused, sinceTs }: Outlook): number | null {
  return refused?.code === "TOO_SHORT" && sinceTs !== null ? sinceTs + MIN_DAYS * DAY_SEC : null;
}

/** Why there is no forecast, as a sentence, and what helps. */
export function refusalText(outlook: Outlook, zone: Zone): string {
  const ready = readyTs(outlook);
  const when = ready === null ? "" : `; there can be one from ${dateText(ready, zone)} on`;
  return `${outlook.refused?.message ?? ""}${when}`;
}

/** The same where there is little room. */
export function shortRefusal(outlook: Outlook, zone: Zone): string {
  const ready = readyTs(outlook);
  const why = (outlook.refused?.message ?? "").split(/, expected|: /)[0] ?? "";
  return `no forecast: ${why}${ready === null ? "" : `; from ${dateText(ready, zone)} on`}`;
}

/** The page's first line: who reaches what, and who next. */
export function summaryOf({ items, keys, resource, by }: CapacityGrowth, zone: Zone): string {
  const noun = BY_WORDS[by];
  const limit = limitName(resource, by);
  const told = items.filter(({ refused }) => refused === null);
  if (told.length === 0) return `No forecast yet of any ${noun}.`;
  const withLimit = told.filter(({ reaches }) => reaches !== null);
  const reached = withLimit.filter(({ reaches }) => reaches?.reached === true);
  const coming = withLimit.filter(({ reaches }) => reaches?.reached === false && reaches.expectedTs !== null);
  const [first] = withLimit.filter(({ reaches }) => reaches?.reached === false);
  // The earliest of all may be one that is not expected to.
  const possible = first?.reaches?.expectedTs === null && first.reaches.earliestTs !== null ? first : undefined;
  const [next] = coming;
  const horizon = Math.max(...told.map(({ horizonDays }) => horizonDays ?? 0));
  const parts = [
    reached.length === 0 ? "" : `${listOf(reached)} ${reached.length === 1 ? "is" : "are"} at the limit already`,
    next === undefined ? "" : `${next.label} reaches its ${limit} ${whenText(next, zone)}${likelyText(next, zone)}`,
    coming.length > 1 ? `${coming.length - 1} more within ${horizon} days` : "",
    withLimit.length === 0
      ? `no limit is known; ${fastest(told, noun)}`
      : reached.length === 0 && next === undefined
        ? `no ${noun} is expected to reach its ${limit} within ${horizon} days`
        : "",
    possible === undefined
      ? ""
      : `${possible.label} may from ${dayText(possible.reaches?.earliestTs ?? 0, zone)} on, but is not expected to`,
    told.length < items.length ? `${items.length - told.length} without a forecast` : "",
    keys > items.length ? `${items.length} of ${keys} are looked at` : "",
  ].filter((part) => part !== "");
  // Names keep their own first letter.
  return `${parts.join("; ")}.`.replace(/^no /, "No ");
}

/** Where the band's lower end never gets there, its middle is all that one can go by. */
function likelyText({ reaches }: GrowthItem, zone: Zone): string {
  const isOpen = reaches?.latestTs === null && reaches.expectedTs !== null;
  return isOpen ? `, most likely ${dayText(reaches.expectedTs, zone)}` : "";
}

function listOf(items: readonly GrowthItem[]): string {
  return items.length <= 2 ? items.map(({ label }) => label).join(" and ") : `${items.length}`;
}

function fastest(items: readonly GrowthItem[], noun: string): string {
  const growing = items.filter(({ growth }) => (growth?.low ?? 0) > 0).length;
  return growing === 0 ? `no ${noun} grows` : `${growing} of ${items.length} grow`;
}

/** `between A and B`, `after A` where the band's lower end never gets there. */
export function whenText({ reaches }: Outlook, zone: Zone): string {
  if (reaches === null || reaches.earliestTs === null) return "";
  const { earliestTs, latestTs } = reaches;
  if (latestTs === null) return `${dayText(earliestTs, zone)} at the earliest`;
  const [from, to] = [dayText(earliestTs, zone), dayText(latestTs, zone)];
  return from === to ? `on ${from}` : `between ${from} and ${to}`;
}
