/**
 * colour-scale.ts: which of the ramp's 256 colours a cell's count gets.
 *
 *   rank    the share of non-empty cells with a smaller count: every colour is used as often as the data allow, and one
 *           stray event beside cells of a million is as plain as it should be
 *   log     the count's logarithm as a share of the greatest's
 *   linear  the count as a share of the greatest
 *
 * Ranks come from a tally over the counts' own floating-point bits (32 steps an octave, exact to 64), not from a sort: the
 * tally of 120,000 cells takes under a millisecond, so every live column can be ranked afresh.
 */
export type Colouring = "rank" | "log" | "linear";
export const COLOURINGS: readonly Colouring[] = ["rank", "log", "linear"];

export interface ColourScale {
  /** 0 to 255 for a count above zero. */
  indexOf(count: number): number;
  /** The smallest count that a place on the ramp (0 to 1) stands for; null where the data are empty. */
  countAt(place: number): number | null;
  readonly max: number;
}

const STEPS_BITS = 5;
const BINS = 64 << STEPS_BITS;
/** One double and its two words; ImageData already ties the page to little-endian machines. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** @param counts of all cells, row by row; zeros are skipped */
export function colourScale(colouring: Colouring, counts: Float64Array): ColourScale {
  // Plain loops: an iterator over 80,000 doubles takes longer than all the rest.
  let max = 0;
  for (let i = 0; i < counts.length; i++) max = Math.max(max, counts[i] ?? 0);
  if (max === 0) return { indexOf: () => 0, countAt: () => null, max };
  if (colouring === "rank") return rankScale(counts, max);
  if (colouring === "log") {
    const span = Math.log(Math.max(max, 2));
    return {
      indexOf: (count) => clamp((Math.log(Math.max(1, count)) / span) * 255),
      countAt: (place) => Math.max(1, Math.round(Math.exp(place * span))),
      max,
    };
  }
  return {
    indexOf: (count) => clamp((count / max) * 255),
    countAt: (place) => Math.max(1, Math.round(place * max)),
    max,
  };
}

function rankScale(counts: Float64Array, max: number): ColourScale {
  const tally = new Uint32Array(BINS);
  let cells = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count <= 0) continue;
    const bin = binOf(count);
    tally[bin] = (tally[bin] ?? 0) + 1;
    cells += 1;
  }
  const top = tally[binOf(max)] ?? 0;
  // Divided by the cells below the greatest, so that the greatest count is always the ramp's last colour.
  const span = Math.max(1, cells - top);
  const table = new Uint8Array(BINS);
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    table[bin] = cells === top ? 255 : clamp((below / span) * 255);
    below += tally[bin] ?? 0;
  }
  return {
    indexOf: (count) => table[binOf(count)] ?? 0,
    countAt: (place) => lowestWith(tally, table, place * 255),
    max,
  };
}

/** The smallest count present whose colour is at least `index`. */
function lowestWith(tally: Uint32Array, table: Uint8Array, index: number): number | null {
  let last: number | null = null;
  for (let bin = 0; bin < BINS; bin++) {
    if ((tally[bin] ?? 0) === 0) continue;
    last = countOfBin(bin);
    if ((table[bin] ?? 0) >= Math.floor(index)) return last;
  }
  return last;
}

/** Sign is 0, so the top word shifted right holds the exponent and five bits of the fraction. */
function binOf(count: number): number {
  double[0] = count < 1 ? 1 : count;
  return Math.min(BINS - 1, ((words[1] ?? 0) >>> (20 - STEPS_BITS)) - (1023 << STEPS_BITS));
}

function countOfBin(bin: number): number {
  words[1] = (bin + (1023 << STEPS_BITS)) << (20 - STEPS_BITS);
  words[0] = 0;
  return Math.ceil(double[0] ?? 0);
}

function clamp(index: number): number {
  return Math.max(0, Math.min(255, Math.round(index)));
}
