/**
 * The power fails around the store: what an insert that was not acknowledged may have left behind is left behind on purpose, and
 * the engine is started on it. A batch that was acknowledged is there; one that was not is stored once by the retry.
 *
 * The engine syncs a part's files before it renames the part into place, so behind a part's name nothing is torn; the torn cases
 * are here for disks that lie.
 */
import assert from "node:assert/strict";
import { cpSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { StoreBed } from "./store-bed.ts";

/** What became of the part of the batch that was not acknowledged; the retry's outcome. */
const LEFT: [name: string, damage: (part: string) => void, outcome: "stored" | "duplicate"][] = [
  ["it is whole", () => undefined, "duplicate"],
  ["its name was not durable", (part) => rmSync(part, { recursive: true }), "stored"],
  [
    "its largest file is cut in half",
    (part) => truncateSync(largest(part), statSync(largest(part)).size >> 1),
    "stored",
  ],
  ["it still has its temporary name", (part) => renameSync(part, part.replace(/([^/]+)$/, "tmp_insert_$1")), "stored"],
  ["a copy under a temporary name stands beside it", copyAside, "duplicate"],
  ["its checksums are missing, and made anew", (part) => rmSync(join(part, "checksums.txt")), "duplicate"],
  ["it is an empty directory", emptied, "stored"],
  ["its count is lost", (part) => rmSync(join(part, "count.txt")), "stored"],
];

describe("power fails between an insert and its acknowledgement", () => {
  let bed: StoreBed;
  let seq = 0;
  before(async () => (bed = await StoreBed.open()));
  after(() => bed.close());

  // Each costs a start of the engine: the first three say most.
  const cases = process.env["ISOTHERM_LONG"] === "1" ? LEFT : LEFT.slice(0, 3);
  for (const [name, damage, outcome] of cases) {
    test(`${name}: the batch counts once`, async () => {
      await bed.deliver((seq += 1));
      const earlier = new Set(await parts(bed));
      await bed.deliver((seq += 1));
      const [part] = (await parts(bed)).filter((path) => !earlier.has(path));
      assert.ok(part !== undefined);
      const gone = new Promise((resolve) => bed.engine.onExit(resolve));
      process.kill(bed.engine.pid ?? 0, "SIGKILL");
      await gone;
      // Not started again on its own: the disk is as it was when the power failed.
      await bed.stop();
      damage(part);
      await bed.startAnew();
      assert.equal(await bed.deliver(seq), outcome);
      await bed.assertExact(seq);
    });
  }
});

/** Directories of the parts that hold rows. Merges would give a part another name, so none run. */
async function parts(bed: StoreBed): Promise<string[]> {
  await bed.client.command("SYSTEM STOP MERGES windows");
  const rows = await bed.client.query<{ path: string }>(
    "SELECT path FROM system.parts WHERE table = 'windows' AND active ORDER BY path",
  );
  return rows.map(({ path }) => path.replace(/\/$/, ""));
}

function largest(part: string): string {
  const files = readdirSync(part)
    .filter((name) => name.endsWith(".bin"))
    .map((name) => join(part, name));
  return files.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? "";
}

function copyAside(part: string): void {
  cpSync(part, part.replace(/([^/]+)$/, "tmp_insert_$1"), { recursive: true });
}

function emptied(part: string): void {
  for (const name of readdirSync(part)) rmSync(join(part, name), { recursive: true });
  writeFileSync(join(part, "metadata_version.txt"), "0");
}
