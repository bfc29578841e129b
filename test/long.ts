/**
 * long.ts: whether `npm run test:long` runs: more seeds, more mutants, and bounds in time that need a machine of their own.
 */

export const LONG = process.env["ISOTHERM_LONG"] === "1";
