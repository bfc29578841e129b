/**
 * once.ts: what has been said already, so that a thing that keeps happening is said once and not a thousand times.
 *
 * It may be said again after an hour. Bounded: past `MAX_KEYS` the oldest is forgotten, and may then be said again.
 */
const MAX_KEYS = 200;
const AGAIN_MS = 3_600_000;

export class Once {
  readonly #saidMs = new Map<string, number>();

  /** @returns true when this has not been said within the last hour */
  first(what: string, nowMs: number): boolean {
    const saidMs = this.#saidMs.get(what);
    if (saidMs !== undefined && nowMs - saidMs < AGAIN_MS) return false;
    this.#saidMs.delete(what);
    this.#saidMs.set(what, nowMs);
    if (this.#saidMs.size > MAX_KEYS) this.#saidMs.delete(this.#saidMs.keys().next().value ?? "");
    return true;
  }
}
