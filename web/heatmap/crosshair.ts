/**
 * crosshair.ts: the one instant, and value, that is pointed at on a page: panels that share a crosshair show it together.
 *
 * A panel publishes what its pointer is over, and hears what others publish. Panels of the same unit share the value too.
 */
export interface Pointed {
  /** Epoch seconds. */
  readonly ts: number;
  /** In `unit`; null where the panel has no value under its pointer. */
  readonly value: number | null;
  readonly unit: string;
}

type Listener = (at: Pointed | null) => void;

export class Crosshair {
  readonly #listeners = new Map<object, Listener>();
  #owner: object | null = null;

  /** @param owner the panel under the pointer; it does not hear itself */
  point(owner: object, at: Pointed | null): void {
    // A panel that the pointer has left says so late: by then another may have it.
    if (at === null && this.#owner !== owner) return;
    this.#owner = at === null ? null : owner;
    for (const [each, listener] of this.#listeners) if (each !== owner) listener(at);
  }

  follow(follower: object, listener: Listener): void {
    this.#listeners.set(follower, listener);
  }

  leave(follower: object): void {
    this.point(follower, null);
    this.#listeners.delete(follower);
  }
}
