/**
 * help.tsx: the keys that a page knows, and what a hand can do, under `?`. Each page says its own; nothing is listed that does nothing.
 */
export interface KeyGroup {
  readonly name: string;
  readonly keys: readonly (readonly [keys: string, what: string])[];
}

/** What every page knows (page-frame.tsx). */
export const EVERYWHERE: KeyGroup = {
  name: "everywhere",
  keys: [
    ["tab", "the next control"],
    ["enter", "press it, open its menu"],
    ["t", "dark or light"],
    ["u", "UTC or local time"],
    ["?", "this list"],
  ],
};

export const TIME_KEYS = [
  ["space", "pause, or follow live"],
  ["l", "follow live"],
  ["[ ]", "earlier, later by half"],
  ["+ −", "less time, more time"],
] as const;

interface Props {
  readonly groups: readonly KeyGroup[];
  readonly onClose: () => void;
}

export function Help({ groups, onClose }: Props) {
  return (
    <aside class="help" aria-label="keyboard">
      {groups.map(({ name, keys }) => (
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
