/**
 * The disk under the engine is full: batches are refused for the time being, reading goes on, dropping a day makes room, and the next
 * try of the refused batch is stored: all exact. A reserve is kept for that, without which even dropping fails.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { statusOf } from "../../server/statuses.ts";
import { StoreBed } from "./store-bed.ts";

const RESERVE = 24 * 2 ** 20;
const dir = mkdtempSync(join(tmpdir(), "isotherm-full-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", dir], { encoding: "utf8" });
const skip = mounted.status === 0 ? false : "a small file system cannot be mounted here (needs root)";
if (skip !== false) rmSync(dir, { recursive: true });

describe("a full disk under the engine", { skip }, () => {
  test("503 meanwhile, reads go on, dropping a day frees, the retry is stored: exact", async (context) => {
    const bed = await StoreBed.open({ dataDir: dir, engine: { freeDiskBytes: RESERVE } });
    context.after(async () => {
      await bed.stop();
      spawnSync("umount", ["-l", dir]);
      rmSync(dir, { recursive: true });
    });
    await bed.client.command(
      `INSERT INTO windows (kind, spec, ts, stream, seq, detail)
       SELECT 1, 'old', toDateTime('2023-11-01 12:00:00', 'UTC'), 'old', 1, randomString(1000) FROM numbers(4000)`,
    );
    await bed.deliver(1);
    const { bavail, bsize } = await statfs(dir);
    const ballast = join(dir, "ballast");
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - RESERVE + 2 ** 20), 1));

    const refusal: unknown = await bed.submit(2).catch((error: unknown) => error);
    // server/http.ts gives every 503 its Retry-After.
    assert.equal(statusOf(refusal), 503, String(refusal));
    await bed.assertExact(1);
    await bed.client.command("ALTER TABLE windows DROP PARTITION 20231101");
    assert.equal(await bed.deliver(2), "stored");
    await bed.assertExact(2);
  });
});
