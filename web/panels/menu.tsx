/**
 * menu.tsx: a word of the sentence that opens a small list with type-ahead.
 *
 * Arrow keys move, enter picks, escape closes; typing filters by every word typed. A list may be loaded when it opens.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface Option {
  readonly id: string;
  readonly label: string;
  /** In lighter ink, at the right. */
  readonly detail?: string;
  /** A heading over the first option of each group. */
  readonly group?: string;
  readonly selected?: boolean;
}

interface Props {
  readonly label: ComponentChildren;
  /** What the button is for, for screen readers and as tooltip. */
  readonly title: string;
  readonly options: readonly Option[] | (() => Promise<readonly Option[]>);
  readonly onPick: (option: Option) => void;
  /** Stays open after a pick, for choosing several. */
  readonly several?: boolean;
  readonly className?: string;
  /** For a key that opens it: see `data-key` in keyboard.ts. */
  readonly shortcut?: string;
}

const FILTER_FROM = 7;

export function Menu(props: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class={`menu-root ${props.className ?? ""}`} ref={root}>
      <button
        type="button"
        class="word"
        ref={button}
        title={props.title}
        aria-haspopup="listbox"
        aria-expanded={open}
        data-key={props.shortcut}
        onClick={() => setOpen(!open)}
      >
        {props.label}
      </button>
      {open && <MenuList {...props} close={close} />}
    </div>
  );
}

function MenuList(props: Props & { readonly close: () => void }) {
  const { options: source, close } = props;
  const [loaded, setLoaded] = useState<readonly Option[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (typeof source !== "function") return;
    source().then(setLoaded, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, []);
  useEffect(() => keepInside(list.current), [loaded]);
  useEffect(() => list.current?.querySelector(".active")?.scrollIntoView({ block: "nearest" }), [active]);
  const all = typeof source === "function" ? loaded : source;
  const shown = (all ?? []).filter((option) => matchesWords(option, text));
  const pick = (option: Option | undefined): void => {
    if (option === undefined) return;
    props.onPick(option);
    if (props.several !== true) close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) setActive((active + move + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") pick(shown[active]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" ref={list} onKeyDown={onKeyDown}>
      <input
        class={(all?.length ?? 0) < FILTER_FROM ? "filter idle" : "filter"}
        type="text"
        role="combobox"
        aria-label={props.title}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={`${id}-${active}`}
        placeholder="type to filter"
        autocomplete="off"
        spellcheck={false}
        ref={(input) => input?.focus({ preventScroll: true })}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
      />
      <div class="options" role="listbox" id={id} aria-label={props.title}>
        {shown.map((option, i) => (
          <>
            {option.group !== undefined && option.group !== shown[i - 1]?.group && (
              <div class="group" role="presentation">
                {option.group}
              </div>
            )}
            <div
              id={`${id}-${i}`}
              role="option"
              key={option.id}
              class={i === active ? "option active" : "option"}
              aria-selected={option.selected === true}
              onPointerMove={() => setActive(i)}
              onClick={() => pick(option)}
            >
              <span class="label">{option.label}</span>
              {option.detail !== undefined && <span class="detail">{option.detail}</span>}
            </div>
          </>
        ))}
        {shown.length === 0 && (
          <div class="none">{problem ?? (all === null ? "loading …" : text === "" ? "nothing here" : "no match")}</div>
        )}
      </div>
    </div>
  );
}

/** Moves the list left where it would leave the window. */
function keepInside(list: HTMLElement | null): void {
  if (list === null) return;
  list.style.left = "0px";
  const surplus = list.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
  if (surplus > 0) list.style.left = `${-surplus}px`;
}

function matchesWords(option: Option, text: string): boolean {
  const where = `${option.label} ${option.detail ?? ""} ${option.group ?? ""}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => where.includes(word));
}
