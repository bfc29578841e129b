/**
 * sparkline.tsx: the course of one key as a line as high as a word, from zero; where nobody watched there is no line.
 */
interface Props {
  /** null: not known yet. */
  readonly values: readonly (number | null)[] | null;
}

const WIDTH = 40;
const HEIGHT = 14;

export function Sparkline({ values }: Props) {
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      {values !== null && <path d={pathOf(values)} />}
    </svg>
  );
}

function pathOf(values: readonly (number | null)[]): string {
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = "";
  let down = false;
  values.forEach((value, i) => {
    if (value === null) {
      down = false;
      return;
    }
    const y = HEIGHT - 1 - (most === 0 ? 0 : (value / most) * (HEIGHT - 2));
    path += `${down ? "L" : "M"}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    down = true;
  });
  return path;
}
