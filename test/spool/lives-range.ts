/**
 * lives-range.ts: a child process of the power test: the histories of a range of seeds.
 *
 * Arguments: the first seed, and the one after the last. Prints the first violation, or nothing.
 */
import { violationOf } from "./lives.ts";

const [from = 0, to = 0] = process.argv.slice(2).map(Number);
for (let seed = from; seed < to; seed++) {
  const violation = await violationOf(seed);
  if (violation === undefined) continue;
  process.stdout.write(`seed ${seed}: ${violation}\n`);
  break;
}
