/**
 * clock.ts: instants as people read them, in UTC or in the reader's own zone; and what time the server has.
 *
 * Everything takes epoch seconds. The page asks for ranges by the server's clock, since a laptop's may be off by minutes and
 * would then ask for a future that has no data.
 */
export { durationText } from "../core/duration.ts";

export type Zone = "utc" | "local";

/** `14:02:10` */
export function clockText(ts: number, zone: Zone): string {
  const [, , , hour, minute, second] = parts(ts, zone);
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

/** `2025-03-01` */
export function dateText(ts: number, zone: Zone): string {
  const [year, month, day] = parts(ts, zone);
  return `${year}-${two(month)}-${two(day)}`;
}

/** `5 min`, `90 s`, `6 h`, `7 d` */
export function spanText(seconds: number): string {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds >= 120 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

/** Seconds to add to UTC at this instant. */
export function zoneOffsetSec(ts: number, zone: Zone): number {
  return zone === "utc" ? 0 : -new Date(ts * 1000).getTimezoneOffset() * 60;
}

let skewMs = 0;

/** Learns the server's clock from an answer's Date header, which has whole seconds: smaller differences are noise. */
export function learnServerTime(dateHeader: string | null, nowMs: number = Date.now()): void {
  const serverMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(serverMs)) return;
  skewMs = Math.abs(serverMs - nowMs) > 2000 ? serverMs - nowMs : 0;
}

/** Epoch seconds by the server's clock. */
export function serverNow(): number {
  return (Date.now() + skewMs) / 1000;
}

function parts(ts: number, zone: Zone): [number, number, number, number, number, number] {
  const date = new Date((ts + zoneOffsetSec(ts, zone)) * 1000);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}
