/**
 * The spool through power cuts: 20,000 seeded histories, and mutants that show that the histories see what they should.
 * SPOOL_SEEDS sets another number.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { violationOf } from "./lives.ts";
import { MUTANTS } from "./mutants.ts";

const SEEDS = Number(process.env["SPOOL_SEEDS"] ?? (process.env["ISOTHERM_LONG"] === "1" ? 20_000 : 3_000));
const PROCESSES = 3;
const MUTANT_SEEDS = 2_000;
const RANGE = fileURLToPath(new URL("./lives-range.ts", import.meta.url));

describe("a spool whose power fails", () => {
  test(`keeps every durable batch, byte for byte, over ${SEEDS} histories`, async () => {
    const each = Math.ceil(SEEDS / PROCESSES);
    const runs = Array.from({ length: PROCESSES }, (_, i) => {
      const range = [String(1 + i * each), String(1 + Math.min(SEEDS, (i + 1) * each))];
      return promisify(execFile)(process.execPath, ["--import", "tsx", RANGE, ...range]);
    });
    assert.deepEqual(
      (await Promise.all(runs)).map(({ stdout }) => stdout),
      runs.map(() => ""),
    );
  });

  for (const mutant of MUTANTS) {
    test(`is seen to fail with ${mutant.name}`, async (t) => {
      let violation: string | undefined;
      let seed = 0;
      while (violation === undefined && seed < MUTANT_SEEDS) violation = await violationOf(++seed, mutant);
      assert.notEqual(violation, undefined);
      t.diagnostic(`seed ${seed}: ${violation ?? ""}`);
    });
  }
});
