/**
 * uplot.ts: the door to uPlot: axes, cursor, drag and lines; the cells are ours.
 *
 * uPlot sets its styles through element.style and takes its sheet from a file, so it runs under a policy that forbids inline
 * styles.
 */
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";

export default uPlot;
export type { AlignedData, Axis, Options, Series } from "uplot";

/** A scale whose distances are ratios; uPlot's own name for it is a const enum, which does not reach other modules. */
export const LOG_SCALE: Readonly<object> = { distr: 3 };
