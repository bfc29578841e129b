/**
 * supply.test.ts: what is installed is what was locked, from a registry, with its digest, and none of it runs when it is installed.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

/** Below these a library has a fault that matters here, with the reason. */
const AT_LEAST: Readonly<Record<string, string>> = {
  // Strict key exchange, against the Terrapin attack (CVE-2023-48795).
  ssh2: "1.15.0",
  // A content type with a tab or a space let a body past its schema (CVE-2026-25223, CVE-2026-33806).
  fastify: "5.8.5",
  // A compressed token took memory without bound (CVE-2024-28176).
  jose: "4.15.5",
};

/** Have an install script, which `.npmrc` lets none run, with how it goes without. */
const SCRIPTED: Readonly<Record<string, string>> = {
  chdb: "its optional package of the platform brings the engine",
  "cpu-features": "ssh2 chooses ciphers without it",
  esbuild: "its optional package of the platform brings the binary",
  ssh2: "its JavaScript is far above what dtrace prints",
};

describe("the lock file", () => {
  const packages = readFile(join(ROOT, "package-lock.json"), "utf8").then((text) =>
    Object.entries((JSON.parse(text) as { packages: Record<string, Locked> }).packages).filter(([path]) => path !== ""),
  );

  test("has a SHA-512 of every package, and none that comes from elsewhere than a registry", async () => {
    const all = await packages;
    assert.ok(all.length > 100);
    const without = all.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""));
    assert.deepEqual(
      without.map(([path]) => path),
      [],
    );
    // No host of a registry either: each installation asks its own.
    const elsewhere = all.filter(([, { resolved, link }]) => link === true || resolved !== undefined);
    assert.deepEqual(
      elsewhere.map(([path]) => path),
      [],
    );
  });

  test("has no install script but those that we do without", async () => {
    const scripted = (await packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    assert.deepEqual(
      [...new Set(names)].filter((name) => !(name in SCRIPTED)),
      [],
    );
    assert.match(await readFile(join(ROOT, ".npmrc"), "utf8"), /^ignore-scripts=true$/m);
  });

  test("has no version with a fault that matters here", async () => {
    const all = new Map(await packages);
    for (const [name, least] of Object.entries(AT_LEAST)) {
      const { version = "0" } = all.get(`node_modules/${name}`) ?? {};
      assert.ok(atLeast(version, least), `${name} ${version} is older than ${least}`);
    }
  });
});

function atLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
