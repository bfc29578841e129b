/**
 * deploy/prometheus and deploy/grafana: rules that promtool takes, that fire on what they are for, and that name metrics there are.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { metricsOfPage } from "./metrics-page.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RULES = join(ROOT, "deploy/prometheus");
const PROMTOOL = "/usr/bin/promtool";
const NO_PROMTOOL = existsSync(PROMTOOL) ? false : "NO promtool ON THIS MACHINE: alert rules are not tested";

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(readFileSync(join(ROOT, "deploy/grafana/isotherm.json"), "utf8")) as {
  readonly panels: readonly Panel[];
};
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const rules = readFileSync(join(RULES, "isotherm.rules.yaml"), "utf8");

describe("what watches Isotherm", () => {
  const named = (text: string): string[] =>
    [...new Set([...text.matchAll(/\bisotherm_[a-z0-9_]+/g)].map(([name]) => name))].sort();
  // A histogram has three names in a query.
  const known = metricsOfPage().flatMap(({ name, type }) =>
    type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name],
  );

  for (const [what, text] of [
    ["the alert rules", rules],
    ["the dashboard", expressions.join("\n")],
  ] as const) {
    test(`${what} name metrics that there are`, () => {
      assert.deepEqual(
        named(text).filter((name) => !known.includes(name)),
        [],
      );
      assert.ok(named(text).length > 20);
    });
  }

  test("every alert says what is wrong, how urgent it is, and where to read on; every one has a test", () => {
    const alerts = [...rules.matchAll(/- alert: (\w+)\n([\s\S]*?)(?=\n {6}- alert|\n {2}- name|$)/g)];
    assert.ok(alerts.length >= 25);
    const tests = readFileSync(join(RULES, "isotherm.tests.yaml"), "utf8");
    const page = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
    for (const [, name = "", body = ""] of alerts) {
      assert.match(body, /severity: (page|ticket)/, name);
      assert.match(body, /summary: "/, name);
      assert.ok(tests.includes(`alertname="${name}"`), `${name} is tested`);
      assert.ok(page.includes(`\`${name}\``), `docs/operating.md says what to do about ${name}`);
    }
  });

  test("every panel of the dashboard shows something", () => {
    for (const { title, type, targets = [] } of dashboard.panels) {
      assert.ok(type === "row" || targets.length > 0, title);
    }
  });
});

describe("promtool", { skip: NO_PROMTOOL }, () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-rules-"));
    cpSync(RULES, dir, { recursive: true });
  });
  after(() => rmSync(dir, { recursive: true, force: true }));
  const promtool = (...args: string[]): string =>
    execFileSync(PROMTOOL, args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  test("takes the rules and the configuration", () => {
    assert.match(promtool("check", "rules", "isotherm.rules.yaml"), /SUCCESS: 25 rules found/);
    assert.match(promtool("check", "config", "prometheus.yaml"), /SUCCESS/);
  });

  test("finds that each alert fires on what it is for, alone, and none where all is well", () => {
    promtool("test", "rules", "isotherm.tests.yaml");
  });

  const mutants: [what: string, from: RegExp, to: string][] = [
    ["a bound that nothing reaches", /> 0\.1\n/, "> 10\n"],
    ["a bound that everything reaches", /config_reload_ok == 0/, "config_reload_ok >= 0"],
    ["another label", /call="insert"\}\[5m\]/, 'call="inserts"}[5m]'],
    [
      "a wait that is too long",
      /for: 2m\n {8}labels: \{ severity: page \}\n {8}annotations:\n {10}summary: "\{\{ \$labels\.instance \}\} does not/,
      'for: 2h\n        labels: { severity: page }\n        annotations:\n          summary: "{{ $labels.instance }} does not',
    ],
  ];
  for (const [what, from, to] of mutants) {
    test(`finds ${what}`, () => {
      const mutant = rules.replace(from, to);
      assert.notEqual(mutant, rules);
      writeFileSync(join(dir, "isotherm.rules.yaml"), mutant);
      assert.throws(() => promtool("test", "rules", "isotherm.tests.yaml"));
      writeFileSync(join(dir, "isotherm.rules.yaml"), rules);
    });
  }

  test("takes every query of the dashboard", () => {
    // Grafana fills its variables in; a rule file is how promtool reads expressions.
    const filled = expressions.map((each) => each.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"));
    const all = filled.map((expr, i) => ({ record: `panel:${i}`, expr }));
    writeFileSync(join(dir, "panels.yaml"), JSON.stringify({ groups: [{ name: "panels", rules: all }] }));
    assert.match(promtool("check", "rules", "panels.yaml"), new RegExp(`${expressions.length} rules found`));
  });
});
