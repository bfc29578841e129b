/**
 * use-keyboard.ts: the page's keys. Typing in a field is never one of them.
 */
import { useEffect, useRef } from "preact/hooks";

/** Key (as in KeyboardEvent.key) to what it does. An action that answers false lets the key do what it does anyway. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

export function useKeyboard(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const { target } = event;
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
      // Space on a focused button presses the button.
      if (event.key === " " && target instanceof HTMLButtonElement) return;
      const action = current.current[event.key];
      if (action === undefined || action(event) === false) return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

/** Presses the control that carries the key in `data-key`; goes into it where it is a field. */
export function press(key: string): void {
  const control = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (control instanceof HTMLInputElement) control.focus();
  else control?.click();
}

/** Hands an arrow to the picture, while nothing else has the focus and there is nothing to scroll. */
export function toPicture(event: KeyboardEvent): boolean {
  const picture = document.querySelector<HTMLElement>("[data-heatmap], [data-lines]");
  const { scrollHeight } = document.documentElement;
  if (picture === null || event.target !== document.body || scrollHeight > innerHeight) return false;
  picture.focus();
  const { key, shiftKey } = event;
  picture.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: false, cancelable: true }));
  return true;
}
