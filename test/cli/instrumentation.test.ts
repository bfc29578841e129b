/**
 * What `isotherm instrumentation` prints. That its commands reach the API is run in docs/troubleshooting.md and docs/first-hour.md.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listText, previewText } from "../../cli/instrumentation.ts";
import type { InstrumentationPreview, InstrumentationSummary } from "../../core/api.ts";

const NOW = 1_790_000_000_000;
const ONE: InstrumentationSummary = {
  ...{ id: "00112233aabbccdd", metric: "syscall.ops", label: "", predicate: {}, scheme: "quantize" },
  ...{ decomposition: ["execname", "latency"], keys: ["zonename", "execname"], numeric: "latency" },
  ...{ granularitySec: 1, retentionSec: 604_800, idleMaxSec: 600, owner: "operator", standing: false, createdMs: NOW },
  ...{ cost: "high", ageSec: 90, idleExpiresMs: NOW + 600_000, expiresMs: null },
};

describe("a list of instrumentations", () => {
  const ends = (change: Partial<InstrumentationSummary>): string | undefined =>
    listText([{ ...ONE, ...change }], NOW)
      .split("\n")[1]
      ?.split(/ {2,}/)
      .at(-2);

  test("has a line each, with what it counts and for whom", () => {
    const [head, line] = listText([{ ...ONE, predicate: { eq: ["execname", "node"] } }], NOW).split("\n");
    assert.match(head ?? "", /^ID +METRIC +BY +WHERE +OWNER +AGE +ENDS +COST$/);
    assert.match(
      line ?? "",
      /^00112233aabbccdd +syscall\.ops +execname,latency +\{"eq":\["execname","node"\]\} +operator +90 s /,
    );
    assert.equal(listText([], NOW), "nothing is measured\n");
  });

  test("says when each ends: whichever comes first", () => {
    assert.equal(ends({}), "in 10 min");
    assert.equal(ends({ expiresMs: NOW + 60_000 }), "in 1 min");
    assert.equal(ends({ idleExpiresMs: null }), "while it is read");
    assert.equal(ends({ idleExpiresMs: null, expiresMs: NOW + 86_400_000 * 3 }), "in 3 d");
    assert.equal(ends({ standing: true }), "standing");
  });
});

test("a preview says what it would cost, where it would run, and the program", () => {
  const preview: InstrumentationPreview = {
    ...{ dryRun: true, instrumentation: ONE, cost: "high", source: "dtrace", program: "BEGIN { }", probes: [] },
    ...{ estimate: { eventsPerSec: 12_300, basis: "most" }, equal: ["ffee"], refused: "TOO_MANY_INSTRUMENTATIONS" },
    hosts: { supported: 7, unsupported: 1, unknown: 2, full: 3 },
    warnings: [{ code: "HIGH_COST", message: "it costs much" }],
    caps: { instrumentations: null, enablingsPerHost: 20 },
  };
  assert.equal(
    previewText(preview),
    `syscall.ops by execname, latency, every 1 s
cost: high, at most 12.3k events/s
hosts: 7 can, 1 cannot, 2 not known, 3 of those that can are full
counted already by ffee: costs no host anything more
note: it costs much
would be refused now: TOO_MANY_INSTRUMENTATIONS

BEGIN { }
`,
  );
});
