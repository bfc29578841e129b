/**
 * gestures.ts: what a hand does on the plot and its axes, beyond moving the crosshair.
 *
 *   drag sideways       a stretch of time      shift makes every drag a rectangle
 *   drag up or down     a band of values
 *   drag across both    a rectangle
 *   drag an axis        moves along it
 *   wheel sideways      moves in time (so does shift and the wheel); pinching zooms about the pointer: once the wheel rests,
 *                       since each step would be a question to the server
 *
 * uPlot draws the drag on the plot; a finger's is given to it as a mouse's, once it goes sideways: up and down it scrolls the page.
 */
import type uPlot from "../uplot.ts";
import type { PlotBox } from "./scene.ts";

export interface GestureEvents {
  /** An axis is being dragged by so many CSS pixels; one of the two is 0. */
  slide(dx: number, dy: number): void;
  /** It was let go. */
  settle(): void;
  /** @param place share of the width at which the pointer is. @param factor above 1: more time */
  zoomAbout(place: number, factor: number): void;
}

/** Below so many pixels in one direction a drag is along the other. */
export const ALONG_PX = 18;
const WHEEL_LINE_PX = 16;
const WHEEL_RESTS_MS = 110;

/** @returns the end of listening */
export function listen(u: uPlot, host: HTMLElement, plot: () => PlotBox, events: GestureEvents): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  // uPlot keeps the object that it was given, so that is what changes.
  const shift = (event: MouseEvent): void =>
    void Object.assign(u.cursor.drag ?? {}, { uni: event.shiftKey ? null : ALONG_PX });
  u.over.addEventListener("mousedown", shift, { capture: true, signal });
  const wheel = new Wheel(events);
  u.over.addEventListener("wheel", (event) => wheel.turn(event, plot()), { passive: false, signal });
  u.over.addEventListener("pointerdown", (event) => finger(event, u.over), { signal });
  host.addEventListener("pointerdown", (event) => dragAxis(event, plot(), host, events), { signal });
  return () => ended.abort();
}

class Wheel {
  readonly #events: GestureEvents;
  #slid = 0;
  #factor = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: GestureEvents) {
    this.#events = events;
  }

  turn(event: WheelEvent, { width }: PlotBox): void {
    const unit = event.deltaMode === 0 ? 1 : WHEEL_LINE_PX;
    const sideways = event.deltaX !== 0 ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (!event.ctrlKey && sideways === 0) return;
    event.preventDefault();
    clearTimeout(this.#timer);
    if (event.ctrlKey) {
      this.#factor *= Math.exp((event.deltaY * unit) / 200);
      const left = (event.currentTarget as HTMLElement).getBoundingClientRect().left;
      const place = (event.clientX - left) / width;
      this.#timer = setTimeout(() => {
        this.#events.zoomAbout(place, this.#factor);
        this.#factor = 1;
      }, WHEEL_RESTS_MS);
    } else {
      this.#slid -= sideways * unit;
      this.#events.slide(this.#slid, 0);
      this.#timer = setTimeout(() => {
        this.#slid = 0;
        this.#events.settle();
      }, WHEEL_RESTS_MS);
    }
  }
}

/** A finger's moves as a mouse's, which is all that uPlot listens to. */
function finger(start: PointerEvent, over: HTMLElement): void {
  if (start.pointerType !== "touch") return;
  const ended = new AbortController();
  const { signal } = ended;
  const as = (type: string) => (event: PointerEvent) => {
    const { clientX, clientY } = event;
    const target = type === "mouseup" ? document : over;
    target.dispatchEvent(new MouseEvent(type, { clientX, clientY, bubbles: true, button: 0 }));
    if (type === "mouseup") ended.abort();
  };
  as("mousemove")(start);
  as("mousedown")(start);
  over.addEventListener("pointermove", as("mousemove"), { signal });
  over.addEventListener("pointerup", as("mouseup"), { signal });
  // The page has taken the finger for scrolling: there is no drag.
  over.addEventListener("pointercancel", as("mouseup"), { signal });
}

function dragAxis(start: PointerEvent, plot: PlotBox, host: HTMLElement, events: GestureEvents): void {
  const box = host.getBoundingClientRect();
  const [x, y] = [start.clientX - box.left, start.clientY - box.top];
  const along = y > plot.top + plot.height ? "time" : x < plot.left ? "values" : null;
  if (along === null || start.button !== 0) return;
  start.preventDefault();
  const ended = new AbortController();
  const { signal } = ended;
  const move = (event: PointerEvent): void => {
    if (along === "time") events.slide(event.clientX - start.clientX, 0);
    else events.slide(0, event.clientY - start.clientY);
  };
  const end = (): void => {
    ended.abort();
    events.settle();
  };
  addEventListener("pointermove", move, { signal });
  addEventListener("pointerup", end, { signal });
  addEventListener("pointercancel", end, { signal });
}
