/**
 * until.ts: waiting for what will happen, in place of a sleep.
 */

/** Asked at once again at first, as most things happen within a turn of the loop; then at a pace that costs nothing. */
const EAGER_MS = 20;
const PAUSE_MS = 15;

/**
 * Asks until there is an answer other than undefined, null or false.
 *
 * @param what is waited for, for whoever reads that it did not happen
 * @throws Error when it has not happened in time
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 90_000,
): Promise<Exclude<T, undefined | null | false>> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) {
      return answer as Exclude<T, undefined | null | false>;
    }
    const waitedMs = performance.now() - startedMs;
    if (waitedMs > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => (waitedMs < EAGER_MS ? setImmediate(resolve) : setTimeout(resolve, PAUSE_MS)));
  }
}
