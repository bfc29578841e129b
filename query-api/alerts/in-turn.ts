/**
 * in-turn.ts: what is looked at and then written, with nothing in between: saves of rules, hooks and reports go one after another.
 *
 * Each checks something that another may be about to change: a name that is free, a cap, a hook that is named. The store has no locks, so
 * this holds within one process. Between two of them a look before the write sees what the other has stored, and a look after it what it
 * was storing meanwhile: an insert that has been answered is seen by every later read, so of two that collide at least one sees the other.
 */

const last = new WeakMap<object, Promise<unknown>>();

/** Runs `work` when all that was given before of the same thing has ended, however it ended. */
export function inTurn<T>(of: object, work: () => Promise<T>): Promise<T> {
  const before = last.get(of) ?? Promise.resolve();
  const mine = before.then(work, work);
  last.set(of, mine);
  return mine;
}
