/**
 * deploy/smf: a manifest that fits what is documented of manifests, and a method that starts a role in place of itself, under
 * the shells that there are.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL("../../deploy/smf/", import.meta.url));
const DTD = fileURLToPath(new URL("./service_bundle.dtd", import.meta.url));
const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const manifest = readFileSync(join(HERE, "isotherm.xml"), "utf8");
const METHOD = join(HERE, "isotherm-method");
const have = (tool: string): boolean => ["/usr/bin", "/bin"].some((folder) => existsSync(join(folder, tool)));
const missing = (tool: string): string | false =>
  have(tool) ? false : `NO ${tool} ON THIS MACHINE: not checked by it`;

describe("the manifest", () => {
  test("is what its DTD allows", { skip: missing("xmllint") }, () => {
    const valid = (text: string) =>
      spawnSync("xmllint", ["--noout", "--dtdvalid", DTD, "-"], {
        // The system's own is not here.
        input: text.replace(/<!DOCTYPE[^>]*>\n/, ""),
        encoding: "utf8",
      });
    assert.deepEqual([valid(manifest).status, valid(manifest).stderr], [0, ""]);
    for (const [from, to] of [
      ['type="service" version="1"', 'type="servce" version="1"'],
      ["exec_method", "exec_methd"],
      ['timeout_seconds="30"', ""],
      ['enabled="false"', 'enabled="no"'],
    ] as const) {
      assert.notEqual(valid(manifest.replaceAll(from, to)).status, 0, `finds ${to}`);
    }
  });

  test("has an instance for each role, disabled; tokens and properties that there are; and a refresh that reloads", () => {
    const instances = [...manifest.matchAll(/<instance name="(\w+)" enabled="(\w+)"\/>/g)].map((match) =>
      match.slice(1),
    );
    assert.deepEqual(
      instances,
      ["collect", "ingest", "query", "serve"].map((name) => [name, "false"]),
    );
    const start = /name="start" exec="([^"]+)"/.exec(manifest)?.[1] ?? "";
    // smf_method(5): %i is the instance; properties of the service by group and name.
    for (const [, token = ""] of start.matchAll(/%(\{[^}]*\}|.)/g)) {
      if (token === "i") continue;
      const [, group = "", name = ""] = /^\{(\w+)\/(\w+)\}$/.exec(token) ?? [];
      const body =
        new RegExp(`<property_group name="${group}"[^>]*>([^]*?)</property_group>`).exec(manifest)?.[1] ?? "";
      assert.match(body, new RegExp(`<propval name="${name}"`), token);
    }
    assert.match(manifest, /name="refresh" exec=":kill -HUP"/);
    assert.match(manifest, /name="stop" exec=":kill"/);
    assert.match(manifest, /<propval name="duration" type="astring" value="child"\/>/);
  });
});

describe("the method", () => {
  let dir: string;
  let program: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-smf-"));
    program = join(dir, "isotherm");
    // The product itself, but for what would stay in the foreground.
    writeFileSync(
      program,
      `#!/bin/sh\nif [ "$1" = config ]; then exec ${process.execPath} --import tsx ${MAIN} "$@"; fi\necho "$$ runs: $*"\n`,
    );
    chmodSync(program, 0o755);
    writeFileSync(join(dir, "good.yaml"), "log: {level: warn}\n");
    writeFileSync(join(dir, "bad.yaml"), "log: {level: loud}\n");
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test("is clean to shellcheck", { skip: missing("shellcheck") }, () => {
    execFileSync("shellcheck", ["-s", "sh", METHOD]);
  });

  const CONFIG_ERROR = 96;
  for (const shell of ["dash", "bash", "mksh", "ksh93", "busybox"]) {
    test(`under ${shell}`, { skip: missing(shell) }, () => {
      const run = (...args: string[]) =>
        spawnSync(shell, [...(shell === "busybox" ? ["sh"] : []), METHOD, ...args], { encoding: "utf8" });
      const good = run("collect", join(dir, "good.yaml"), program);
      assert.equal(good.stderr, "");
      assert.equal(good.stdout, `${good.pid} runs: collect -c ${join(dir, "good.yaml")}\n`, "in place of itself");
      const refusals: [args: string[], why: RegExp][] = [
        [["collect", join(dir, "bad.yaml"), program], /log\.level is "loud"[^]*the configuration is wrong/],
        [["collect", join(dir, "none.yaml"), program], /none\.yaml cannot be read \(property isotherm\/config\)/],
        [["collect", join(dir, "good.yaml"), join(dir, "none")], /cannot be run \(property isotherm\/program\)/],
        [["demo; id", join(dir, "good.yaml"), program], /is no role/],
        [["collect"], /expected a role/],
      ];
      for (const [args, why] of refusals) {
        const refused = run(...args);
        assert.equal(refused.status, CONFIG_ERROR, args.join(" "));
        assert.match(refused.stderr, why);
      }
    });
  }
});
