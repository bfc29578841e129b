/**
 * The D programs as a reviewer sees them. To accept a change: UPDATE_GOLDEN=1 node --import tsx --test test/d-scripts/golden.test.ts
 *
 * Per metric: NAME.d counts, by zone where there are zones; NAME.full.d has a distribution, up to six keys, zones and a
 * predicate, so nearly every clause; NAME.linux.d is the latter for Linux. syscall.ops.after.d takes over from another program.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Field } from "../../core/metric.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import type { DtraceRecipe, Platform } from "../../d-scripts/recipe.ts";
import { compile, outcomeOf, type Request } from "./orders.ts";

const FOLDER = new URL("../golden/d/", import.meta.url);
const goldens = new Map<string, Request>();
for (const [metric, { metric: about, recipe }] of catalogue) {
  if (recipe.kind !== "dtrace") continue;
  goldens.set(`${metric}.d`, { metric, zones: null });
  goldens.set(`${metric}.full.d`, full(metric, about.fields, recipe, "smartos"));
  if (recipe.platforms.includes("linux")) goldens.set(`${metric}.linux.d`, full(metric, about.fields, recipe, "linux"));
}

const FULL = goldens.get("syscall.ops.full.d") ?? { metric: "syscall.ops" };
goldens.set("syscall.ops.after.d", { ...FULL, granularitySec: 5, after: 1_700_000_000_123_456_789n });

for (const [file, request] of goldens) {
  test(`the program is that of ${file}`, () => {
    const text = compile(request);
    const path = new URL(file, FOLDER);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"), "accept with UPDATE_GOLDEN=1");
    const outcome = outcomeOf(request);
    assert.deepEqual(outcome.kind === "compiled" ? outcome.problems : ["rejected"], []);
  });
}

test("there is no program here that nothing makes", () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), [...goldens.keys()].sort());
});

function full(metric: string, fields: readonly Field[], recipe: DtraceRecipe, platform: Platform): Request {
  const usable = fields.filter(({ name }) => platform === "smartos" || recipe.fields[name]?.linux !== null);
  // The metric's own fields come last in its list; the first six would be the same everywhere.
  const keys = usable.filter(({ arity, name }) => arity === "discrete" && name !== "zonename").slice(-6);
  const numeric = usable.find(({ arity }) => arity === "numeric");
  const terms = [
    ...keys.slice(-1).map(({ name, type }) => ({ ne: [name, type === "string" ? "other" : 0] })),
    ...(numeric === undefined ? [] : [{ ge: [numeric.name, 1000] }]),
  ];
  return {
    metric,
    platform,
    decomposition: [...keys, ...(numeric === undefined ? [] : [numeric])].map(({ name }) => name),
    predicate: terms.length === 0 ? {} : { and: terms },
  };
}
