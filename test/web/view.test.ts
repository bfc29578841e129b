/** view.test.ts: a link carries the view, and clicks make predicates. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePredicate, predicateJson, type PredicateJson } from "../../core/predicate.ts";
import { predicateText } from "../../web/panels/predicate-text.ts";
import { readAddress, writeAddress } from "../../web/view/address.ts";
import { arrivalOf, refusalText } from "../../web/view/arrival.ts";
import { scaled, shifted } from "../../web/view/range.ts";
import { admits, isolate, toggle, whereOf, type Term } from "../../web/view/terms.ts";
import { DEFAULT_VIEW, type View } from "../../web/view/view.ts";
import { SYSCALL_OPS } from "./fake-model.ts";

describe("the address", () => {
  const full: View = {
    metric: "syscall.ops",
    instrumentation: "ops-1",
    by: "syscall",
    where: [
      { field: "execname", not: false, values: ["postgres", "a,b:c=%"] },
      { field: "zonename", not: true, values: ["global"] },
    ],
    range: { kind: "fixed", from: 1_700_000_000, to: 1_700_000_300 },
    tenant: "t-acme",
    theme: "dark",
    zone: "local",
    colouring: "log",
    per: "bucket",
    axis: "linear",
    percentiles: ["p50", "p999"],
    values: { low: 1e3, high: 2e7 },
    hues: ["fsync", "read,write"],
    selection: { from: 1_700_000_010, to: 1_700_000_020, low: 1e6, high: null },
    against: "selection",
    other: { from: 1_700_000_110, to: 1_700_000_120, low: null, high: 5e6 },
  };
  test("carries a whole view there and back", () => assert.deepEqual(readAddress(`#${writeAddress(full)}`), full));
  test("carries the wish for no lines at all", () => {
    assert.deepEqual(readAddress(writeAddress({ ...DEFAULT_VIEW, percentiles: [] })).percentiles, []);
  });
  test("is empty for the default", () => assert.equal(writeAddress(DEFAULT_VIEW), ""));
  test("that cannot be read means the default", () => {
    assert.deepEqual(readAddress("#last=soon&colour=pink&theme=9&where=%zz&where=nothing&from=5&to=2"), DEFAULT_VIEW);
  });
  test("never repeats how somebody signed in", () => {
    const rows: [string, object | null, string][] = [
      ["#signin=abc&by=syscall", { kind: "code", code: "abc" }, "#by=syscall"],
      ["#signed-in", { kind: "back" }, ""],
      ["#by=syscall&sign-in-failed=OIDC_STATE", { kind: "refused", code: "OIDC_STATE" }, "#by=syscall"],
      ["#by=syscall", null, "#by=syscall"],
      ["", null, ""],
    ];
    for (const [hash, arrival, rest] of rows) assert.deepEqual(arrivalOf(hash), { arrival, rest });
    assert.equal(writeAddress(readAddress("#signin=abc&by=syscall")), "by=syscall");
  });
  test("chooses no words of the page", () => {
    assert.equal(refusalText("<b>call 555-0100</b>"), "signing in did not work");
    assert.match(refusalText("OIDC_NOBODY"), /not which tenant/);
  });
});

describe("conditions", () => {
  const one: readonly Term[] = isolate([], "execname", "node");
  test("isolating a key twice gives all of them back", () => assert.deepEqual(isolate(one, "execname", "node"), []));
  test("excluding keys collects them in one term", () => {
    const terms = toggle(toggle([], "execname", "node", true), "execname", "nginx", true);
    assert.deepEqual(terms, [{ field: "execname", not: true, values: ["node", "nginx"] }]);
    assert.deepEqual(
      ["node", "cron"].map((value) => admits(terms, "execname", value)),
      [false, true],
    );
  });
  test("become predicates that core accepts as they are", () => {
    const cases: [readonly Term[], unknown][] = [
      [one, { eq: ["execname", "node"] }],
      [toggle([], "execname", "node", true), { ne: ["execname", "node"] }],
      [
        [...toggle(one, "execname", "nginx", false), { field: "zonename", not: true, values: ["a", "b"] }],
        { and: [{ in: ["execname", ["node", "nginx"]] }, { not: { in: ["zonename", ["a", "b"]] } }] },
      ],
    ];
    for (const [terms, expected] of cases) {
      const where = whereOf(terms, SYSCALL_OPS.fields);
      assert.deepEqual(where, expected);
      assert.deepEqual(predicateJson(parsePredicate(where, SYSCALL_OPS)), expected);
    }
    assert.equal(whereOf([], SYSCALL_OPS.fields), null);
  });
  test("that an instrumentation was made with are read as words, with units", () => {
    const rows: [PredicateJson, string][] = [
      [{}, ""],
      [{ eq: ["execname", "node"] }, "execname = node"],
      [
        { and: [{ in: ["execname", ["a", "b"]] }, { ge: ["latency", 1e8] }, { lt: ["latency", 2e8] }] },
        "execname = a or b and latency ≥ 100 ms and latency < 200 ms",
      ],
      [{ and: [{ or: [{ ne: ["zonename", "x"] }] }, { not: { eq: ["pid", 1] } }] }, "(zone ≠ x) and not (pid = 1)"],
    ];
    for (const [predicate, text] of rows) assert.equal(predicateText(predicate, SYSCALL_OPS.fields), text);
  });
  test("on a field of numbers are numbers", () => {
    const errno = { name: "errno", label: "errno", arity: "discrete", type: "number", audience: "tenant" } as const;
    assert.deepEqual(whereOf(isolate([], "errno", "11"), [errno]), { eq: ["errno", 11] });
  });
});

describe("ranges", () => {
  test("moved past now become the last so many seconds", () => {
    assert.deepEqual(shifted({ from: 800, to: 900 }, 0.5, 940), { kind: "last", seconds: 100 });
    assert.deepEqual(shifted({ from: 800, to: 900 }, -0.5, 940), { kind: "fixed", from: 750, to: 850 });
  });
  test("zoom about the live edge when live", () => {
    assert.deepEqual(scaled({ kind: "last", seconds: 300 }, { from: 0, to: 300 }, 0.5, 300), {
      kind: "last",
      seconds: 150,
    });
  });
});
