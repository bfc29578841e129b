/**
 * activity.ts: how busy a zone is in a second: a daily rhythm, slow drift, bursts, and for batch zones their jobs.
 *
 * 1 is ordinary. A pure function of the zone's seed and the time, so that the past can be asked for as well.
 */
import { mix, unit, wave } from "./random.ts";

const DAY_SEC = 86_400;
const BURST_CELL_SEC = 240;
const JOB_PERIOD_SEC = 420;
const JOB_SEC = 75;

export function activityOf(seed: number, role: string, sec: number): number {
  if (role === "batch") return jobActivity(seed, sec);
  const drift =
    0.22 * wave(mix(seed, 1), sec, 600) + 0.1 * wave(mix(seed, 2), sec, 45) + 0.05 * wave(mix(seed, 3), sec, 4);
  return daily(sec) * Math.exp(drift) * burst(seed, sec);
}

/** Lowest at 3:00, highest at 15:00 UTC. */
function daily(sec: number): number {
  return 1 - 0.35 * Math.cos((2 * Math.PI * (sec - 3 * 3600)) / DAY_SEC);
}

/** In a third of all four-minute cells, a rush of 10 to 40 seconds with a steep front. */
function burst(seed: number, sec: number): number {
  const cell = Math.floor(sec / BURST_CELL_SEC);
  const draw = mix(mix(seed, 4), cell);
  if (unit(draw, 0) > 0.33) return 1;
  const lengthSec = 10 + 30 * unit(draw, 1);
  const into = sec - cell * BURST_CELL_SEC - unit(draw, 2) * (BURST_CELL_SEC - lengthSec - 4);
  if (into < 0 || into > lengthSec) return 1;
  const height = 0.8 + 1.6 * unit(draw, 3);
  return 1 + height * Math.min(1, (into + 1) / 3) * Math.min(1, (lengthSec - into) / 6);
}

/** Nearly idle, then a job that takes what it gets. */
function jobActivity(seed: number, sec: number): number {
  const into = (sec + (mix(seed, 5) % JOB_PERIOD_SEC)) % JOB_PERIOD_SEC;
  if (into >= JOB_SEC) return 0.15;
  const edge = Math.min(1, (into + 1) / 4) * Math.min(1, (JOB_SEC - into) / 3);
  return 0.15 + 6 * edge * (1 + 0.1 * wave(mix(seed, 6), sec, 3));
}
