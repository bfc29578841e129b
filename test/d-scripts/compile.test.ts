/**
 * What holds of every program, for requests from people, from generators and from attackers; and that the checker that says so
 * would notice a compiler that is wrong.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSpec } from "../../core/instrumentation.ts";
import { matches, parsePredicate, type Constant } from "../../core/predicate.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { compileProgram } from "../../d-scripts/compile.ts";
import { readHead } from "../../d-scripts/head.ts";
import { boundaryBefore } from "../../d-scripts/takeover.ts";
import { clausesOf } from "./d-text.ts";
import { evaluate } from "./evaluate.ts";
import { hostileRequests, oddRequests, STRINGS } from "./hostile.ts";
import { MUTANTS, PARSER_GONE, withMutant } from "./mutants.ts";
import { compile, dtraceEntry, NONCE, outcomeOf, ZONES, type Compiler, type Outcome, type Request } from "./orders.ts";

const DTRACE = [...catalogue].filter(([, { recipe }]) => recipe.kind === "dtrace").map(([name]) => name);
const SEED = 20_110_511;

test("a hostile request is rejected with the field that is wrong, or compiles to known tokens only", () => {
  const requests = hostileRequests();
  assert.ok(requests.length >= 400, `${requests.length} cases`);
  for (const request of requests) {
    const outcome = outcomeOf(request);
    if (outcome.kind === "compiled") assert.deepEqual(outcome.problems, [], show(request));
    else {
      assert.ok(outcome.fields.length > 0 && outcome.fields.every((field) => field !== ""), show(request));
    }
  }
  const taken = requests.filter((request) => outcomeOf(request).kind === "compiled").map(show);
  assert.deepEqual(taken, [], "all of these are wrong");
});

test("an odd request of harmless characters compiles, and its strings stay strings", () => {
  for (const request of oddRequests()) {
    const outcome = outcomeOf(request);
    assert.deepEqual(problems(outcome), [], show(request));
  }
});

test("the compiler rejects hostile strings also when the parser lets them through", async () => {
  await withMutant(PARSER_GONE, (compiler) => {
    for (const value of STRINGS) {
      const outcome = outcomeOf({ metric: "syscall.ops", predicate: { eq: ["execname", value] } }, compiler);
      assert.deepEqual(outcome, { kind: "rejected", fields: ["predicate"] }, JSON.stringify(value.slice(0, 40)));
    }
  });
});

test("every metric, whatever is asked of it, compiles to a program that the checker passes", () => {
  const property = fc.property(requests(), (request) => {
    assert.deepEqual(problems(outcomeOf(request)), []);
  });
  fc.assert(property, { seed: SEED, numRuns: 1_000 });
});

test("the predicate in D says yes to exactly the events that the predicate matches", () => {
  const property = fc.property(
    trees("syscall.ops", ["execname", "syscall", "pid", "errno", "latency"]),
    event(),
    (json, fields) => {
      const { entry } = dtraceEntry("syscall.ops");
      const predicate = parsePredicate(json, entry.metric);
      const text = compile({ metric: "syscall.ops", predicate: json, zones: null, decomposition: ["latency"] });
      const counting = clausesOf(text).find(({ body }) => body.some((token) => token.text === "@rows"));
      const start = 1_000_000;
      const variables: Record<string, Constant> = {
        execname: fields.execname,
        probefunc: fields.syscall,
        pid: fields.pid,
        errno: fields.errno,
        "self->start": start,
        timestamp: start + fields.latency,
      };
      const counted = evaluate(counting?.predicate ?? [], (name) => variables[name]);
      assert.equal(
        counted,
        matches(predicate, (field) => fields[field as keyof typeof fields]),
        text,
      );
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 1_000 });
});

test("only what is asked for is gathered", () => {
  const gathers = (request: Request): string[] =>
    [...compile(request).matchAll(/^\t((?:self|this)->\w+|\w+\[[^\]]*\]) = (?!0;)/gm)].map(([, name]) => name ?? "");
  assert.deepEqual(gathers({ metric: "syscall.ops", decomposition: ["execname"] }), []);
  assert.deepEqual(gathers({ metric: "syscall.ops", decomposition: ["latency"] }), ["self->start"]);
  assert.deepEqual(gathers({ metric: "syscall.ops", predicate: { gt: ["cputime", 1] } }), ["self->vstart"]);
  assert.deepEqual(gathers({ metric: "fs.rw_ops" }), ["self->depth"]);
  assert.deepEqual(gathers({ metric: "fs.rw_ops", decomposition: ["size"] }), ["self->depth", "self->size"]);
  assert.deepEqual(gathers({ metric: "disk.io_ops", decomposition: ["latency"] }), ["started[arg0]"]);
});

test("whatever is gathered is freed again", () => {
  for (const name of DTRACE) {
    const { entry } = dtraceEntry(name);
    for (const field of entry.metric.fields) {
      const text = compile({ metric: name, decomposition: [field.name] });
      const set = [...text.matchAll(/^\t(self->\w+|(\w+)\[[^\]]*\]) = (?!0;)/gm)].map(
        ([, whole, array]) => array ?? whole,
      );
      const freed = [...text.matchAll(/^\t(self->\w+|(\w+)\[[^\]]*\]) = 0;/gm)].map(
        ([, whole, array]) => array ?? whole,
      );
      const rows = set.filter((variable) => variable !== undefined);
      assert.deepEqual([...new Set(freed)].sort(), [...new Set(rows)].sort(), `${name} by ${field.name}`);
    }
  }
});

test("a term of the predicate whose fields are known at the beginning is tested there", () => {
  const predicate = { and: [{ eq: ["execname", "node"] }, { eq: ["errno", 0] }] };
  const clauses = clausesOf(compile({ metric: "syscall.ops", decomposition: ["latency"], predicate }));
  const words = (probe: string): string[] =>
    clauses.find(({ probes }) => probes.includes(probe))?.predicate.map(({ text }) => text) ?? [];
  assert.ok(words("syscall:::entry").includes("execname"));
  assert.ok(!words("syscall:::entry").includes("errno"), "it is not known before the call returns");
  assert.ok(words("syscall:::return").includes("execname"));
  assert.ok(words("syscall:::return").includes("errno"));
});

test("the head says what the program prints", () => {
  const { entry } = dtraceEntry("syscall.ops");
  const decomposition = ["latency", "pid", "execname"];
  const spec = parseSpec(
    { metric: "syscall.ops", decomposition, predicate: { eq: ["execname", "a/b"] } },
    entry.metric,
  );
  const { text, head } = compileProgram({
    entry,
    spec,
    specId: "abc",
    nonce: NONCE,
    zones: ZONES,
    requestedBy: "ada",
    platform: "smartos",
  });
  assert.deepEqual(readHead(text), head);
  assert.deepEqual(head, {
    v: 1,
    spec: "abc",
    metric: "syscall.ops",
    nonce: NONCE,
    granularitySec: 1,
    keys: ["zonename", "execname", "pid"],
    keyTypes: ["string", "string", "number"],
    numeric: "latency",
    scheme: "llquantize(10,3,10,20)",
    predicate: { eq: ["execname", "a/b"] },
    zones: ZONES,
  });
});

test("lquantize of a time is capped below 32 bits, where DTrace would wrap it", () => {
  const text = compile({ metric: "syscall.ops", decomposition: ["latency"], scheme: "lquantize(0,1000000,1000)" });
  const value = "(int64_t)(timestamp - self->start)";
  assert.ok(text.includes(`lquantize(${value} < 1000000 ? ${value} : 1000000, 0, 1000000, 1000)`), text);
});

for (const mutant of MUTANTS) {
  test(`the checker notices when ${mutant.title}`, async () => {
    assert.ok(await withMutant(mutant, isNoticed), "no request of the corpus shows the fault");
  });
}

/** Whether some request of the corpus comes out wrong; of the right compiler, none does. */
function isNoticed(compiler: Compiler): boolean {
  const everyField = DTRACE.flatMap((metric) =>
    dtraceEntry(metric).entry.metric.fields.map(({ name }): Request => ({ metric, decomposition: [name] })),
  );
  return [...everyField, ...oddRequests(), ...hostileRequests()].some((request) => {
    const outcome = outcomeOf(request, compiler);
    return outcome.kind === "compiled" && outcome.problems.length > 0;
  });
}

