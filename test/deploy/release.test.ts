/**
 * A release, as somebody gets it: built from a copy of this checkout, unpacked into an empty folder elsewhere, and run there with the
 * dependencies that it names and no others.
 *
 * `npm run test:long` installs it from the registry; otherwise what it depends on is lent by this checkout.
 */
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LONG } from "../long.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const run = promisify(execFile);
/** None of it is a source. */
const LEFT_OUT = new Set(["node_modules", "dist", "data", ".git"]);

const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

interface Sbom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly { readonly name: string; readonly group?: string; readonly version: string }[];
}

describe("a release", () => {
  let dir: string;
  let elsewhere: string;
  const released = (name: string): string => join(dir, "out", name);
  const isotherm = (...args: string[]): [string, string[]] => [
    process.execPath,
    [join(elsewhere, "node_modules/.bin/isotherm"), ...args],
  ];

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-release-"));
    const checkout = join(dir, "checkout");
    cpSync(ROOT, checkout, {
      recursive: true,
      filter: (path) => !LEFT_OUT.has(relative(ROOT, path).split(sep).at(-1) ?? ""),
    });
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    const log = join(checkout, "CHANGELOG.md");
    writeFileSync(log, `${readFileSync(log, "utf8")}\n## ${version}\n`);
    await run("sh", [join(checkout, "deploy/release.sh"), join(dir, "out")]);
    elsewhere = join(dir, "elsewhere");
    mkdirSync(elsewhere);
    if (LONG) await install();
    else await lend();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const install = async (): Promise<void> => {
    writeFileSync(join(elsewhere, "package.json"), "{}");
    const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", released(`isotherm-${version}.tgz`)];
    await run("npm", args, { cwd: elsewhere });
  };
  /** The package as npm unpacks it, and what it depends on from here. */
  const lend = async (): Promise<void> => {
    const home = join(elsewhere, "node_modules/isotherm");
    mkdirSync(home, { recursive: true });
    await run("tar", ["-xzf", released(`isotherm-${version}.tgz`), "-C", home, "--strip-components=1"]);
    const { stdout } = await run("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd: ROOT });
    for (const path of stdout.trim().split("\n").slice(1)) {
      const to = join(elsewhere, relative(ROOT, path));
      // One within another comes with it.
      if (path.split("/node_modules/").length > 2 || existsSync(to)) continue;
      mkdirSync(dirname(to), { recursive: true });
      symlinkSync(path, to);
    }
    mkdirSync(join(elsewhere, "node_modules/.bin"));
    symlinkSync("../isotherm/dist/cli/main.js", join(elsewhere, "node_modules/.bin/isotherm"));
  };

  test("has what is needed to run, and nothing that is needed to make it", async () => {
    const { stdout } = await run("tar", ["-tzf", released(`isotherm-${version}.tgz`)]);
    const files = stdout
      .trim()
      .split("\n")
      .map((path) => path.replace(/^package\//, ""));
    const of = (folder: string): string[] => files.filter((path) => path.startsWith(`${folder}/`));
    const parts = ["dist", "web/dist", "d-scripts", "deploy", "docs"];
    const others = files.filter((path) => !parts.some((part) => path.startsWith(`${part}/`)));
    assert.deepEqual(others.sort(), ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    assert.deepEqual(
      of("d-scripts").filter((path) => !path.endsWith(".d")),
      [],
    );
    assert.deepEqual(
      of("dist").filter((path) => !path.endsWith(".js") || /\/(test|bench|web)\//.test(path)),
      [],
    );
    assert.ok(of("web/dist").includes("web/dist/index.html"));
    assert.ok(files.includes("deploy/wrapper/isotherm-wrapper"), "what isotherm host add installs");
    const { stdout: sizes } = await run("tar", ["-tvzf", released(`isotherm-${version}.tgz`)]);
    const bytes = sizes
      .trim()
      .split("\n")
      .reduce((sum, line) => sum + Number(line.split(/\s+/)[2]), 0);
    assert.ok(bytes < 8_000_000, `${bytes} bytes`);
    console.log(`# ${files.length} files, ${Math.round(bytes / 1000)} kB unpacked`);
  });

  test("says what it is made of: all that it depends on, nothing that only made it", () => {
    const sbom = JSON.parse(readFileSync(released(`isotherm-${version}.cdx.json`), "utf8")) as Sbom;
    assert.equal(sbom.bomFormat, "CycloneDX");
    assert.deepEqual([sbom.metadata.component.name, sbom.metadata.component.version], ["isotherm", version]);
    const names = sbom.components.map(({ group, name }) => (group ? `${group}/${name}` : name));
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !names.includes(name)),
      [],
    );
    // By version: apache-arrow brings types of its own along.
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;
    };
    const tools = Object.keys(devDependencies).flatMap((name) => {
      const { dev, version: of = "" } = packages[`node_modules/${name}`] ?? {};
      return dev === true ? [`${name}@${of}`] : [];
    });
    assert.ok(tools.length > 10);
    const versions = sbom.components.map((each, i) => `${names[i] ?? ""}@${each.version}`);
    assert.deepEqual(
      tools.filter((each) => versions.includes(each)),
      [],
    );
    assert.ok(sbom.components.every((each) => /^\d/.test(each.version)));
  });

  test("has the sums that it says", async () => {
    await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: join(dir, "out") });
  });

  const commands: [args: string[], output: RegExp][] = [
    [["--help"], /isotherm demo .*\n.*\n[^]*Usage: isotherm/],
    [["metrics"], /syscall\.ops/],
    [["script", "syscall.ops"], /@isotherm .*"metric":"syscall\.ops"/],
    [["config", "page"], /ISOTHERM_QUERY_PORT/],
    [["completion", "bash"], /complete -F _isotherm isotherm/],
  ];
  for (const [args, output] of commands) {
    test(`runs elsewhere: isotherm ${args.join(" ")}`, async () => {
      const { stdout, stderr } = await run(...isotherm(...args), { cwd: elsewhere });
      assert.match(stdout, output);
      assert.equal(stderr, "");
    });
  }

  test("runs elsewhere: the demo, with the page that was built and an engine of its own", async () => {
    const data = join(dir, "data");
    const child: ChildProcessWithoutNullStreams = spawn(
      ...isotherm("demo", "--port", "0", "--hosts", "1", "--zones", "1", "--backfill", "5", "--data", data),
      { cwd: elsewhere },
    );
    let errors = "";
    child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
    const exit = once(child, "exit") as Promise<[number | null]>;
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = "";
        child.stdout.on("data", (bytes: Buffer) => {
          const found = /http:\/\/[^/\s]+/.exec((said += bytes.toString()))?.[0];
          if (found !== undefined) resolve(found);
        });
        void exit.then(() => reject(new Error(`it ended: ${errors}`)));
      });
      const page = await (await fetch(`${url}/`)).text();
      const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? "";
      const answer = await fetch(new URL(script, url));
      assert.equal(answer.status, 200);
      assert.ok((await answer.text()).length > 50_000, "the page's program");
      assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { ok: true });
      assert.match(await (await fetch(`${url}/metrics`)).text(), /^isotherm_ingest_rows_total \d+$/m);
    } finally {
      child.kill("SIGTERM");
    }
    assert.equal((await exit)[0], 0, errors);
  });
});
