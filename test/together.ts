/**
 * together.ts: the test files of some folders in one process, one after the other: loading TypeScript, Arrow and fastify costs a
 * process more than most of these files do. `npm test` runs test/groups/*.ts, `npm run test:faults` test/faults/*.ts: what kills,
 * cuts, fills and floods. Each group names its folders.
 *
 * Each file still runs alone: `node --import tsx --test test/core/histogram.test.ts`.
 */
import { readdirSync } from "node:fs";

const TESTS = new URL("./", import.meta.url);
/** Far above what any group takes: by then a test has left a socket or a timer behind, which would keep the run for ever. */
const GIVE_UP_MS = 900_000;

/** @param folders of test/; new test files in them join by themselves */
export async function together(...folders: readonly string[]): Promise<void> {
  setTimeout(() => {
    console.error(`${folders.join(", ")}: still running are ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  }, GIVE_UP_MS).unref();
  for (const folder of folders) {
    const files = readdirSync(new URL(`${folder}/`, TESTS)).filter((name) => name.endsWith(".test.ts"));
    for (const file of files.sort()) await import(new URL(`${folder}/${file}`, TESTS).href);
  }
}
