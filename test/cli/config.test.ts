/**
 * The configuration: what holds, what is refused and in which words.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { format } from "prettier";
import { configPage } from "../../cli/config-page.ts";
import { printConfig, readConfig, type Config, type Environment } from "../../cli/config.ts";
import { requireNetworks } from "../../cli/query.ts";
import { InputError } from "../../core/errors.ts";

describe("the configuration", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-config-"));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const read = async (text: string, environment: Environment = {}): Promise<Config> => {
    await writeFile(join(dir, "isotherm.yaml"), text);
    return readConfig(join(dir, "isotherm.yaml"), environment, ["store", "collect"]);
  };

  test("is all defaults where the file says nothing", async () => {
    const config = await read("");
    assert.equal(config.query.port, 8080);
    assert.equal(config.ingest.host, "127.0.0.1");
    assert.equal(config.ingest.collectorLimits.rowsPerSec, 250_000);
    assert.equal(config.log.level, "info");
    assert.deepEqual(config.collect.hosts, []);
    assert.equal(config.store.url, undefined);
  });

  test("takes paths from the file's folder, and defaults into each host", async () => {
    const config = await read(
      "store: {dataDir: here}\ncollect:\n  hosts:\n    - name: cn-01\n    - {name: cn-02, port: 2222}\n",
    );
    assert.equal(config.store.dataDir, join(dir, "here"));
    assert.deepEqual(config.collect.hosts, [
      { name: "cn-01", port: 22, username: "root", platform: "smartos" },
      { name: "cn-02", port: 2222, username: "root", platform: "smartos" },
    ]);
  });

  test("is overridden by the environment, key by key", async () => {
    const config = await read("query: {port: 1, host: a}\n", {
      ISOTHERM_QUERY_PORT: "9000",
      ISOTHERM_QUERY_WEB: "false",
      ISOTHERM_QUERY_INGEST_URLS: "http://a:1, http://b:2",
      ISOTHERM_STORE_DATA_DIR: "elsewhere",
      ISOTHERM_INGEST_TENANT_LIMITS_KEYS_PER_WINDOW: "7",
    });
    const { port, host, web, ingestUrls } = config.query;
    assert.deepEqual([port, host, web, ingestUrls], [9000, "a", false, ["http://a:1", "http://b:2"]]);
    assert.equal(config.store.dataDir, join(dir, "elsewhere"));
    assert.equal(config.ingest.tenantLimits.keysPerWindow, 7);
  });

  test("reads secrets from files, and never prints one", async () => {
    await writeFile(join(dir, "token"), "iso_0_s3cret\nmore\n");
    const config = await read("collect: {tokenFile: token}\nstore: {password: hunter2}\n");
    assert.equal(config.collect.token, "iso_0_s3cret");
    const printed = printConfig(config);
    assert.match(printed, /^ {2}token: \(hidden\)$/m);
    assert.match(printed, /^ {2}password: \(hidden\)$/m);
    assert.doesNotMatch(printed, /s3cret|hunter2/);
  });

  const wrong: [text: string, line: string, environment?: Environment][] = [
    ["query: {port: x}", 'query.port is "x", expected a whole number from 0 to 65535'],
    ["query: {port: 65536}", "query.port is 65536, expected a whole number from 0 to 65535"],
    ["query: {port: 8080.5}", "query.port is 8080.5, expected a whole number from 0 to 65535"],
    ["query: 5", "query is 5, expected keys and values"],
    [
      "query: {prot: 1}",
      "query.prot is unknown, expected one of host, port, ingestUrls, web, publicUrl, trustedProxies, readLimits, oidc",
    ],
    ["qery: {}", "qery is unknown, expected one of store, ingest, query, alerts, collect, tokens, log"],
    ["log: {level: loud}", 'log.level is "loud", expected one of debug, info, warn, error, silent'],
    ["collect: {hosts: [{port: 3}]}", "collect.hosts[0].name is missing, expected text"],
    [
      "collect: {hosts: [{name: a}, {name: b, platform: plan9}]}",
      'collect.hosts[1].platform is "plan9", expected one of smartos, linux',
    ],
    ["collect: {token: 5}", "collect.token is (hidden), expected text"],
    ["collect: {token: a, tokenFile: b}", "collect.token is set, and so is collect.tokenFile, expected one of them"],
    ["store: {url: 'ftp://a'}", 'store.url is "ftp://a", expected a URL such as http://127.0.0.1:8081, without a path'],
    ["", 'query.port is "eighty", expected a whole number from 0 to 65535', { ISOTHERM_QUERY_PORT: "eighty" }],
  ];
  for (const [text, line, environment] of wrong) {
    test(`is refused in one line: ${line.slice(0, 60)}`, async () => {
      const error = await read(text, environment).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof InputError);
      assert.equal(error.message, `${join(dir, "isotherm.yaml")}: ${line}`);
    });
  }

  test("is refused in one line where it is no YAML, names a key twice, or is not there", async () => {
    for (const text of ["a: [", "query: {}\nquery: {}", "- 1", "a: &a [*a, *a]\nb: *nope"]) {
      await assert.rejects(read(text), (error) => error instanceof InputError && !error.message.includes("\n"), text);
    }
    await assert.rejects(readConfig(join(dir, "nope.yaml"), {}), /nope\.yaml: ENOENT; expected a YAML file$/);
  });

  test("names what is no address and no network of proxies", () => {
    const refused = (text: string): boolean => {
      try {
        requireNetworks({ file: "f" }, "query.trustedProxies", [text]);
        return false;
      } catch (error) {
        assert.ok(error instanceof InputError && error.message.includes(JSON.stringify(text)));
        return true;
      }
    };
    for (const text of ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"]) assert.equal(refused(text), false, text);
    for (const text of ["", "localhost", "300.1.1.1", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8"]) {
      assert.equal(refused(text), true, text);
    }
  });

  test("is described by docs/configuration.md, key for key", async () => {
    const path = new URL("../../docs/configuration.md", import.meta.url);
    const options = { parser: "markdown", printWidth: 120 };
    assert.equal(
      await readFile(path, "utf8"),
      await format(configPage(), options),
      "isotherm config page > docs/configuration.md",
    );
  });
});
