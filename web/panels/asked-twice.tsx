/**
 * asked-twice.tsx: a word that has to be meant: it asks once more, in its own place.
 */
interface AskedProps {
  /** What is asked twice: "delete". */
  readonly word: string;
  readonly sure: string;
  readonly keep: string;
  readonly asked: boolean;
  readonly onAsk: (asked: boolean) => void;
  readonly onSure: () => void;
}

export function AskedTwice({ word, sure, keep, asked, onAsk, onSure }: AskedProps) {
  return asked ? (
    <>
      <button type="button" class="word link sure" onClick={onSure}>
        {sure}
      </button>
      <button type="button" class="word link" onClick={() => onAsk(false)}>
        {keep}
      </button>
    </>
  ) : (
    <button type="button" class="word link" onClick={() => onAsk(true)}>
      {word}
    </button>
  );
}