function requests(): fc.Arbitrary<Request> {
  return fc.oneof(...DTRACE.map(requestsOf));
}

function requestsOf(metric: string): fc.Arbitrary<Request> {
  const { fields } = dtraceEntry(metric).entry.metric;
  const names = (arity: string): string[] => fields.filter((field) => field.arity === arity).map(({ name }) => name);
  const keys = names("discrete");
  const zone = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  return fc
    .record({
      predicate: trees(metric, [...keys, ...names("numeric")]),
      keys: fc.subarray(keys, { maxLength: Math.min(6, keys.length) }),
      numeric: fc.option(fc.constantFrom(...names("numeric"))),
      scheme: fc.constantFrom("quantize", "lquantize(0,1000,10)", "llquantize(10,0,10,10)"),
      zones: keys.includes("zonename") ? fc.option(fc.array(zone, { minLength: 1, maxLength: 8 })) : fc.constant(null),
      granularitySec: fc.constantFrom(1, 5, 10, 30, 60),
      requestedBy: fc.string({ unit: "binary" }),
    })
    .map(({ keys: chosen, numeric, scheme, ...rest }) => ({
      ...rest,
      metric,
      decomposition: numeric === null ? chosen : [...chosen, numeric],
      ...(numeric === null ? {} : { scheme }),
    }));
}

