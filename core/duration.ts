/**
 * duration.ts: how long something takes or took, as people read it: `3 d 4 h`, `5 min`, `90 s`, `1.5 s`, `250 ms`.
 */

const UNITS = [
  ["y", 31_536_000],
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/**
 * The two largest units from minutes on; below two minutes seconds.
 *
 * @param seconds below zero counts as zero: what is over has no time left
 * @param finest below a minute: whole seconds, or milliseconds and tenths of a second
 */
export function durationText(seconds: number, finest: "s" | "ms" = "s"): string {
  // 0.9995, 59.95: what would be rounded to the next unit is written in that.
  if (finest === "ms" && seconds > 0 && seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (finest === "ms" && seconds > 0 && seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120 && whole !== 60) return `${whole} s`;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [name, size] = UNITS[first] ?? UNITS[3];
  const number = Math.floor(whole / size);
  const next = UNITS[first + 1];
  // Beyond a few of the larger unit the smaller one is noise.
  const rest = next === undefined || number >= 10 ? 0 : Math.floor((whole % size) / next[1]);
  return rest === 0 ? `${number} ${name}` : `${number} ${name} ${rest} ${next?.[0] ?? ""}`;
}
