/**
 * together.ts: the test files of some folders in one process, one after the other: loading TypeScript, Arrow and fastify costs a
 * process more than most of these files do. `npm test` runs test/groups/*.ts, `npm run test:faults` test/faults/*.ts: what kills,
 * cuts, fills and floods. Each group names its folders.
 *
 * Each file still runs alone: `node --import tsx --test test/core/histogram.test.ts`.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { afterEach, beforeEach } from "node:test";

const TESTS = new URL("./", import.meta.url);
/** Far above what any group takes. */
const GIVE_UP_MS = 900_000;
/** Longer than any `before` or `after`: once no test has run for so long, one has left a socket or a timer, as one that fails may. */
const IDLE_MS = 120_000;

/**
 * For a failed `assert.ok` without a message Node 20 looks for the call's text in the file, at the place that it has in what tsx made
 * of the file: that may take it minutes, with nothing said meanwhile. The stack tells where it was as well.
 */
const { ok } = assert;
Object.assign(assert, {
  ok: (value: unknown, message: string | Error = "expected something true"): void => ok(value, message),
});

/** @param folders of test/; new test files in them join by themselves */
export async function together(...folders: readonly string[]): Promise<void> {
  const giveUp = (): void => {
    console.error(`${folders.join(", ")}: still running are ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  };
  setTimeout(giveUp, GIVE_UP_MS).unref();
  let running = 0;
  let lastMs = performance.now();
  beforeEach(() => void (running += 1));
  afterEach(() => {
    running -= 1;
    lastMs = performance.now();
  });
  setInterval(() => {
    if (running === 0 && performance.now() - lastMs > IDLE_MS) giveUp();
  }, 1000).unref();
  for (const folder of folders) {
    const files = readdirSync(new URL(`${folder}/`, TESTS)).filter((name) => name.endsWith(".test.ts"));
    for (const file of files.sort()) await import(new URL(`${folder}/${file}`, TESTS).href);
  }
}
