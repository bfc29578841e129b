/**
 * Predicates: what is read is what was written, what is wrong is named, and what matches is what the words say.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InputError } from "../../core/errors.ts";
import type { Metric } from "../../core/metric.ts";
import { matches, OF_STORED_KEYS, parsePredicate, predicateJson, TRUE } from "../../core/predicate.ts";

const METRIC: Metric = {
  module: "syscall",
  stat: "ops",
  label: "",
  unit: "operations",
  type: "number",
  scope: "interval",
  source: "dtrace",
  audience: "tenant",
  cost: "medium",
  fields: [
    { name: "execname", label: "", arity: "discrete", type: "string", audience: "tenant" },
    { name: "pid", label: "", arity: "discrete", type: "number", audience: "tenant" },
    { name: "latency", label: "", arity: "numeric", type: "time", audience: "tenant" },
  ],
};

const event = (values: Record<string, string | number>) => (field: string) => values[field];

describe("a predicate", () => {
  const leaf = fc.oneof(
    fc.record({ eq: fc.tuple(fc.constant("execname"), fc.stringMatching(/^[a-z.@-]{1,20}$/)) }),
    fc.record({ ne: fc.tuple(fc.constant("pid"), fc.integer()) }),
    fc.record({ ge: fc.tuple(fc.constant("latency"), fc.nat()) }),
    fc.record({ in: fc.tuple(fc.constant("pid"), fc.array(fc.integer(), { minLength: 1, maxLength: 5 })) }),
    fc.record({ prefix: fc.tuple(fc.constant("execname"), fc.stringMatching(/^[a-z]{1,5}$/)) }),
  );
  const tree = fc.oneof(
    leaf,
    fc.record({ not: leaf }),
    fc.record({ and: fc.array(leaf, { minLength: 1, maxLength: 4 }) }),
    fc.record({ or: fc.array(fc.oneof(leaf, fc.record({ not: leaf })), { minLength: 1, maxLength: 4 }) }),
  );

  test("is written back as it was read", () => {
    fc.assert(
      // Through text, because fast-check also makes objects without a prototype.
      fc.property(
        tree.map((json) => JSON.stringify(json)),
        (text) => {
          assert.equal(JSON.stringify(predicateJson(parsePredicate(JSON.parse(text), METRIC))), text);
        },
      ),
    );
  });

  test("not is the opposite, and is or's and and's mirror", () => {
    const values = fc.record({ execname: fc.stringMatching(/^[a-z]{1,3}$/), pid: fc.integer(), latency: fc.nat() });
    fc.assert(
      fc.property(tree, leaf, values, (a, b, row) => {
        const holds = (json: unknown): boolean => matches(parsePredicate(json, METRIC), event(row));
        assert.equal(holds({ not: a }), !holds(a));
        assert.equal(holds({ and: [b, b] }), holds(b));
        assert.equal(holds({ not: { or: [b] } }), holds({ and: [{ not: b }] }));
      }),
    );
  });

  test("of stored keys may compare with any name that a row may have; one of a program may not", () => {
    const names = ["Web Content", "(squid)", 'a"b', "=1+1", "漢字", "a\nb", ""];
    const json = { in: ["execname", names] };
    const found = parsePredicate(json, METRIC, "where", OF_STORED_KEYS);
    assert.ok(names.every((name) => matches(found, event({ execname: name }))));
    for (const name of names) {
      assert.throws(() => parsePredicate({ eq: ["execname", name] }, METRIC), InputError, JSON.stringify(name));
    }
    const tooLong = { eq: ["execname", "x".repeat(257)] };
    assert.throws(() => parsePredicate(tooLong, METRIC, "where", OF_STORED_KEYS), InputError);
  });

  test("that is empty lets everything pass", () => assert.deepEqual(parsePredicate({}, METRIC), TRUE));

  const rows: [json: unknown, row: Record<string, string | number>, expected: boolean][] = [
    [{ eq: ["execname", "node"] }, { execname: "node" }, true],
    [{ eq: ["execname", "node"] }, {}, false],
    [{ ne: ["execname", "node"] }, {}, true],
    [{ lt: ["latency", 10] }, { latency: 9 }, true],
    [{ lt: ["latency", 10] }, { latency: 10 }, false],
    [{ le: ["latency", 10] }, { latency: 10 }, true],
    [{ prefix: ["execname", "pg_"] }, { execname: "pg_dump" }, true],
    [{ in: ["pid", [1, 2]] }, { pid: 2 }, true],
  ];
  for (const [json, row, expected] of rows) {
    test(`${JSON.stringify(json)} of ${JSON.stringify(row)} is ${expected}`, () =>
      assert.equal(matches(parsePredicate(json, METRIC), event(row)), expected));
  }
});

describe("bad input names its place", () => {
  const deep = { and: [{ and: [{ and: [{ and: [{ eq: ["pid", 1] }] }] }] }] };
  const cases: [name: string, json: unknown, field: string][] = [
    ["a string", "x", "predicate"],
    ["null", null, "predicate"],
    ["a list", [], "predicate"],
    ["two operators", { eq: ["pid", 1], ne: ["pid", 2] }, "predicate"],
    ["__proto__", JSON.parse('{"__proto__": ["pid", 1]}'), "predicate.__proto__"],
    ["constructor", { constructor: ["pid", 1] }, "predicate.constructor"],
    ["an unknown field", { eq: ["toString", "x"] }, "predicate.eq"],
    ["a quote", { eq: ["execname", '"'] }, "predicate.eq"],
    ["a backslash", { eq: ["execname", "\\"] }, "predicate.eq"],
    ["a newline", { eq: ["execname", "a\nb"] }, "predicate.eq"],
    ["64 characters", { eq: ["execname", "x".repeat(64)] }, "predicate.eq"],
    ["an empty string", { eq: ["execname", ""] }, "predicate.eq"],
    ["1e400", { eq: ["pid", Infinity] }, "predicate.eq"],
    ["a fraction", { eq: ["pid", 1.5] }, "predicate.eq"],
    ["a number as text", { eq: ["pid", "1"] }, "predicate.eq"],
    ["order of a discrete field", { lt: ["execname", "x"] }, "predicate.lt"],
    ["prefix of a number", { prefix: ["pid", 1] }, "predicate.prefix"],
    ["three operands", { eq: ["pid", 1, 2] }, "predicate.eq"],
    ["an empty and", { and: [] }, "predicate.and"],
    ["an empty term", { and: [{}] }, "predicate.and[0]"],
    ["too deep", deep, "predicate.and[0].and[0].and[0].and[0]"],
    ["too wide", { or: Array.from({ length: 100 }, () => ({ eq: ["pid", 1] })) }, "predicate.or[31]"],
    ["a list of a million", { in: ["pid", Array.from({ length: 1e6 }, () => 1)] }, "predicate.in"],
  ];
  for (const [name, json, field] of cases) {
    test(name, () => {
      assert.throws(
        () => parsePredicate(json, METRIC),
        (error) => error instanceof InputError && error.errors.some((each) => each.field === field),
      );
    });
  }
});
