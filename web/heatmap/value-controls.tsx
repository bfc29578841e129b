/**
 * value-controls.tsx: how the value axis runs and which part of it is shown; and, where a part is left out, how much that is.
 */
import type { AxisKind } from "../../core/heatmap/value-span.ts";
import { formatCount, formatQuantity, formatShare } from "../../core/units.ts";
import type { Values } from "../view/region.ts";
import { Choice } from "./choice.tsx";
import type { Outside } from "./picture.ts";

interface Props {
  readonly kind: AxisKind;
  readonly unit: string;
  /** Events of the whole picture. */
  readonly total: number;
  readonly values: Values | null;
  readonly leftOut: Outside;
  readonly onKind: (kind: AxisKind) => void;
  readonly onCrop: () => void;
  readonly onWhole: () => void;
}

export function ValueControls({ kind, unit, total, values, leftOut, onKind, onCrop, onWhole }: Props) {
  return (
    <div class="value-controls">
      {values === null ? (
        <button
          type="button"
          class="word"
          title="leave out the highest 0.1 % of the events (o)"
          data-key="o"
          onClick={onCrop}
        >
          crop outliers
        </button>
      ) : (
        <button
          type="button"
          class="word left-out"
          title="show all values (o)"
          data-key="o"
          data-left-out
          onClick={onWhole}
        >
          {leftOutText(values, leftOut, total, unit)} <span aria-hidden="true">×</span>
        </button>
      )}
      <Choice label="value axis" options={KINDS} chosen={[kind]} onPick={onKind} />
    </div>
  );
}

/** `639 above 20 ms left out (0.1 %)`; nothing is left out without being counted. */
function leftOutText({ low, high }: Values, { below, above }: Outside, total: number, unit: string): string {
  const sides = [
    low !== null && below > 0 ? `${formatCount(below)} below ${formatQuantity(low, unit)}` : "",
    high !== null && above > 0 ? `${formatCount(above)} above ${formatQuantity(high, unit)}` : "",
  ].filter((text) => text !== "");
  if (sides.length === 0) return "nothing left out";
  return `left out: ${sides.join(", ")} (${formatShare(below + above, total)})`;
}

const KINDS: readonly { value: AxisKind; text: string; title: string }[] = [
  { value: "log", text: "log", title: "equal distances are equal ratios of value (a)" },
  { value: "linear", text: "linear", title: "equal distances are equal differences of value (a)" },
];
