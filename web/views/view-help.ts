/**
 * view-help.ts: the keys of the view: a distribution has a heatmap to walk over, scalars have lines.
 */
import { EVERYWHERE, TIME_KEYS, type KeyGroup } from "../panels/help.tsx";

const READING = ["/", "search metrics"] as const;

const HEATMAP_HELP: readonly KeyGroup[] = [
  {
    name: "time and values",
    keys: [
      ...TIME_KEYS,
      ["o", "crop outliers, or show all values"],
      ["a", "logarithmic or linear axis"],
      ["esc", "back: steps, selection, zoom"],
    ],
  },
  {
    name: "reading",
    keys: [
      READING,
      ["1 – 4", "line of p50, p90, p99, p99.9"],
      ["c", "colour by rank, log, linear"],
      ["h", "hues for the largest keys"],
    ],
  },
  {
    name: "on the heatmap",
    keys: [
      ["arrows", "move the crosshair"],
      ["shift arrows", "extend a selection"],
      ["enter", "break it down"],
      ["{ }", "lower, higher values"],
      ["z", "zoom to the selection"],
    ],
  },
  {
    name: "by hand",
    keys: [
      ["drag sideways", "zoom to a time"],
      ["drag up, down", "zoom to values"],
      ["drag across", "select times × values (or shift)"],
      ["drag an axis", "move along it"],
      ["wheel sideways", "move in time; pinch to zoom"],
      ["double click", "back"],
    ],
  },
  EVERYWHERE,
];

const LINES_HELP: readonly KeyGroup[] = [
  { name: "time", keys: [...TIME_KEYS, ["esc", "back"]] },
  { name: "reading", keys: [READING, ["arrows", "move the crosshair"]] },
  {
    name: "by hand",
    keys: [
      ["drag sideways", "zoom to a time"],
      ["double click", "back"],
    ],
  },
  EVERYWHERE,
];

export function viewHelp(isDistribution: boolean): readonly KeyGroup[] {
  return isDistribution ? HEATMAP_HELP : LINES_HELP;
}
