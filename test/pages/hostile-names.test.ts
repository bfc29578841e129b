/**
 * hostile-names.test.ts: names that programs, zones and tenants gave themselves, on the page: each is shown as text, and does nothing.
 *
 * The rows are posted as a collector that cleans nothing would post them, so that the page is what is tried, and not what is before it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import type { Breakdown } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";
import { launchBrowser } from "../web/browser.ts";
import { builtPage } from "../web/built-page.ts";
import { onPageOf } from "./stack-bed.ts";

/** What runs, where a name is taken for markup, for an attribute, for a style or for an address. */
const MARKUP = [
  "<script>pwned=1</script>",
  "<img src=x onerror=pwned=1>",
  "<svg onload=pwned=1>",
  "<svg><script>pwned=1</script></svg>",
  "<iframe srcdoc='<script>parent.pwned=1</script>'>",
  '"><script>pwned=1</script>',
  "'><img src=x onerror=pwned=1>",
  '" onmouseover="pwned=1',
  "' onfocus='pwned=1' autofocus='",
  "</title><script>pwned=1</script>",
  "</script><script>pwned=1</script>",
  "</style><style>*{display:none}</style>",
  "<style>@import 'http://127.0.0.1:9/'</style>",
  "<link rel=stylesheet href=http://127.0.0.1:9/>",
  "<base href=http://127.0.0.1:9/>",
  "<meta http-equiv=refresh content=0>",
  "<form><button formaction=javascript:pwned=1>",
  "<a href=javascript:pwned=1>x</a>",
  "javascript:pwned=1",
  "data:text/html,<script>pwned=1</script>",
  "<!--",
  "-->",
  "]]>",
  "&lt;b&gt;",
  "&#60;script&#62;",
  "%3Cscript%3E",
  "<math><mtext></table><img src=x onerror=pwned=1>",
  "{{constructor.constructor('pwned=1')()}}",
  "${pwned=1}",
  "#{pwned=1}",
];
/** What breaks a format, a list, an address or a lookup. */
const FORMATS = [
  "=1+1",
  "+cmd|' /C calc'!A0",
  "@SUM(A1)",
  "-2+3",
  'quo"te',
  "com,ma",
  "semi;colon",
  "back\\slash",
  "a&b=c#d?e",
  "where=x",
  "100%",
  "%",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "../../etc/passwd",
  "'; DROP TABLE windows; --",
  "🜁 é 漢字",
];
/** Controls, which a log or a terminal would obey, and what hides or turns text. */
const CONTROLS = [
  "\u001b[2Jansi",
  "\u009b31mc1",
  "a\u202egnp.exe",
  "zero\u200bwidth",
  "new\nline",
  "tab\there",
  "a\0b",
];
/** The longest that ingest takes. */
const LONGEST = "x".repeat(256);
const NAMES = [...MARKUP, ...FORMATS, ...CONTROLS, LONGEST];
/** As many as the keys' panel lists. */
const AT_ONCE = 16;
const SEC = Math.floor(Date.now() / 60_000) * 60 - 900;
const ACME = "11111111-1111-4111-8111-111111111111";
const COVERED = { status: "ok", reason: "", dropped: 0, events: 0, endedMs: 0, receivedMs: 0, elapsedNs: 1e9 } as const;

