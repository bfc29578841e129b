/**
 * The metadata: what it lists is what there is.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InputError } from "../../core/errors.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { fieldOf } from "../../core/metric.ts";
import { parsePredicate } from "../../core/predicate.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { metricsFor } from "../../query-api/instrumentations.ts";
import { metadataOf, MODULES } from "../../query-api/metadata.ts";
import type { TokenRow } from "../../store/tokens.ts";

const operators = metadataOf(metricsFor({ role: "operator" } as TokenRow));
const tenants = metadataOf(metricsFor({ role: "tenant", tenant: "t" } as TokenRow));

describe("metadata", () => {
  test("names every module of the catalogue, with its metrics", () => {
    const modules = [...new Set([...catalogue.values()].map(({ metric }) => metric.module))].sort();
    assert.deepEqual(
      operators.modules.map(({ name }) => name),
      modules,
    );
    assert.deepEqual(Object.keys(MODULES).sort(), modules);
    assert.deepEqual(operators.modules.flatMap(({ metrics }) => metrics).sort(), [...catalogue.keys()].sort());
  });

  test("gives each field the operators that a predicate takes for it, and no other", () => {
    const constants = (type: string): unknown => (type === "string" ? "x" : 1);
    for (const { fields, module, stat } of operators.metrics) {
      const metric = catalogue.get(`${module}.${stat}`)?.metric;
      assert.ok(metric);
      for (const field of fields) {
        const taken = operators.predicate.operators
          .map(({ name }) => name)
          .filter((op) => !["and", "or", "not"].includes(op))
          .filter((op) => {
            const constant = constants(field.type);
            const json = { [op]: [field.name, op === "in" ? [constant] : constant] };
            try {
              parsePredicate(json, metric);
              return true;
            } catch (error) {
              assert.ok(error instanceof InputError);
              return false;
            }
          });
        assert.deepEqual(field.operators, taken, `${module}.${stat} ${field.name}`);
      }
    }
  });

  test("knows the type of every field and metric, and the scheme of every numeric field", () => {
    for (const metric of operators.metrics) {
      assert.ok(metric.type in operators.types);
      for (const { name, arity, type, scheme } of metric.fields) {
        assert.ok(type in operators.types, `${metric.name} ${name}`);
        if (arity !== "numeric") continue;
        const { kind } = parseScheme(scheme ?? "");
        const known = operators.schemes.find((each) => each.kind === kind);
        assert.ok(known);
        // What cannot be chosen is the field's own, and the metric says so.
        assert.equal(known.choosable, metric.schemes === "any", `${metric.name} ${name}`);
      }
    }
  });

  test("lists parameters of a scheme in the order in which its text has them", () => {
    for (const { kind, parameters } of operators.schemes) {
      const numbers: Record<string, number> = {
        base: 0,
        limit: 100,
        step: 10,
        factor: 10,
        low: 3,
        high: 9,
        steps: 20,
        edges: 5,
      };
      const given = parameters.map((name) => numbers[name]);
      const scheme = parseScheme(parameters.length === 0 ? kind : `${kind}(${given.join(",")})`);
      for (const [i, name] of parameters.entries()) {
        assert.deepEqual([(scheme as unknown as Record<string, unknown>)[name]].flat(), [given[i]], `${kind} ${name}`);
      }
      assert.ok(bucketsOf(scheme).last > 0);
    }
  });

  test("shows a tenant nothing that is an operator's", () => {
    for (const metric of tenants.metrics) {
      const known = catalogue.get(metric.name)?.metric;
      assert.ok(known);
      assert.equal(known.audience, "tenant");
      for (const { name } of metric.fields) assert.equal(fieldOf(known, name)?.audience, "tenant");
    }
    assert.ok(!tenants.modules.some(({ name }) => name === "disk"));
  });
});
