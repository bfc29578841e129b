/**
 * overlay.ts: what lies over the cells and is not data: the outline of the cell under the crosshair, and the selection.
 *
 * Elements over the canvas rather than strokes on it, so that moving the pointer repaints nothing.
 */
import type { Cell } from "./cell.ts";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export class Overlay {
  readonly #outline: HTMLElement;
  readonly #selection: HTMLElement;
  readonly #other: HTMLElement;

  constructor(over: HTMLElement) {
    this.#outline = append(over, "cell-outline");
    this.#other = append(over, "selection other");
    this.#selection = append(over, "selection");
  }

  outline(cell: Cell | null): void {
    const ratio = devicePixelRatio;
    place(
      this.#outline,
      cell === null
        ? null
        : {
            left: cell.box.left / ratio,
            top: cell.box.top / ratio,
            width: cell.box.width / ratio,
            height: cell.box.height / ratio,
          },
    );
  }

  /** What the selection is compared with. */
  selectOther(box: Box | null): void {
    place(this.#other, box);
  }

  /** @param box CSS pixels from the plot's corner */
  select(box: Box | null): void {
    place(this.#selection, box);
  }
}

function append(parent: HTMLElement, name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = true;
  parent.append(element);
  return element;
}

function place(element: HTMLElement, box: Box | null): void {
  element.hidden = box === null;
  if (box === null) return;
  element.style.transform = `translate(${box.left}px, ${box.top}px)`;
  element.style.width = `${box.width}px`;
  element.style.height = `${box.height}px`;
}
