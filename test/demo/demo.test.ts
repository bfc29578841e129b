/**
 * `isotherm demo` as a person runs it: a process, a URL, a page in a real browser, Ctrl-C.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { SessionInfo } from "../../core/api.ts";
import { demoCommand } from "../../cli/demo.ts";
import { launchBrowser } from "../web/browser.ts";
import { Demos, descendants, END_MS, isAlive } from "./process.ts";

/** For the page: a machine that runs other tests gives it a fraction of a core. */
const PAGE_MS = 120_000;

describe("isotherm demo", () => {
  let dataDir: string;
  const demos = new Demos();
  before(async () => (dataDir = await mkdtemp(join(tmpdir(), "isotherm-demo-"))));
  // A test that failed half-way leaves nothing that the next one would trip over.
  afterEach(() => demos.end());
  after(() => rm(dataDir, { recursive: true, force: true }));

  test("prints one URL, whose page shows minutes of history and a new column each second; Ctrl-C leaves nothing", async () => {
    const demo = demos.run(["--data", dataDir, "--port", "0", "--backfill", "60"]);
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
      // The workload fills most rows, so hardly any is plain background. On a busy machine the last of the history comes later.
      await page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLCanvasElement>("[data-heatmap] canvas")].some((canvas) =>
          [0.84, 0.86, 0.88, 0.9, 0.92, 0.94].some((place) => {
            const data = canvas.getContext("2d")?.getImageData(canvas.width * place, 0, 1, canvas.height).data ?? [];
            // The loader names inner functions with a helper that the page does not have, so this one has no name.
            return (
              new Set(Array.from({ length: canvas.height }).map((_, y) => data.slice(4 * y, 4 * y + 3).join())).size >
              20
            );
          }),
        ),
      );
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
