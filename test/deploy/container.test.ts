/**
 * deploy/container, without an engine: a Containerfile by rules of our own, and a compose file whose parts fit each other and the
 * commands and configuration that they name.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { parse } from "yaml";
import { readConfig } from "../../cli/config.ts";
import { parseHosts } from "../../cli/hosts-file.ts";
import { COMPOSE } from "./compose-schema.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = join(ROOT, "deploy/container");

interface Instruction {
  readonly word: string;
  readonly text: string;
}

/** The instructions, with lines that go on joined and comments left out. */
function instructionsOf(text: string): Instruction[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n");
  return lines
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { word, text: rest };
    });
}

/** What is wrong with a Containerfile, by rules of our own. */
function faultsOf(text: string): string[] {
  const all = instructionsOf(text);
  const last = all.findLastIndex(({ word }) => word === "FROM");
  const final = all.slice(last);
  const has = (word: string, of: RegExp): boolean => final.some((each) => each.word === word && of.test(each.text));
  const args = new Map(
    all
      .filter(({ word }) => word === "ARG")
      .map(({ text: each }): [string, string] => [each.split("=")[0] ?? "", each.split("=")[1] ?? ""]),
  );
  const KNOWN = "FROM ARG LABEL COPY RUN ENV USER WORKDIR VOLUME EXPOSE STOPSIGNAL ENTRYPOINT CMD".split(" ");
  return [
    ...all.filter(({ word }) => !KNOWN.includes(word)).map(({ word, text: each }) => `unknown: ${word} ${each}`),
    ...all
      .filter(({ word }) => word === "FROM")
      .map(({ text: each }) => each.replace(/\$\{(\w+)\}/g, (_, name: string) => args.get(name) ?? ""))
      .filter((image) => !/^[a-z0-9./-]+:\d[\w.-]+( AS \w+)?$/.test(image))
      .map((image) => `an image without a version: ${image}`),
    ...all
      .filter(({ word, text: each }) => word === "WORKDIR" && !each.startsWith("/"))
      .map(() => "a relative WORKDIR"),
    ...all
      .filter(({ text: each }) => /\bsudo\b|curl .*\| *(ba)?sh/.test(each))
      .map(({ text: each }) => `risky: ${each}`),
    ...all
      .filter(
        ({ word, text: each }) => word === "RUN" && /npm (install|ci)/.test(each) && !each.includes("--ignore-scripts"),
      )
      .map(() => "an install that runs scripts"),
    ...(has("USER", /^(?!root$|0$)\w+$/) ? [] : ["it runs as root"]),
    ...(has("ENTRYPOINT", /^\[/) ? [] : ["signals end at a shell: ENTRYPOINT is no list"]),
    ...(has("CMD", /^\[/) ? [] : ["CMD is no list"]),
  ];
}

describe("the Containerfile", () => {
  const text = readFileSync(join(HERE, "Containerfile"), "utf8");

  test("runs as nobody in particular, from images with versions, and passes signals on", () => {
    assert.deepEqual(faultsOf(text), []);
  });

  const mutants: [fault: RegExp, from: string | RegExp, to: string][] = [
    [/runs as root/, "USER node\n", ""],
    [/without a version/, /ARG NODE=.*/, "ARG NODE=latest"],
    [/no list/, 'ENTRYPOINT ["isotherm"]', "ENTRYPOINT isotherm"],
    [/runs scripts/, "--ignore-scripts ", ""],
    [/unknown: USR/, "USER node", "USR node"],
  ];
  for (const [fault, from, to] of mutants) {
    test(`is held to it: ${fault.source}`, () => assert.match(faultsOf(text.replace(from, to)).join("\n"), fault));
  }
});

describe("compose.yaml", () => {
  const raw = parse(readFileSync(join(HERE, "compose.yaml"), "utf8"), { merge: true }) as Record<string, unknown>;
  const file = Object.fromEntries(Object.entries(raw).filter(([key]) => !key.startsWith("x-"))) as Static<
    typeof COMPOSE
  >;
  const services = Object.entries(file.services);
  const ours = services.filter(([, { image }]) => image.startsWith("isotherm:"));
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

  test("has only what the Compose specification knows, where it belongs", () => {
    assert.deepEqual(
      Value.Errors(COMPOSE, file).map((each) => `${each.instancePath}: ${each.message}`),
      [],
    );
    assert.equal(Value.Check(COMPOSE, { ...file, services: { a: { imag: "x:1" } } }), false);
  });

  test("names networks, volumes, secrets, configurations and services that there are, and each is used", () => {
    const used = (of: (service: (typeof services)[number][1]) => readonly string[]): string[] =>
      [...new Set(services.flatMap(([, service]) => of(service)))].sort();
    assert.deepEqual(
      used(({ networks }) => networks),
      Object.keys(file.networks).sort(),
    );
    assert.deepEqual(
      used(({ secrets = [] }) => secrets),
      Object.keys(file.secrets).sort(),
    );
    assert.deepEqual(
      used(({ configs = [] }) => configs.map(({ source }) => source)),
      Object.keys(file.configs).sort(),
    );
    const sources = used(({ volumes = [] }) => volumes.map((each) => each.split(":")[0] ?? ""));
    assert.deepEqual(
      sources.filter((each) => !each.startsWith(".")),
      Object.keys(file.volumes).sort(),
    );
    for (const path of sources.filter((each) => each.startsWith("."))) assert.ok(existsSync(join(HERE, path)), path);
    const names = new Set(Object.keys(file.services));
    for (const name of used(({ depends_on: on = {} }) => Object.keys(on))) assert.ok(names.has(name), name);
    for (const { file: path } of Object.values(file.configs)) assert.ok(existsSync(join(HERE, path)), path);
  });

  test("keeps the roles from what they do not need", () => {
    for (const [name, service] of ours) {
      assert.deepEqual(service.cap_drop, ["ALL"], name);
      assert.equal(service.read_only, true, name);
      assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
      assert.equal(service.image, `isotherm:${version}`, name);
    }
  });

  test("runs commands that there are, with options that they have", () => {
    assert.deepEqual(ours.map(([name]) => name).sort(), ["collect", "ingest", "migrate", "query"]);
    for (const [name, { command = [] }] of ours) {
      const help = execFileSync(
        process.execPath,
        ["--import", "tsx", join(ROOT, "cli/main.ts"), command[0] ?? "", "--help"],
        { cwd: ROOT, encoding: "utf8" },
      );
      for (const option of command.filter((each) => each.startsWith("-"))) {
        assert.match(help, new RegExp(`(^|[ ,])${option}[ ,]`, "m"), `${name} ${option}`);
      }
    }
  });

  test("has a configuration that is right, and that asks where the services answer", async () => {
    const config = await readConfig(join(HERE, "isotherm.yaml"), {});
    const { ingest, query, collect, store } = config;
    assert.equal(store.url, "http://clickhouse:8123");
    assert.deepEqual(query.ingestUrls, [`http://ingest:${ingest.port}`]);
    assert.equal(collect.ingestUrl, `http://ingest:${ingest.port}`);
    assert.equal(collect.queryUrl, `http://query:${query.port}`);
    for (const [name, { port }] of Object.entries({ ingest, query, collect })) {
      const probe = file.services[name]?.healthcheck?.test.at(-1) ?? "";
      assert.match(probe, new RegExp(`127\\.0\\.0\\.1:${port}/(readyz|healthz)`), name);
    }
    for (const path of [store.passwordFile, collect.keyFile, collect.knownHostsFile]) {
      assert.ok(
        Object.keys(file.secrets).some((name) => path === `/run/secrets/${name}`),
        path,
      );
    }
    assert.equal(collect.hostsFile, "/etc/isotherm/hosts/hosts.yaml");
    assert.deepEqual(parseHosts("hosts.yaml", readFileSync(join(HERE, "hosts/hosts.yaml"), "utf8")), []);
  });
});
