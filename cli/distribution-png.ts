/**
 * distribution-png.ts: distributions side by side as a heatmap: one column each, in the order of printing.
 *
 * The vertical axis is every edge that occurs, lowest at the bottom, each step between two edges equally high, as buckets are
 * not equally wide. Colour is the count, by its logarithm, so that rare events beside frequent ones stay visible; white is
 * none. Keys are not told apart: whoever wants one panel a key selects the lines first. There is no text in the picture.
 */
import type { AnyDistribution, EdgedBucket } from "../collectors/parse-any.ts";
import { Canvas } from "../wire/canvas.ts";

/** What a picture can show; more columns than this are left out. */
export const MAX_COLUMNS = 4096;
const MAX_STEPS = 2048;

type Pixel = readonly [red: number, green: number, blue: number];

/** White to dark red through yellow: the lightness falls all the way, so it reads in grey as well. */
const RAMP: readonly Pixel[] = [
  [255, 255, 255],
  [255, 237, 160],
  [254, 178, 76],
  [240, 59, 32],
  [128, 0, 38],
  [60, 0, 20],
];
/** Counts below zero have no place on the ramp. */
const NEGATIVE: Pixel = [49, 130, 189];

export class DistributionPicture {
  readonly #columns: (readonly EdgedBucket[])[] = [];
  /** Distributions beyond MAX_COLUMNS. */
  leftOut = 0;

  add({ buckets }: Pick<AnyDistribution, "buckets">): void {
    if (this.#columns.length >= MAX_COLUMNS) this.leftOut++;
    else
      this.#columns.push(
        buckets.filter(([low, high, count]) => (low !== null || high !== null) && Number(count) !== 0),
      );
  }

  /** @returns the PNG, and what it shows; undefined where nothing was counted */
  render(): { png: Uint8Array; columns: number; steps: number; largest: number } | undefined {
    const edges = edgesOf(this.#columns);
    if (edges.length < 2) return undefined;
    const largest = this.#columns.flat().reduce((most, [, , count]) => Math.max(most, Number(count)), 1);
    const columns = this.#columns.length;
    const steps = edges.length - 1;
    const cell = { width: cellSize(960, columns, 32), height: cellSize(640, steps, 16) };
    const canvas = new Canvas(columns * cell.width, steps * cell.height);
    this.#columns.forEach((buckets, x) => {
      for (const [low, high, count] of buckets) {
        const bottom = low === null ? 0 : edges.indexOf(Number(low));
        const top = high === null ? steps : edges.indexOf(Number(high));
        if (bottom < 0 || top < 0) continue;
        canvas.fill(
          x * cell.width,
          (steps - top) * cell.height,
          cell.width,
          (top - bottom) * cell.height,
          colourOf(Number(count), largest),
        );
      }
    });
    return { png: canvas.encode(), columns, steps, largest };
  }
}

/** Every edge of a bucket with a count, ascending; -Infinity and Infinity stand for open ends. */
function edgesOf(columns: readonly (readonly EdgedBucket[])[]): number[] {
  const edges = new Set<number>();
  for (const [low, high] of columns.flat()) {
    if (edges.size >= MAX_STEPS) break;
    edges.add(low === null ? -Infinity : Number(low));
    edges.add(high === null ? Infinity : Number(high));
  }
  return [...edges].sort((a, b) => a - b);
}

function cellSize(room: number, cells: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(room / cells)));
}

function colourOf(count: number, largest: number): Pixel {
  if (count < 0) return NEGATIVE;
  // From 0.12 on, so that a single event is never taken for none.
  const share = largest > 1 ? Math.log(count) / Math.log(largest) : 1;
  const place = (0.12 + 0.88 * share) * (RAMP.length - 1);
  const from = RAMP[Math.floor(place)] ?? NEGATIVE;
  const to = RAMP[Math.ceil(place)] ?? from;
  const rest = place - Math.floor(place);
  return [mix(from[0], to[0], rest), mix(from[1], to[1], rest), mix(from[2], to[2], rest)];
}

function mix(from: number, to: number, share: number): number {
  return Math.round(from + (to - from) * share);
}
