/**
 * pairs.ts: numbers for tuples of numbers, a pair at a time, so that rows are told apart without a string for each.
 */

/** An id and a value below 2^32 are one exact double as long as there are fewer than 2^20 ids for each further value. */
const VALUES = 2 ** 32;

export class Pairs {
  readonly #ids = new Map<number, number>();

  /**
   * The number of (id, value): the same for the same pair, from 1 on.
   *
   * @param id 0, or what an earlier call returned; below 2^21
   * @param value a whole number from 0 to 2^32 - 1
   */
  id(id: number, value: number): number {
    const pair = id * VALUES + value;
    let found = this.#ids.get(pair);
    if (found === undefined) this.#ids.set(pair, (found = this.#ids.size + 1));
    return found;
  }
}
