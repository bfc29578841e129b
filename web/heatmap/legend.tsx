/**
 * legend.tsx: what the colours mean, in numbers, and how they are given out.
 */
import { useEffect, useRef } from "preact/hooks";
import { formatShort } from "../../core/units.ts";
import { COLOURINGS, type Colouring, type ColourScale } from "../../core/heatmap/colour-scale.ts";
import { Choice } from "./choice.tsx";
import { PERS, type Per } from "./picture.ts";
import { parseHex, rampOf } from "../../core/heatmap/ramp.ts";
import type { Colours } from "../theme.ts";
import { strengths } from "./hue-colours.ts";
import type { AxisKind } from "../../core/heatmap/value-span.ts";

interface Props {
  readonly scale: ColourScale | null;
  readonly colours: Colours;
  /** Keys have hues: then colour is a hue, and how far it stands out from the plot. */
  readonly hued: boolean;
  readonly axis: AxisKind;
  readonly colouring: Colouring;
  readonly per: Per;
  readonly onColouring: (colouring: Colouring) => void;
  readonly onPer: (per: Per) => void;
}

const PLACES = [0, 0.25, 0.5, 0.75, 1];

export function Legend({ scale, colours, hued, axis, colouring, per, onColouring, onPer }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => drawRamp(canvas.current, colours, hued), [colours, hued]);
  const numberAt = (place: number): string => {
    const count = place === 1 ? (scale?.max ?? 0) : (scale?.countAt(place) ?? 0);
    return count === 0 ? "" : formatShort(count);
  };
  return (
    <div class="legend">
      <span class="legend-scale" role="img" aria-label="colours from few events to many">
        <canvas ref={canvas} width={256} height={1} />
        <span class="legend-numbers">
          {PLACES.map((place) => (
            <span key={place}>{numberAt(place)}</span>
          ))}
        </span>
      </span>
      {axis === "log" && (
        <Choice label="colour stands for events" lead="per" options={PER_OPTIONS} chosen={[per]} onPick={onPer} />
      )}
      <Choice label="colour by" options={COLOUR_OPTIONS} chosen={[colouring]} onPick={onColouring} />
    </div>
  );
}

const COLOUR_TITLES: Record<Colouring, string> = {
  rank: "colour by rank among the cells: shows outliers",
  log: "colour by the logarithm",
  linear: "colour by the share of the greatest",
};
const COLOUR_OPTIONS = COLOURINGS.map((value) => ({ value, text: value, title: COLOUR_TITLES[value] }));

const PER_TITLES: Record<Per, string> = {
  bucket: "colour stands for a cell's exact count",
  decade: "colour stands for events per decade of value: the shape, without the steps of the buckets' widths",
};
const PER_OPTIONS = PERS.map((value) => ({ value, text: value, title: PER_TITLES[value] }));

function drawRamp(canvas: HTMLCanvasElement | null, colours: Colours, hued: boolean): void {
  const context = canvas?.getContext("2d");
  if (context === null || context === undefined) return;
  const image = context.createImageData(256, 1);
  const ramp = hued ? strengths(parseHex(colours.otherKey), colours.plot) : rampOf(colours.theme);
  ramp.forEach((colour, i) => image.data.set([...colour, 255], i * 4));
  context.putImageData(image, 0, 0);
}
