/**
 * boards.test.ts: boards on the whole product: panels on one time axis with one crosshair, changed, saved, shared by a link.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { BoardInfo, BoardPanel, FleetInfo, InstrumentationSummary, MetricInfo } from "../../core/api.ts";
import { answererOf, panelText, readPanel, sameBoard } from "../../web/boards/board.ts";
import { assertUsable, textOf, useStackBed, type StackBed } from "./stack-bed.ts";
import { until } from "../until.ts";

const CALLS: BoardPanel = {
  ...{ metric: "syscall.ops", decomposition: ["execname", "latency"], by: "execname" },
  where: [{ field: "zonename", not: true, values: ["a,b", "c=%"] }],
};
const CPU: BoardPanel = { metric: "cpu.usage", decomposition: [], by: "zonename", where: [] };

describe("a panel", () => {
  test("is carried whole by an address", () => {
    assert.deepEqual(readPanel(panelText(CALLS)), CALLS);
    assert.deepEqual(readPanel(panelText({ ...CPU, by: null })), { ...CPU, by: null });
    assert.equal(readPanel("by=execname"), null);
    assert.ok(sameBoard([CALLS, CPU], [CALLS, CPU]) && !sameBoard([CALLS, CPU], [CPU, CALLS]));
  });

  test("is answered by what has its fields and no condition, the one with the fewest further fields", () => {
    const metric = { fields: [{ name: "latency", arity: "numeric" }] } as unknown as MetricInfo;
    const one = (id: string, keys: string[], more: object = {}): InstrumentationSummary =>
      ({
        id,
        metric: "syscall.ops",
        keys,
        numeric: "latency",
        predicate: {},
        standing: false,
        ...more,
      }) as unknown as InstrumentationSummary;
    const all = [
      one("narrow", ["zonename", "execname"], { predicate: { eq: ["execname", "a"] } }),
      one("wide", ["zonename", "execname", "pid", "syscall"]),
      one("fits", ["zonename", "execname", "syscall"]),
      one("lacks", ["zonename", "syscall"]),
      one("counts", ["zonename", "execname"], { numeric: null }),
    ];
    assert.equal(answererOf(CALLS, metric, all)?.id, "fits");
    assert.equal(answererOf({ ...CALLS, by: "errno" }, metric, all), null);
  });
});

const { open, release } = useStackBed();
let bed: StackBed;

const address = (...panels: BoardPanel[]): string =>
  ["page=boards", ...panels.map((panel) => `panel=${encodeURIComponent(panelText(panel))}`)].join("&");
const order = (page: Page): Promise<(string | null)[]> =>
  page.locator("[data-panel]").evaluateAll((all) => all.map((each) => each.getAttribute("data-panel")));

describe("boards", { timeout: 120_000 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  test("begin with one for the reader's role, which measures what is missing at a press", () =>
    bed.onPage("page=boards", async (page) => {
      await page.waitForSelector("[data-board=operator] [data-board-heatmap] canvas");
      const missing = page.locator("[data-panel=fs\\.slow_ops]");
      assert.match(await missing.innerText(), /not measured\s+start measuring\s+it is free/);
      await missing.getByRole("button", { name: "start measuring" }).click();
      await missing.locator("[data-board-heatmap]").waitFor({ timeout: 30_000 });
    }));

  test("show all panels between the same instants, and point at one instant in all", () =>
    bed.onPage(address({ ...CALLS, where: [] }, CPU), async (page) => {
      const [above, below] = [page.locator("[data-board-heatmap] .u-over"), page.locator("[data-board-lines] .u-over")];
      await below.waitFor();
      await above.waitFor();
      const [a, b] = [await above.boundingBox(), await below.boundingBox()];
      assert.deepEqual([a?.x, a?.width], [b?.x, b?.width]);
      await page.keyboard.press(" ");
      await page.waitForSelector(".motion.paused");
      // Each panel follows in a frame of its own, and not while it is drawn anew for the range that now stands still.
      let moves = 0;
      await until("both panels at one instant", async () => {
        await page.mouse.move((a?.x ?? 0) + 0.603 * (a?.width ?? 0), (a?.y ?? 0) + 40 + (moves++ % 2));
        const [first, second, ...rest] = await page.locator(".board-panel .readout time").allInnerTexts();
        return first !== undefined && first === second && rest.length === 0 ? true : undefined;
      });
      const cursor = page.locator("[data-board-lines] .u-cursor-x");
      const moved = await cursor.evaluate((line) => new DOMMatrix(getComputedStyle(line).transform).m41);
      assert.ok(Math.abs(moved - 0.603 * (b?.width ?? 0)) < 2, String(moved));
    }));

  test("zoom together when one of them is dragged, and the address says to where", () =>
    bed.onPage(address({ ...CALLS, where: [] }, CPU), async (page) => {
      const box = await page.locator("[data-board-heatmap] .u-over").boundingBox();
      const { x, y, width } = box ?? { x: 0, y: 0, width: 0 };
      await page.mouse.move(x + 0.5 * width, y + 60);
      await page.mouse.down();
      await page.mouse.move(x + 0.8 * width, y + 62);
      await page.mouse.up();
      await page.waitForSelector(".motion.paused");
      const params = new URLSearchParams(new URL(page.url()).hash.slice(1));
      const seconds = Number(params.get("to")) - Number(params.get("from"));
      assert.ok(Math.abs(seconds - 90) <= 3, `${seconds} s of 300 s`);
      assert.equal(params.getAll("panel").length, 2);
    }));

  test("are changed, saved under a name, found by a link, and deleted", () =>
    bed.onPage(address({ ...CALLS, where: [] }, CPU), async (page) => {
      await page.waitForSelector("[data-panel=cpu\\.usage]");
      await page.getByRole("button", { name: "move cpu.usage up" }).click();
      assert.deepEqual(await order(page), ["cpu.usage", "syscall.ops"]);
      await page.getByRole("button", { name: "+ panel" }).click();
      await page.keyboard.type("cpu.usage");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.querySelectorAll("[data-panel]").length === 3);
      await page.getByRole("button", { name: "remove syscall.ops latency" }).click();
      await page.getByRole("button", { name: "save as …" }).click();
      await page.fill("[aria-label='name of the board']", "two of a kind");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => /board=[0-9a-f]{16}/.test(location.hash) && !location.hash.includes("panel="));
      const { boards } = await bed.operator.json<{ boards: BoardInfo[] }>("/v1/boards");
      const saved = boards.find(({ name }) => name === "two of a kind");
      assert.deepEqual(
        saved?.panels.map(({ metric }) => metric),
        ["cpu.usage", "cpu.usage"],
      );
      assert.equal(saved.rangeSec, 300);
      await bed.onPage(`page=boards&board=${saved.id}`, async (other) => {
        await other.waitForSelector("[data-panel]");
        assert.deepEqual(await order(other), ["cpu.usage", "cpu.usage"]);
      });
      await page.getByRole("button", { name: "delete", exact: true }).click();
      await page.getByRole("button", { name: "delete it" }).click();
      await page.waitForSelector("[data-board=operator]");
      assert.deepEqual((await bed.operator.json<{ boards: BoardInfo[] }>("/v1/boards")).boards, []);
    }));

  test("of a zone show that zone alone: their counts are the API's", async () => {
    const { hosts } = await bed.operator.json<FleetInfo>("/v1/fleet");
    // Seconds that have arrived: what comes later would be in one answer and not in the other.
    const to = (hosts[0]?.newestTs ?? 0) - 10;
    const from = to - 20;
    await bed.onPage(`page=boards&board=zone&from=${from}&to=${to}`, async (page) => {
      await page.waitForSelector("[data-panel=syscall\\.ops] .readout b");
      const link = await page.locator("[data-panel=syscall\\.ops] h2 a").getAttribute("href");
      const params = new URLSearchParams(link?.slice(1));
      const zone = params.get("where")?.split(":")[1] ?? "";
      const where = encodeURIComponent(JSON.stringify({ eq: ["zonename", zone] }));
      const { total } = await bed.operator.json<{ total: number }>(
        `/v1/instrumentations/${params.get("i")}/heatmap?from=${from}&to=${to}&columns=300&where=${where}`,
      );
      assert.ok(total > 0);
      assert.equal(await textOf(page, "[data-panel=syscall\\.ops] .readout b"), total.toLocaleString("en-US"));
    });
  });

  test("come over a slow link too: first words, then pictures, and no request twice at once", () =>
    bed.onPage(address({ ...CALLS, where: [] }, CPU), async (page) => {
      const network = await page.context().newCDPSession(page);
      const slow = { offline: false, latency: 400, downloadThroughput: 60_000, uploadThroughput: 30_000 };
      await network.send("Network.emulateNetworkConditions", slow);
      let [running, most] = [0, 0];
      const isRead = (url: string): boolean => url.includes("/heatmap?");
      page.on("request", (request) => {
        if (isRead(request.url())) most = Math.max(most, ++running);
      });
      const ended = (request: { url(): string }): void => {
        if (isRead(request.url())) running -= 1;
      };
      page.on("requestfinished", ended);
      page.on("requestfailed", ended);
      await page.reload({ waitUntil: "commit" });
      await page
        .getByText(/loading …|connecting …|reading boards …|reading …/)
        .first()
        .waitFor();
      await page.waitForSelector("[data-board-heatmap] canvas", { timeout: 60_000 });
      await page.waitForSelector("[data-board-lines] canvas", { timeout: 60_000 });
      assert.equal(most, 1);
    }));

  test("are a tenant's own: it sees its zones' board, and no board of others", async () => {
    const made = await bed.operator.post<BoardInfo>("/v1/boards", { name: "operators'", panels: [CPU], rangeSec: 60 });
    await bed.onPage(
      `page=boards&board=${made.id}`,
      async (page) => {
        await page.waitForSelector(".board-empty");
        assert.match(await textOf(page, ".board-empty"), /has gone/);
        await page.locator("[title=board]").click();
        assert.deepEqual(await page.locator(".option .label").allInnerTexts(), ["my zones", "one zone"]);
      },
      { token: bed.stack.tenants[0]?.token ?? "" },
    );
    await bed.operator.fetch(`/v1/boards/${made.id}`, { method: "DELETE" });
  });

  test("serve everybody in both themes, fit a phone, and leave no word on the console", async () => {
    await bed.onPage("page=boards", async (page) => {
      await page.waitForSelector("[data-board-heatmap] canvas");
      await page.waitForSelector("[data-board-lines] canvas");
      await assertUsable(page);
    });
    assert.deepEqual(bed.problems, []);
  });
});