describe("hostile names", { timeout: 120_000 }, () => {
  let api: Api;
  let browser: Browser;
  let id: string;
  const problems: string[] = [];

  before(async () => {
    const webDir = await builtPage();
    api = await startApi([{ id: ACME, name: "<img src=x onerror=pwned=1>" }], { webDir });
    browser = await launchBrowser();
    const { instrumentations } = api.services.query;
    const { id: made, spec } = await instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["execname", "latency"],
    });
    id = made;
    await api.reportZones("cn-01", [{ name: "zone-a", owner: ACME, alias: "<b>alias</b>", state: "running" }]);
    const builder = new BatchBuilder();
    NAMES.forEach((name, i) => {
      const about = { spec, enabling: "e", host: "cn-01", tick: i + 1, ts: SEC + i };
      builder.addCoverage({ ...about, ...COVERED, detail: "" });
      builder.addWindow({ ...about, zone: "zone-a", keys: [name], bucket: [40], count: [1 + i], value: 0 });
    });
    const { status, text } = await postBatch(api, "s", 1, builder.finish());
    assert.equal(status, 200, text);
  });
  after(async () => {
    await browser.close();
    await api.close();
  });

  test("can each be asked for alone, and left out", async () => {
    const total = async (where: object): Promise<number> => {
      const query = `from=${SEC}&to=${SEC + NAMES.length}&by=execname&where=${encodeURIComponent(JSON.stringify(where))}`;
      return (await api.operator.json<Breakdown>(`/v1/instrumentations/${id}/breakdown?${query}`)).total;
    };
    const all = (NAMES.length * (NAMES.length + 1)) / 2;
    for (const [i, name] of NAMES.entries()) {
      assert.equal(await total({ eq: ["execname", name] }), i + 1, JSON.stringify(name));
      if (i % 8 === 0) assert.equal(await total({ ne: ["execname", name] }), all - i - 1, JSON.stringify(name));
    }
    assert.equal(await total({ in: ["execname", NAMES] }), all);
    assert.equal(await total({ not: { in: ["execname", NAMES] } }), 0);
  });

  test("are listed as text on the page, all of them, and nothing of them runs", async () => {
    for (let first = 0; first < NAMES.length; first += AT_ONCE) {
      const part = NAMES.slice(first, first + AT_ONCE);
      const [from, to] = [SEC + first, SEC + first + part.length];
      const hash = `i=${id}&by=execname&from=${from}&to=${to}&sel=`;
      await onPageOf(browser, api.url, api.operator.token, problems, hash, async (page) => {
        await page.waitForFunction(
          (count) => document.querySelectorAll("[data-key-value]").length === count,
          part.length,
        );
        // Hovering and colouring put a name into further places.
        for (const row of await page.locator("[data-key-value]").all()) await row.hover();
        await page.locator("[data-key=h]").click();
        await page.locator("[aria-pressed=true][data-key=h]").waitFor();
        const values = await page
          .locator("[data-key-value]")
          .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-key-value")));
        assert.deepEqual(new Set(values), new Set(part));
        const found = await page.evaluate(() => ({
          ran: "pwned" in window,
          made: document.querySelectorAll("#app :is(script, img, iframe, style, link, base, meta, form, math)").length,
        }));
        assert.deepEqual(found, { ran: false, made: 0 });
      });
    }
    assert.deepEqual(problems, [], "nothing on the console under the page's policy");
  });

  test("isolated by a click stay in the address, and survive a reload", async () => {
    for (const name of ["a&b=c#d?e", "com,ma", "100%", "__proto__", '"><script>pwned=1</script>', "back\\slash"]) {
      const at = SEC + NAMES.indexOf(name);
      const hash = `i=${id}&by=execname&from=${at - (at % 2)}&to=${at + 2}`;
      await onPageOf(browser, api.url, api.operator.token, problems, hash, async (page) => {
        const row = page.locator(`[data-key-value=${JSON.stringify(name)}]`);
        await row.locator("button.key-main").click();
        await page.waitForFunction(() => location.hash.includes("where="));
        await page.reload();
        const chip = page.locator(".sentence").getByText(name, { exact: false }).first();
        await chip.waitFor();
        await page.locator(`[data-key-value=${JSON.stringify(name)}]:not(.out)`).waitFor();
        const others = (await page.locator("[data-key-value]").count()) - 1;
        assert.ok(others > 0);
        assert.equal(await page.locator("[data-key-value].out").count(), others, "its neighbours are left out");
      });
    }
    assert.deepEqual(problems, []);
  });

  test("of tenants and zones are text too", async () => {
    await onPageOf(browser, api.url, api.operator.token, problems, "page=fleet", async (page) => {
      await page.getByText("<b>alias</b>").first().waitFor();
      assert.equal(await page.evaluate(() => "pwned" in window), false);
    });
    assert.deepEqual(problems, []);
  });
});
