/**
 * board-help.tsx: the keys that a board knows, under `?`.
 */
const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["space", "pause, or follow live"],
  ["l", "follow live"],
  ["[ ]", "earlier, later by half"],
  ["+ −", "less time, more time"],
  ["t", "dark or light"],
  ["arrows", "move the crosshair (heatmap focused)"],
  ["drag sideways", "zoom all panels to a time"],
  ["drag across", "open a selection in the view"],
  ["esc", "back"],
  ["?", "this list"],
];

export function BoardHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <aside class="help" aria-label="keyboard">
      <section>
        <h2>boards</h2>
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
      </section>
      <button type="button" class="word" onClick={onClose}>
        close
      </button>
    </aside>
  );
}
