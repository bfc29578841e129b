/**
 * form-parts.tsx: what the forms of this page are put together from: a typed field, pairs of name and text; and what is wrong where it
 * was typed.
 */
import { useId } from "preact/hooks";
import type { FieldError } from "../../core/errors.ts";
import type { Pair } from "./rule-draft.ts";

/** What is wrong with fields whose names are, or begin with, one of these. */
export function problemAt(errors: readonly FieldError[], ...fields: readonly string[]): string | null {
  const own = errors.filter(({ field }) =>
    fields.some((each) => field === each || field.startsWith(`${each}.`) || field.startsWith(`${each}[`)),
  );
  return own.length === 0 ? null : [...new Set(own.map(({ message }) => message))].join("; ");
}

interface TypedProps {
  /** For screen readers, and what tests find it by. */
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly placeholder?: string;
  /** How much room: a number with its unit unless said otherwise. */
  readonly wide?: boolean;
  readonly isWrong?: boolean;
  readonly options?: readonly string[];
  readonly type?: "text" | "datetime-local" | "url";
  readonly focus?: boolean;
}

export function Typed(props: TypedProps) {
  const { label, value, onInput, placeholder = "", wide = false, isWrong = false, options, type = "text" } = props;
  const list = useId();
  return (
    <>
      <input
        class={wide ? "typed wide" : "typed"}
        type={type}
        aria-label={label}
        aria-invalid={isWrong}
        placeholder={placeholder}
        value={value}
        autocomplete="off"
        spellcheck={false}
        {...(options === undefined ? {} : { list })}
        {...(props.focus === true ? { "data-focus": "" } : {})}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {options !== undefined && (
        <datalist id={list}>
          {options.map((each) => (
            <option value={each} key={each} />
          ))}
        </datalist>
      )}
    </>
  );
}

interface PairsProps {
  readonly pairs: readonly Pair[];
  /** "label", "annotation". */
  readonly noun: string;
  readonly placeholders: readonly [name: string, text: string];
  readonly onChange: (pairs: readonly Pair[]) => void;
}

export function Pairs({ pairs, noun, placeholders, onChange }: PairsProps) {
  const change = (index: number, pair: Partial<Pair>): void =>
    onChange(pairs.map((each, i) => (i === index ? { ...each, ...pair } : each)));
  return (
    <div class="pairs">
      {pairs.map(({ name, text }, i) => (
        <div class="pair" key={i}>
          <Typed
            label={`name of ${noun} ${i + 1}`}
            value={name}
            placeholder={placeholders[0]}
            onInput={(next) => change(i, { name: next })}
          />
          <Typed
            label={`${noun} ${i + 1}`}
            value={text}
            placeholder={placeholders[1]}
            wide
            onInput={(next) => change(i, { text: next })}
          />
          <button
            type="button"
            class="word remove"
            aria-label={`remove ${noun} ${i + 1}`}
            onClick={() => onChange(pairs.filter((_, at) => at !== i))}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" class="word add-one" onClick={() => onChange([...pairs, { name: "", text: "" }])}>
        + {noun}
      </button>
    </div>
  );
}
