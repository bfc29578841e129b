/**
 * `isotherm demo` as a person runs it: a process, a URL, a page in a real browser, Ctrl-C.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { SessionInfo } from "../../core/api.ts";
import { demoCommand } from "../../cli/demo.ts";
import { LONG } from "../long.ts";
import { launchBrowser } from "../web/browser.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is promised on a machine of its own; beside other tests the end is waited for, and found out whether it comes. */
const END_MS = LONG ? 3_000 : 30_000;
/** For the page: a machine that runs other tests gives it a fraction of a core. */
const PAGE_MS = 120_000;

describe("isotherm demo", () => {
  let dataDir: string;
  const running: Running[] = [];
  const run = (args: readonly string[]): Running => {
    const demo = start(args);
    running.push(demo);
    return demo;
  };
  before(async () => (dataDir = await mkdtemp(join(tmpdir(), "isotherm-demo-"))));
  afterEach(async () => {
    // A test that failed half-way leaves nothing that the next one would trip over.
    for (const demo of running) demo.process.kill("SIGTERM");
    await Promise.all(running.splice(0).map((demo) => demo.exit()));
  });
  after(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  test("prints one URL, whose page shows minutes of history and a new column each second; Ctrl-C leaves nothing", async () => {
    const demo = run(["--data", dataDir, "--port", "0", "--backfill", "60"]);
    const url = await demo.url();
    assert.equal(demo.output().match(/http:\/\//g)?.length, 1, "one URL");
    assert.match(demo.output(), /All data are simulated/);
    const operator = /operator +(iso_\S+)/.exec(demo.output())?.[1] ?? "";
    const session = await fetch(`${new URL(url).origin}/v1/session`, {
      headers: { authorization: `Bearer ${operator}` },
    });
    assert.equal(((await session.json()) as SessionInfo).simulated, true);

    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      page.setDefaultTimeout(PAGE_MS);
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      await page.goto(url);
      await page.waitForSelector("[data-heatmap][data-state=live]");
      assert.ok(!page.url().includes("signin"), "the code is gone from the address bar");
      assert.match((await page.textContent("body")) ?? "", /Simulated data/);
      const heatmap = page.locator("[data-heatmap]");
      const newest = async (): Promise<number> => Number(await heatmap.getAttribute("data-last-ts"));
      const first = await newest();
      await page.waitForFunction(
        (from) => Number(document.querySelector("[data-heatmap]")?.getAttribute("data-last-ts")) >= from + 3,
        first,
      );
      // Rows of the plot's middle: the workload fills most of them, so hardly any is plain background.
      const colours = await heatmap.locator("canvas").evaluateAll((canvases) =>
        (canvases as HTMLCanvasElement[]).map((canvas) => {
          const context = canvas.getContext("2d");
          if (context === null) return 0;
          const { data } = context.getImageData(canvas.width * 0.9, 0, 1, canvas.height);
          // The loader names inner functions with a helper that the page does not have, so this one has no name.
          return new Set(Array.from({ length: canvas.height }).map((_, y) => data.slice(4 * y, 4 * y + 3).join())).size;
        }),
      );
      assert.ok(Math.max(...colours) > 20, `a column of the heatmap has many colours: ${colours.join()}`);
      assert.deepEqual(problems, []);
    } finally {
      await browser.close();
    }

    const started = descendants(demo.process.pid ?? 0);
    assert.ok(started.length >= 2, "the engine and the simulator are processes of their own");
    const pressedMs = performance.now();
    demo.process.kill("SIGINT");
    assert.equal(await demo.exit(), 0);
    const tookMs = performance.now() - pressedMs;
    assert.ok(tookMs < END_MS, `Ctrl-C took ${tookMs} ms`);
    assert.deepEqual(started.filter(isAlive), [], "no process is left");
  });

  for (const afterMs of LONG ? [0, 300, 800, 1500] : [0, 800]) {
    test(`Ctrl-C ${afterMs} ms after the engine's process began, while parts are missing, leaves nothing either`, async () => {
      const demo = run(["--data", `${dataDir}-early`, "--port", "0"]);
      const begun = (): boolean => descendants(demo.process.pid ?? 0).some(isEngine);
      while (!begun()) await new Promise((wake) => setTimeout(wake, 10));
      await new Promise((wake) => setTimeout(wake, afterMs));
      const started = descendants(demo.process.pid ?? 0);
      const pressedMs = performance.now();
      // A terminal sends it to all processes of the group.
      for (const pid of [demo.process.pid ?? 0, ...started.filter(isEngine)]) process.kill(pid, "SIGINT");
      const status = await demo.exit();
      const tookMs = performance.now() - pressedMs;
      assert.ok(tookMs < END_MS, `Ctrl-C took ${tookMs} ms`);
      assert.deepEqual([status, demo.errors()], [0, ""]);
      assert.deepEqual(started.filter(isAlive), [], "no process is left");
      await rm(`${dataDir}-early`, { recursive: true, force: true });
    });
  }

  test("opens its store again, counts nothing twice, and tells a second process that it is in use", async () => {
    const demo = run(["--data", dataDir, "--port", "0", "--backfill", "0"]);
    const url = await demo.url();
    assert.match(demo.output(), /tokens were shown when this data directory was made/);
    const second = run(["--data", dataDir, "--port", "0"]);
    assert.equal(await second.exit(), 1);
    assert.match(second.errors(), /^isotherm: .*another process uses this directory/m);
    assert.equal((await fetch(`${new URL(url).origin}/readyz`)).status, 200, "the first goes on");
    demo.process.kill("SIGTERM");
    assert.equal(await demo.exit(), 0);
  });

  test("says that a port is in use, and how to choose another", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const demo = run(["--data", `${dataDir}-port`, "--port", String(port)]);
    assert.equal(await demo.exit(), 1);
    assert.match(demo.errors(), new RegExp(`^isotherm: .*127\\.0\\.0\\.1:${port}.*in use.*--port`, "m"));
    server.close();
    await rm(`${dataDir}-port`, { recursive: true, force: true });
  });

  test("says what is wrong with its options in one line, with exit status 2", async () => {
    const demo = run(["--hosts", "0"]);
    assert.equal(await demo.exit(), 2);
    assert.match(demo.errors(), /^isotherm: .*--hosts.*"0".*whole number from 1 to 500[^\n]*\n$/);
  });
});

describe("options of isotherm demo", () => {
  const cases: [args: string[], expected: RegExp][] = [
    [["--hosts", "0"], /--hosts is "0", expected a whole number from 1 to 500/],
    [["--log", "loud"], /--log is "loud", expected one of debug, info, warn, error/],
    [["--nope"], /unknown option '--nope'/],
    [["--port", "http"], /--port is "http", expected a whole number from 0 to 65535/],
    [["--zones", "-1"], /--zones is "-1", expected a whole number from 1 to 100/],
    [["--tenants", "1.5"], /--tenants is "1.5"/],
    [["--duration", ""], /--duration is ""/],
    [["--seed", "x"], /--seed is "x"/],
    [["--incident", "fire"], /--incident is "fire", expected one of slow-disk, dropped-packets, saturated-cpu/],
    [["--data", ""], /the value is "", expected a path/],
    [["extra"], /too many arguments/],
  ];
  for (const [args, expected] of cases) {
    test(`${JSON.stringify(args)} names the option, the value and what was expected`, () => {
      const said: string[] = [];
      const command = demoCommand()
        .exitOverride()
        .configureOutput({ writeErr: (text) => said.push(text) });
      assert.throws(() => command.parse(args, { from: "user" }));
      assert.match(said.join(""), expected);
    });
  }
});

interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  output(): string;
  errors(): string;
  /** The URL once it is printed. */
  url(): Promise<string>;
  exit(): Promise<number | null>;
}

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, ["--import", "tsx", join(ROOT, "cli/main.ts"), "demo", ...args], { cwd: ROOT });
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/\S+/.exec(output)?.[0];
      if (found !== undefined && output.includes("Ctrl-C")) resolve(found);
    });
    void exit.then((code) => reject(new Error(`the demo ended with ${String(code)}: ${errors}`)));
  });
  url.catch(() => undefined);
  return { process: child, output: () => output, errors: () => errors, url: () => url, exit: () => exit };
}

/** Processes below one, by /proc; an empty list where there is none. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

function isEngine(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("engine-process");
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
