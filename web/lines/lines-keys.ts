/**
 * lines-keys.ts: the keys that move the crosshair over lines.
 */
import type { LinesChart } from "./lines-chart.ts";

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

export function stepLines(chart: LinesChart | null, event: KeyboardEvent): void {
  const step = STEPS[event.key];
  if (step === undefined || chart === null) return;
  chart.step(step);
  event.preventDefault();
}