/** JSON of predicates that parsePredicate takes: at most 4 levels and 32 nodes. */
function trees(metric: string, names: readonly string[]): fc.Arbitrary<unknown> {
  const { entry } = dtraceEntry(metric);
  const leaves = names.map((name) => {
    const field = entry.metric.fields.find((each) => each.name === name);
    const text = field?.type === "string";
    const value: fc.Arbitrary<string | number> = text
      ? fc.stringMatching(/^[a-c.%/@-]{1,4}$/)
      : fc.integer({ min: -3, max: 3 });
    const comparisons = field?.arity === "numeric" ? ["eq", "ne", "lt", "le", "gt", "ge"] : ["eq", "ne"];
    const comparison = fc
      .tuple(fc.constantFrom(...comparisons, ...(text ? ["prefix"] : [])), value)
      .map(([op, constant]) => ({ [op]: [name, constant] }));
    const membership = fc.array(value, { minLength: 1, maxLength: 4 }).map((values) => ({ in: [name, values] }));
    return fc.oneof(comparison, membership);
  });
  const leaf = fc.oneof(...leaves);
  const inner = (below: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof(
      below,
      below.map((term) => ({ not: term })),
      fc
        .tuple(fc.constantFrom("and", "or"), fc.array(below, { minLength: 1, maxLength: 2 }))
        .map(([op, terms]) => ({ [op]: terms })),
    );
  return fc.oneof(fc.constant({}), inner(inner(inner(leaf))));
}

function event(): fc.Arbitrary<{ execname: string; syscall: string; pid: number; errno: number; latency: number }> {
  const name = fc.stringMatching(/^[a-c.%/@-]{1,4}$/);
  const number = fc.integer({ min: -3, max: 3 });
  return fc.record({ execname: name, syscall: name, pid: number, errno: number, latency: number });
}

function problems(outcome: Outcome): readonly string[] {
  return outcome.kind === "compiled" ? outcome.problems : [`rejected: ${outcome.fields.join(", ")}`];
}

function show(request: Request): string {
  return JSON.stringify(request).slice(0, 300);
}

test("every metric's program can take over from another: it counts nothing before the boundary", () => {
  for (const [metric, { recipe }] of catalogue) {
    if (recipe.kind !== "dtrace") continue;
    const outcome = outcomeOf({ metric, after: 1_700_000_000_123_456_789n });
    assert.deepEqual(outcome.kind === "compiled" ? outcome.problems : outcome, [], metric);
  }
  for (const after of [0n, -1n, 2n ** 63n])
    assert.deepEqual(outcomeOf({ metric: "syscall.ops", after }).kind, "rejected");
  assert.equal(outcomeOf({ metric: "syscall.ops", after: 1n, platform: "linux" }).kind, "rejected");
});

test("the boundary is the old program's last tick before the new one's first window, by at least 2.5 ms", () => {
  const after = 1_700_000_000_123;
  for (const tickSec of [1, 5, 60]) {
    for (const periods of [1, 2, 17]) {
      const boundary = after + periods * tickSec * 1000;
      for (const windowMs of [5, 5.4, 500, 700 * tickSec, tickSec * 1000, tickSec * 1000 + 2]) {
        assert.equal(boundaryBefore(boundary + windowMs, after, tickSec), boundary, `${windowMs} of ${tickSec} s`);
      }
    }
  }
});
