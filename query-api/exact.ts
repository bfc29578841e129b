/**
 * exact.ts: sums that a double holds to the unit, or none.
 */
import { OperationalError } from "../core/errors.ts";

/** @throws OperationalError COUNT_TOO_LARGE rather than give a sum that a double has rounded */
export function exact(sum: number): number {
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum;
  throw new OperationalError("COUNT_TOO_LARGE", "add counts: a sum is above 2^53; ask for a shorter range");
}
