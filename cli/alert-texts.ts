/**
 * alert-texts.ts: alerts, and what a rule would have found, as text for a terminal: zones by their aliases, values with their units.
 */
import type { AlertInfo, AlertTest } from "../core/alerts/api.ts";
import type { Condition } from "../core/alerts/rule.ts";
import type { UnitGround } from "../core/alerts/unit.ts";
import { valueText } from "../core/alerts/value-text.ts";
import { durationText } from "../core/duration.ts";
import { formatQuantity } from "../core/units.ts";
import { plain, table } from "./table.ts";
import type { ZoneName } from "./zone-names.ts";

/** What a rule's numbers and keys mean. */
export interface RuleGround {
  /** null: of a kind that this program does not know. */
  readonly condition: Condition | null;
  /** null: its instrumentation is gone, or measures what this program does not know. */
  readonly measured: UnitGround | null;
  readonly per: string | null;
}

export type ZoneNames = ReadonlyMap<string, ZoneName>;

const NONE = "-";

/** A line each, under a head. @param groundOf by the rule's id */
export function alertsText(
  alerts: readonly AlertInfo[],
  groundOf: ReadonlyMap<string, RuleGround>,
  zones: ZoneNames,
): string {
  if (alerts.length === 0) return "nothing fires\n";
  const rows = alerts.map((alert) => {
    const { status, name, key, labels, sinceMs, value, isPartial, isLate, isSilenced, unknownSinceMs } = alert;
    // The key is among the labels, under its field's name.
    const per = groundOf.get(alert.rule)?.per ?? (labels["zonename"] === key ? "zonename" : null);
    const notes = [
      ...(isPartial ? ["partial"] : []),
      ...(isLate ? ["late"] : []),
      ...(isSilenced ? ["silenced"] : []),
      ...(unknownSinceMs === null ? [] : ["no data"]),
    ];
    return [
      ...[timeText(sinceMs / 1000), status, name, whoText(per, key, zones)],
      ...[amountText(value, groundOf.get(alert.rule)), notes.join(", ") || NONE, alert.annotations["summary"] ?? ""],
    ];
  });
  return table([["SINCE", "STATE", "ALERT", "WHO", "VALUE", "NOTES", "SUMMARY"], ...rows]);
}

/** When it would have fired, for whom, for how long, and how bad it was. @param days how far back it was tried */
export function testText(name: string, test: AlertTest, ground: RuleGround, zones: ZoneNames, days: number): string {
  const { alerts, stepSec, evaluations, keys, columns, columnSec, notes } = test;
  const span = days === 1 ? "the last day" : `the last ${days} days`;
  const whose = new Set(alerts.map(({ key }) => key)).size;
  const times = alerts.length === 1 ? "once" : `${alerts.length} times`;
  const would =
    alerts.length === 0
      ? `would not have fired in ${span}`
      : `would have fired ${times} in ${span}${whose > 1 ? `, for ${whose} of ${keys} keys` : ""}`;
  const isReading = ground.condition?.kind !== "absent";
  const rows = alerts.map(({ key, fromTs, toTs, worst }) => [
    `  ${timeText(fromTs)}`,
    toTs === null ? "until now" : `for ${durationText(toTs - fromTs)}`,
    ...(isReading ? [`worst ${amountText(worst, ground)}`] : []),
    whoText(ground.per, key, zones),
  ]);
  const unknownSec = columns.filter(({ isUnknown }) => isUnknown).length * columnSec;
  const gaps = unknownSec === 0 ? "" : `; nobody had watched for ${durationText(unknownSec)} of it`;
  const tried = `tried ${evaluations} times, every ${durationText(stepSec)}${gaps}`;
  const said = [tried, ...notes].map((each) => `  (${plain(each)})\n`);
  return [`${plain(name)}: ${would}\n`, alerts.length === 0 ? "" : table(rows), ...said].join("");
}

/** `web-0 (df57ad29-b88b-40d3-957c-ce425ccba64a on cn-01)`: what it is called, and what to log in to. */
function whoText(per: string | null, key: string | null, zones: ZoneNames): string {
  if (key === null || key === "") return NONE;
  const zone = per === "zonename" ? zones.get(key) : undefined;
  if (zone === undefined) return key;
  const where = zone.host === "" ? key : `${key} on ${zone.host}`;
  return zone.alias === "" || zone.alias === key ? where : `${zone.alias} (${where})`;
}

function amountText(value: number | null, ground: RuleGround | undefined): string {
  if (value === null) return NONE;
  const condition = ground?.condition ?? null;
  return condition === null ? formatQuantity(value, "") : valueText(value, condition, ground?.measured ?? null);
}

/** `2026-01-31T12:00:00Z`: as logs have it, and as commands take it. */
function timeText(ts: number): string {
  return `${new Date(ts * 1000).toISOString().slice(0, 19)}Z`;
}
