/**
 * feed.ts: stored batches, told to whoever listens in this process.
 */
import type { LiveFeed, StoredBatch } from "../core/window.ts";

export class Feed implements LiveFeed {
  readonly #listeners = new Set<(stored: StoredBatch) => void>();

  subscribe(listener: (stored: StoredBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(stored: StoredBatch): void {
    for (const listener of this.#listeners) listener(stored);
  }
}
