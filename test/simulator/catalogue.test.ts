/**
 * catalogue.test.ts: simulated hosts run the programs that the compiler writes, for every metric of the catalogue.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileProgram as simulate } from "../../collectors/simulator/program-compile.ts";
import { parseSpec } from "../../core/instrumentation.ts";
import { fieldOf, metricName } from "../../core/metric.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { compileProgram } from "../../d-scripts/compile.ts";

/** Nobody runs these on the simulated hosts. */
const ABSENT = new Set(["mysql.queries", "vm.zvol_ops"]);

describe("a simulated host", () => {
  for (const entry of catalogue.values()) {
    if (entry.metric.source !== "dtrace") continue;
    const name = metricName(entry.metric);
    test(`${ABSENT.has(name) ? "lacks the probes of" : "runs"} ${name}, whatever is asked of its fields`, () => {
      const numeric = entry.metric.fields.filter((field) => field.arity === "numeric");
      const discrete = entry.metric.fields.filter((field) => field.arity === "discrete" && field.name !== "zonename");
      for (const field of numeric.length === 0 ? [undefined] : numeric) {
        const spec = parseSpec(
          {
            metric: name,
            decomposition: [...discrete.slice(0, 6), ...(field === undefined ? [] : [field])].map((each) => each.name),
            predicate: field === undefined ? {} : { gt: [field.name, 1] },
          },
          entry.metric,
        );
        const { text } = compileProgram({
          entry,
          spec,
          specId: "spec",
          nonce: "0123456789abcdef".repeat(2),
          zones: fieldOf(entry.metric, "zonename") === undefined ? null : ["a-zone"],
          requestedBy: "test",
          platform: "smartos",
        });
        const compiled = simulate(text);
        if (ABSENT.has(name)) assert.match("error" in compiled ? compiled.error : "", /does not match any probes\n$/);
        else if ("error" in compiled) assert.fail(compiled.error);
        else assert.equal(compiled.maxAgeSec, 3600);
      }
    });
  }
});
