/**
 * help.tsx: every key that the page knows, and what a hand can do, under `?`.
 */
const GROUPS: readonly (readonly [name: string, keys: readonly (readonly [keys: string, what: string])[]])[] = [
  [
    "time and values",
    [
      ["space", "pause, or follow live"],
      ["l", "follow live"],
      ["[ ]", "earlier, later by half"],
      ["+ −", "less time, more time"],
      ["o", "crop outliers, or show all values"],
      ["a", "logarithmic or linear axis"],
      ["esc", "back: steps, selection, zoom"],
    ],
  ],
  [
    "reading",
    [
      ["/", "search metrics"],
      ["1 – 4", "line of p50, p90, p99, p99.9"],
      ["c", "colour by rank, log, linear"],
      ["h", "hues for the largest keys"],
      ["t", "dark or light"],
      ["?", "this list"],
    ],
  ],
  [
    "on the heatmap",
    [
      ["arrows", "move the crosshair"],
      ["shift arrows", "extend a selection"],
      ["enter", "break it down"],
      ["{ }", "lower, higher values"],
      ["z", "zoom to the selection"],
    ],
  ],
  [
    "by hand",
    [
      ["drag sideways", "zoom to a time"],
      ["drag up, down", "zoom to values"],
      ["drag across", "select times × values (or shift)"],
      ["drag an axis", "move along it"],
      ["wheel sideways", "move in time; pinch to zoom"],
      ["double click", "back"],
    ],
  ],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <aside class="help" aria-label="keyboard">
      {GROUPS.map(([name, keys]) => (
        <section key={name}>
          <h2>{name}</h2>
          <dl>
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <button type="button" class="word" onClick={onClose}>
        close
      </button>
    </aside>
  );
}
