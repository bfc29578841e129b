/**
 * Each metric is a descriptor and, if DTrace gathers it, a `.d` file; this holds the pairs together.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { fieldOf, metricName } from "../../core/metric.ts";
import { parseSpec } from "../../core/instrumentation.ts";
import { catalogue, findMetric } from "../../d-scripts/catalogue.ts";
import type { DtraceRecipe, Entry, KstatRecipe } from "../../d-scripts/recipe.ts";
import { referenceOf } from "../../d-scripts/reference.ts";
import { readSource, templateOf } from "../../d-scripts/sources.ts";
import { readsOf } from "../../d-scripts/template.ts";
import { variablesIn } from "../../d-scripts/tokens.ts";

const FOLDER = new URL("../../d-scripts/", import.meta.url);
const entries = [...catalogue];
const dtrace = entries.flatMap(([name, { metric, recipe }]) =>
  recipe.kind === "dtrace" ? [{ name, metric, recipe }] : [],
);
const kstat = entries.flatMap(([name, { metric, recipe }]) =>
  recipe.kind === "kstat" ? [{ name, metric, recipe }] : [],
);

/** The ancestor's table. */
const REQUIRED = `cpu.usage cpu.waittime cpu.loadavg cpu.cap cpu.cpus cpu.thread_samples cpu.thread_executions cpu.dispatch_wait
  cpu.cap_wait syscall.ops fs.logical_ops fs.logical_rwops fs.logical_rwbytes fs.slow_ops fs.throttle zfs.zone_io zfs.arc
  zfs.pool zfs.spa_sync disk.physio_ops disk.physio_bytes disk.busy memory.rss memory.swap memory.reclaim nic.vnic nic.phys
  tcp.connections tcp.errors proc.execs proc.exits proc.forks vm.zvol_ops node.http node.gc postgres.queries mysql.queries`;

test("the catalogue has every metric of the ancestor", () => {
  for (const name of REQUIRED.split(/\s+/)) assert.ok(findMetric(name) !== undefined, name);
  for (const name of ["", "__proto__", "syscall", "syscall.ops "]) assert.equal(findMetric(name), undefined);
});

test("the catalogue lists exactly the descriptors in the folder, and each D program belongs to one", () => {
  const files = readdirSync(FOLDER);
  const names = (pattern: RegExp): string[] => files.flatMap((file) => pattern.exec(file)?.[1] ?? []).sort();
  assert.deepEqual(names(/^([a-z]+\.[a-z_]+)\.ts$/), entries.map(([name]) => name).sort());
  assert.deepEqual(names(/^(.+)\.d$/), dtrace.map(({ name }) => name).sort());
});

for (const [name, entry] of entries) test(`${name} is described in full`, () => checkDescription(name, entry));
for (const { name, recipe } of dtrace) test(`${name}: clauses and fields fit together`, () => checkPair(name, recipe));
for (const { name, metric, recipe } of kstat)
  test(`${name}: its kstats give its fields`, () => checkKstat({ metric, recipe }));

test("docs/metrics.md is what the catalogue says", () => {
  const text = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  assert.ok(text === referenceOf(catalogue), "run: node --import tsx d-scripts/docs.ts");
});

function checkDescription(name: string, { metric, recipe }: Entry): void {
  assert.equal(metricName(metric), name);
  assert.match(name, /^[a-z]+\.[a-z_]+$/);
  assert.equal(metric.source, recipe.kind);
  assert.equal(metric.cost === "free", recipe.kind === "kstat");
  assert.ok(metric.label !== "" && metric.unit !== "");
  assert.ok(recipe.platforms.length > 0);
  const zoned = fieldOf(metric, "zonename") !== undefined;
  if (metric.audience === "tenant") assert.ok(zoned, "a tenant sees its own zones only, so there must be zones");
  assert.equal(new Set(metric.fields.map((field) => field.name)).size, metric.fields.length);
  for (const field of metric.fields) {
    assert.match(field.name, /^[a-z]+$/);
    assert.equal(field.arity === "numeric", field.scheme !== undefined, `${field.name} has a scheme if it is numeric`);
    if (field.scheme !== undefined) parseScheme(field.scheme);
    if (field.arity === "numeric") assert.notEqual(field.type, "string");
    parseSpec({ metric: name, decomposition: [field.name] }, metric);
  }
}

