/**
 * help.tsx: every key that the page knows, under `?`.
 */
const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["/", "search metrics"],
  ["space", "pause, or follow live"],
  ["l", "follow live"],
  ["[ ]", "shift the range by half"],
  ["+ −", "zoom in, out"],
  ["drag", "zoom to a time"],
  ["shift drag", "select times × values"],
  ["arrows", "move the crosshair (heatmap focused)"],
  ["esc", "back out: crosshair, selection, zoom"],
  ["t", "dark or light"],
  ["?", "this list"],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <aside class="help" aria-label="keyboard">
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="word" onClick={onClose}>
        close
      </button>
    </aside>
  );
}
