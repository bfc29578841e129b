/**
 * The spool and processes: one at a time, and killed at any moment.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSpool } from "../../collectors/spool-open.ts";
import { LONG } from "../long.ts";
import { bed, directory } from "./bed.ts";
import { until } from "../until.ts";

const APPENDER = fileURLToPath(new URL("./appender.ts", import.meta.url));
/** Directories side by side, and kills of each. */
const LOOPS = LONG ? 4 : 2;
const KILLS = LONG ? 5 : 3;

/** Runs an appender; kills it a while after its first line. @returns what it printed, whole lines only */
async function run(path: string, killAfterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", "tsx", APPENDER, path], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    if (text === "") setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    text += chunk;
  });
  await once(child, "close");
  return text.split("\n").slice(0, -1);
}

const options = {
  collector: "c",
  capacityBytes: 1e9,
  onReady: () => undefined,
  onLoss: () => undefined,
  onTrouble: () => undefined,
};

describe("a spool's processes", () => {
  test("are one at a time: a second is refused, also within one process", async (t) => {
    const path = directory(t);
    const first = await openSpool({ directory: path, ...options });
    await assert.rejects(openSpool({ directory: path, ...options }), { code: "SPOOL_IN_USE" });
    assert.deepEqual(await run(path, 0), ["SPOOL_IN_USE"]);
    await first.close();
    const second = await openSpool({ directory: path, ...options });
    await second.close();
  });

  test(`lose nothing durable and give no number twice when killed ${LOOPS * KILLS} times`, async (t) => {
    await Promise.all(Array.from({ length: LOOPS }, (_, loop) => killLoop(directory(t), loop)));
  });
});

/** Kills the appender of one directory again and again, then holds what it said against what is there. */
async function killLoop(path: string, loop: number): Promise<void> {
  const durable: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const lines = await run(path, (loop * KILLS + kill) * 2);
    assert.ok(lines.every((line) => /^\d+$/.test(line)));
    durable.push(...lines.map(Number));
  }
  assert.ok(durable.length > KILLS);
  assert.equal(new Set(durable).size, durable.length);
  const { spool } = await bed(path);
  assert.deepEqual([spool.report.damaged, spool.report.lost], [0, 0]);
  const found = new Set<number>();
  while (spool.length > 0) {
    await until("the next batch", () => spool.head() !== undefined);
    const batch = spool.head();
    if (batch === undefined) break;
    assert.ok(batch.bytes.every((byte) => byte === batch.seq % 251) && batch.bytes.length === 200);
    assert.ok(!found.has(batch.seq));
    found.add(batch.seq);
    spool.remove(batch);
  }
  const missing = durable.filter((seq) => !found.has(seq));
  assert.deepEqual(missing, []);
  await spool.close();
}
