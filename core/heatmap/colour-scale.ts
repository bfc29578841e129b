/**
 * colour-scale.ts: which of the ramp's 256 colours a cell's count gets.
 *
 *   rank    the share of non-empty cells with a smaller count: every colour is used as often as the data allow, and one
 *           stray event beside cells of a million is as plain as it should be
 *   log     the count's logarithm as a share of the greatest's
 *   linear  the count as a share of the greatest
 *
 * Ranks come from a tally over the counts' own floating-point bits (32 steps an octave, exact to 64), not from a sort: the
 * tally of 120,000 cells takes under a millisecond. Who keeps a tally of what is shown (web/heatmap/picture.ts) has the scale of a
 * million cells for the price of its 2048 bins, so every live column can be ranked afresh.
 */
export type Colouring = "rank" | "log" | "linear";
export const COLOURINGS: readonly Colouring[] = ["rank", "log", "linear"];

export interface ColourScale {
  /** 0 to 255 for a count above zero. */
  indexOf(count: number): number;
  /** The smallest count that a place on the ramp (0 to 1) stands for; null where the data are empty. */
  countAt(place: number): number | null;
  readonly max: number;
  /** `indexOf` of each bin, where a count's bin decides it: by rank; else null. */
  readonly byBin: Uint8Array | null;
}

const STEPS_BITS = 5;
export const BINS = 64 << STEPS_BITS;
/** One double and its two words; ImageData already ties the page to little-endian machines. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** @param counts of all cells; zeros are skipped */
export function colourScale(colouring: Colouring, counts: Float64Array): ColourScale {
  // Plain loops: an iterator over 80,000 doubles takes longer than all the rest.
  let max = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    if (count > max) max = count;
  }
  return scaleOf(colouring, colouring === "rank" ? tallyOf(counts) : new Uint32Array(BINS), max);
}

/** @param tally how many cells have a count of each bin (`binOf`), that of 0 left aside; @param max the greatest count */
export function scaleOf(colouring: Colouring, tally: Uint32Array, max: number): ColourScale {
  if (max === 0) return { indexOf: () => 0, countAt: () => null, max, byBin: null };
  if (colouring === "rank") return rankScale(tally, max);
  if (colouring === "log") {
    const span = Math.log(Math.max(max, 2));
    return {
      indexOf: (count) => clamp((Math.log(Math.max(1, count)) / span) * 255),
      countAt: (place) => Math.max(1, Math.round(Math.exp(place * span))),
      max,
      byBin: null,
    };
  }
  return {
    indexOf: (count) => clamp((count / max) * 255),
    countAt: (place) => Math.max(1, Math.round(place * max)),
    max,
    byBin: null,
  };
}

function tallyOf(counts: Float64Array): Uint32Array {
  const tally = new Uint32Array(BINS);
  for (let i = 0; i < counts.length; i++) {
    const bin = binOf(counts[i] as number);
    if (bin > 0) tally[bin] = (tally[bin] as number) + 1;
  }
  return tally;
}

function rankScale(tally: Uint32Array, max: number): ColourScale {
  const top = tally[binOf(max)] ?? 0;
  const cells = tally.reduce((all, each) => all + each, 0);
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
    byBin: table,
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

/**
 * Which step of the tally a count falls into; 0: it is none. Counts of one bin get one colour.
 *
 * Sign is 0, so the top word shifted right holds the exponent and five bits of the fraction.
 */
export function binOf(count: number): number {
  if (!(count > 0)) return 0;
  double[0] = count < 1 ? 1 : count;
  return Math.min(BINS - 1, 1 + ((words[1] as number) >>> (20 - STEPS_BITS)) - (1023 << STEPS_BITS));
}

/** The bins of the counts below `FEW`, which most cells have: read, not computed. */
export const FEW = 4096;
export const BINS_OF_FEW = binsOfFew();

function binsOfFew(): Uint16Array {
  const bins = new Uint16Array(FEW);
  const last = binOf(FEW);
  for (let bin = 1; bin < last; bin++) bins.fill(bin, countOfBin(bin), countOfBin(bin + 1));
  return bins;
}

function countOfBin(bin: number): number {
  words[1] = (bin - 1 + (1023 << STEPS_BITS)) << (20 - STEPS_BITS);
  words[0] = 0;
  return Math.ceil(double[0] as number);
}

function clamp(index: number): number {
  return Math.max(0, Math.min(255, Math.round(index)));
}
