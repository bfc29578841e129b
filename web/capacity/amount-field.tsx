/**
 * amount-field.tsx: an amount as one types it (`8 GiB`, `200`), taken when it is whole: with enter, or on leaving the field.
 */
import { useEffect, useState } from "preact/hooks";
import { constantText, parseConstant } from "../instrument/constant.ts";

interface Props {
  readonly label: string;
  readonly type: "size" | "percent" | "number";
  readonly value: number | null;
  readonly placeholder?: string;
  /** null: it was emptied. */
  readonly onChange: (value: number | null) => void;
}

export function AmountField({ label, type, value, placeholder, onChange }: Props) {
  const shown = value === null ? "" : constantText(value, type);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const amount = parseConstant(text, type);
  const isWrong = text.trim() !== "" && (typeof amount !== "number" || amount < 0);
  const take = (): void => {
    if (isWrong) return;
    const next = typeof amount === "number" ? amount : null;
    if (next !== value) onChange(next);
  };
  return (
    <input
      type="text"
      class="amount"
      aria-label={label}
      aria-invalid={isWrong}
      placeholder={placeholder}
      value={text}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
        else if (event.key === "Escape") setText(shown);
      }}
    />
  );
}