function checkPair(name: string, recipe: DtraceRecipe): void {
  const text = readSource(name);
  const { sections, variables } = templateOf(name);
  const of = (...kinds: string[]): typeof sections => sections.filter(({ kind }) => kinds.includes(kind));
  const metric = findMetric(name)?.metric;

  assert.ok(text.startsWith(`/*\n * ${name}: `), "its comment opens with its name");
  assert.match(text, /^[\n\t\x20-\x7e]*$/, "plain ASCII");
  assert.ok(!/^\s*#/m.test(text), "no pragma");
  assert.ok(
    text.split("\n").every((line) => line.length <= 132),
    "lines fit a screen",
  );
  assert.deepEqual(
    Object.keys(recipe.fields),
    metric?.fields.map((field) => field.name),
    "a source for each field",
  );
  for (const platform of recipe.platforms) {
    const counting = of("aggregate").filter((section) => section.platform === null || section.platform === platform);
    assert.equal(counting.length, 1, `one clause counts on ${platform}`);
  }
  const providers = new Set(sections.flatMap(({ probes }) => probes.map((probe) => probe.split(":")[0] ?? "")));
  assert.deepEqual([...providers], [...recipe.providers], "its providers are those of its probes");

  const guarded = new Set(
    of("aggregate").flatMap(({ guards }) => guards.flatMap((guard) => [...variablesIn(guard, variables)])),
  );
  for (const { name: variable } of of("begin")) {
    // Else an event whose beginning was not seen, or was ruled out there, would count with an empty value.
    assert.ok(guarded.has(variable), `the counting clause tests ${variable}`);
  }
  const assigned = sections.filter(({ name: variable }) => variable !== "");
  for (const { name: variable, kind, statements } of assigned) {
    const [statement = ""] = statements;
    const target = new RegExp(
      `^(?:(?:self|this)->${variable}|${variable}\\[[^\\]]+\\]) =${kind === "clean" ? " 0$" : ""}`,
    );
    assert.match(statement, target, `the section of ${variable} sets it`);
    assert.equal(statements.length, 1);
    const local = statement.startsWith("this->");
    const cleaned = of("clean").some((section) => section.name === variable);
    assert.equal(cleaned, !local, `${variable} is freed if it outlives the probe`);
  }
  const used = Object.values(recipe.fields).flatMap(({ d, linux }) => [d, linux ?? ""]);
  const read = new Set([
    ...used.flatMap((d) => [...variablesIn(d, variables)]),
    ...sections.flatMap((s) => [...readsOf(s, variables)]),
  ]);
  for (const { name: variable } of of("begin", "gather")) assert.ok(read.has(variable), `something reads ${variable}`);
  for (const { begin } of Object.values(recipe.fields)) {
    if (begin !== undefined)
      assert.equal(variablesIn(begin, variables).size, 0, "nothing is gathered yet at the beginning");
  }
}

function checkKstat({ metric, recipe }: { metric: Entry["metric"]; recipe: KstatRecipe }): void {
  assert.deepEqual(recipe.platforms, ["smartos"]);
  assert.ok(recipe.patterns.length > 0 && recipe.rows.length > 0);
  // What the host's wrapper lets through: a pattern of four parts, and nothing that a shell or kstat would read otherwise.
  for (const pattern of recipe.patterns) assert.match(pattern, /^(?:[a-z_]+:[0-9]*:[a-z]*:|class:[a-z]+)$/);
  assert.ok(recipe.select.class !== undefined || recipe.select.name !== undefined);
  if (recipe.select.name !== undefined) new RegExp(recipe.select.name);
  assert.equal(recipe.derive === "delta", metric.scope === "interval");
  assert.equal(recipe.zone !== null, fieldOf(metric, "zonename") !== undefined);
  const given = new Set([...Object.keys(recipe.parts), ...(recipe.zone === null ? [] : ["zonename"])]);
  for (const { keys, statistics, scale } of recipe.rows) {
    assert.deepEqual(
      [...given, ...Object.keys(keys)].sort(),
      metric.fields
        .filter(({ arity }) => arity === "discrete")
        .map(({ name }) => name)
        .sort(),
    );
    for (const value of Object.values(keys)) assert.match(value, /^[a-z0-9-]+$/);
    assert.ok(statistics.length > 0);
    if (scale !== undefined)
      assert.ok(Number.isInteger(scale.multiply) && Number.isInteger(scale.divide) && scale.divide > 0);
  }
  const tuples = recipe.rows.map(({ keys }) => JSON.stringify(keys));
  assert.equal(new Set(tuples).size, tuples.length, "each row has keys of its own");
  const numeric = metric.fields.filter(({ arity }) => arity === "numeric").map(({ name }) => name);
  assert.deepEqual(numeric, recipe.distribution === null ? [] : [recipe.distribution.field]);
  if (recipe.distribution?.kind !== "thresholds") return;
  const scheme = parseScheme(recipe.distribution.scheme);
  assert.equal(scheme.kind === "edges" ? scheme.edges.length : -1, recipe.distribution.statistics.length);
}
