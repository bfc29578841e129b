/**
 * percentile-toggles.tsx: which percentile lines are drawn; any number of them, or none.
 */
import { PERCENTILE_LABELS, PERCENTILES, type Percentile } from "../view/view.ts";
import { Choice } from "./choice.tsx";

interface Props {
  readonly shown: readonly Percentile[];
  readonly onShown: (shown: readonly Percentile[]) => void;
}

export function PercentileToggles({ shown, onShown }: Props) {
  return (
    <Choice
      label="percentile lines"
      options={OPTIONS}
      chosen={shown}
      onPick={(name) => onShown(PERCENTILES.filter((each) => (each === name) !== shown.includes(each)))}
    />
  );
}

const OPTIONS = PERCENTILES.map((value) => ({
  value,
  text: PERCENTILE_LABELS[value],
  title: `line of the ${PERCENTILE_LABELS[value].slice(1)}th percentile, from exact counts`,
}));
