/**
 * Answers about capacity that hold nothing: that is said, with what was looked at and what would have to be measured.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as tables from "../../cli/capacity-tables.ts";

const TO = Date.UTC(2026, 0, 31, 12) / 1000;
const LOOKED = { fromTs: TO - 30 * 86_400, toTs: TO, missing: [] };
const AT = "looked at 2026-01-01T12:00Z to 2026-01-31T12:00Z, 30 d\n";
const OF = { resource: "cpu", by: "zone", unit: "%" } as const;
const HEAD = /^[A-Z0-9/ ]+$/m;

describe("nothing to show of", () => {
  const rows: [name: string, text: string, said: string][] = [
    [
      "neighbours",
      tables.neighboursText({ ...LOOKED, hosts: [] }),
      `no host had hours in which its zones waited much more than usual; ${AT}`,
    ],
    ["growth", tables.growthText({ ...LOOKED, ...OF, keys: 0, items: [] }), `nothing is known of cpu by zone; ${AT}`],
    ["headroom", tables.headroomText({ ...LOOKED, basis: "used", hosts: [] }), `nothing is known of any host; ${AT}`],
    [
      "consumers",
      tables.consumersText({ ...LOOKED, ...OF, total: null, items: [], other: null }),
      `nothing is known of cpu by zone; ${AT}`,
    ],
  ];
  for (const [name, text, said] of rows) {
    test(`${name} is a sentence, and no head without rows`, () => {
      assert.equal(text, said);
      assert.doesNotMatch(text, HEAD);
    });
  }

  test("neighbours, where waiting is not measured, names what would have to be", () => {
    assert.equal(
      tables.neighboursText({ ...LOOKED, missing: ["cpu.waittime"], hosts: [] }),
      `not measured: cpu.waittime (docs/capacity.md says by what; isotherm instrumentation create)\nnobody can be named; ${AT}`,
    );
  });
});

test("what is there keeps its table", () => {
  const neighbour = { zone: "z", label: "batch-\u001b[2J", then: 90, usual: 10, correlation: 0.5 };
  const host = { host: "cn-01", worstHours: 2, hours: 40, when: [], waiters: [neighbour], consumers: [] };
  assert.equal(
    tables.neighboursText({ ...LOOKED, hosts: [host] }),
    "HOST           WHO         THEN  USUALLY  CORRELATION\ncn-01  waited  batch-?[2J  90 %  10 %     0.50\n",
  );
});
