/**
 * A process that stands still for seconds, and what its hosts printed meanwhile.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assignment, startBed } from "./bed.ts";
import { until } from "../until.ts";

test("a bad frame that comes together with a good one leaves the good one alone", async () => {
  const both = assignment(7, { decomposition: ["execname"] });
  const bed = await startBed({ hosts: 1 });
  try {
    bed.fleet.hosts[0]?.fail({ kind: "junk", tick: 3, bytes: "nonsense\n", within: true }, { spec: both.id });
    bed.assign(both);
    const rows = () => bed.coverage.filter((row) => row.spec === both.id);
    await until("the first window", () => rows().some((row) => row.tick === 1));
    // Nobody runs for two ticks, on either side: both frames then come at once.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_200);
    await until("the window after", () => rows().some((row) => row.tick === 4));
    const first = rows().find((row) => row.tick === 1)?.ts ?? 0;
    const told = rows().filter((row) => row.ts > first && row.ts <= first + 3);
    assert.deepEqual(
      told.map((row) => [row.ts - first, row.status, row.reason]),
      [
        [1, "ok", ""],
        [2, "gap", "bad_frame"],
        [3, "ok", ""],
      ],
    );
  } finally {
    await bed.close();
  }
});
