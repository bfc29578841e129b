/**
 * long.ts: what `npm test` leaves to `npm run test:long`: tests whose bounds in time need a machine that does nothing else.
 */

/** For `describe`: false, or why there is no test now. */
export const NEEDS_A_QUIET_MACHINE: string | false =
  process.env["ISOTHERM_LONG"] === "1" ? false : "needs a quiet machine: npm run test:long";
