/**
 * alert-state.ts: how alerts stand, in words and in an order: what somebody has to look at comes first.
 */
import type { AlertInfo } from "../../core/alerts/api.ts";
import { durationText } from "../clock.ts";

export interface Counts {
  readonly firing: number;
  /** Of those that fire: those that nobody is told of. */
  readonly silenced: number;
  readonly pending: number;
  readonly resolved: number;
}

export function countsOf(alerts: readonly AlertInfo[]): Counts {
  const by = (status: AlertInfo["status"]): number => alerts.filter((each) => each.status === status).length;
  const silenced = alerts.filter(({ status, isSilenced }) => status === "firing" && isSilenced).length;
  return { firing: by("firing"), silenced, pending: by("pending"), resolved: by("resolved") };
}

/** What fires before what may; what is silenced last of its kind; then the newest. */
export function inOrder(alerts: readonly AlertInfo[]): readonly AlertInfo[] {
  const rank = ({ status, isSilenced }: AlertInfo): number =>
    (status === "firing" ? 0 : status === "pending" ? 2 : 4) + (isSilenced ? 1 : 0);
  return [...alerts].sort((a, b) => rank(a) - rank(b) || b.sinceMs - a.sinceMs || (a.name < b.name ? -1 : 1));
}

/** What has to be known of an alert beside its state and its value. */
export function marksOf(alert: AlertInfo, nowMs: number): readonly string[] {
  const { isSilenced, isPartial, isLate, unknownSinceMs, why } = alert;
  const noData = unknownSinceMs === null ? "" : `no data for ${durationText((nowMs - unknownSinceMs) / 1000)}`;
  // What nobody watched is partial too: the stronger word is enough.
  const partial = isPartial && noData === "" ? "partial" : "";
  return [isSilenced ? "silenced" : "", noData, partial, isLate ? "found late" : "", why].filter((word) => word !== "");
}

/** The page in a sentence. */
export function summaryOf(alerts: readonly AlertInfo[], rules: number, broken: number): string {
  const { firing, silenced, pending } = countsOf(alerts);
  const fires = firing === 0 ? "Nothing fires" : `${firing} ${firing === 1 ? "alert fires" : "alerts fire"}`;
  const quiet = silenced === 0 ? "" : ` (${silenced} silenced)`;
  const waits = pending === 0 ? "" : `, ${pending} pending`;
  const known = rules === 0 ? "; there are no rules yet" : `; ${rules} ${rules === 1 ? "rule" : "rules"}`;
  const wrong = broken === 0 ? "" : `, ${broken} of them not evaluated`;
  return `${fires}${quiet}${waits}${known}${wrong}.`;
}

/** Labels that say more than the name and the key do. */
export function otherLabels({ labels, key }: AlertInfo): readonly (readonly [string, string])[] {
  return Object.entries(labels).filter(([name, value]) => name !== "alertname" && value !== key);
}
