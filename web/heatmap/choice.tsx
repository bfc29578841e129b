/**
 * choice.tsx: a few words in a row, one or more of which hold.
 */
interface Props<T extends string> {
  /** For screen readers. */
  readonly label: string;
  /** A word before them, where they do not explain themselves. */
  readonly lead?: string;
  readonly options: readonly { readonly value: T; readonly text: string; readonly title: string }[];
  readonly chosen: readonly T[];
  readonly onPick: (value: T) => void;
}

export function Choice<T extends string>({ label, lead, options, chosen, onPick }: Props<T>) {
  return (
    <span class="choice" role="group" aria-label={label}>
      {lead !== undefined && <span class="joint">{lead}</span>}
      {options.map(({ value, text, title }) => (
        <button
          type="button"
          class="word"
          key={value}
          aria-pressed={chosen.includes(value)}
          title={title}
          onClick={() => onPick(value)}
        >
          {text}
        </button>
      ))}
    </span>
  );
}
