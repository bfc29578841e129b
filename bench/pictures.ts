/**
 * pictures.ts: makes the pictures of docs/reading-a-heatmap.md: the product's own page, showing data of a known shape
 * (picture-shapes.ts), in a headless Chromium, light, as a document wants them.
 *
 * Run: node --import tsx bench/pictures.ts [NAME...]      writes docs/images/NAME.png, all of them without a name
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { startServices, type Services } from "../cli/services.ts";
import { buildWeb } from "../cli/web-build.ts";
import { Random } from "../collectors/simulator/random.ts";
import { BatchBuilder } from "../core/batch-builder.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import type { Batch, CoverageRow } from "../core/window.ts";
import { silentLog } from "../server/log.ts";
import { launchBrowser } from "../test/web/browser.ts";
import { encodeStored } from "../wire/batch.ts";
import { SHAPES, type Shape } from "./picture-shapes.ts";

/** The same date in every run: a picture changes only when the page does. Each shape has an hour of its own. */
const FIRST = Date.UTC(2026, 2, 2, 3, 0, 0) / 1000;
const TENANT = "11111111-1111-4111-8111-111111111111";
const ZONE = "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11";
const OUT = fileURLToPath(new URL("../docs/images/", import.meta.url));
const SIZE = { width: 1100, height: 560 };
/** Without the header. */
const PANEL = { x: 0, y: 52, width: 1100, height: 500 };

const wanted = process.argv.slice(2);
const directory = await mkdtemp(join(tmpdir(), "isotherm-pictures-"));
const services = await startServices({
  dataDir: directory,
  host: "127.0.0.1",
  port: 0,
  webDir: await buildWeb(),
  simulated: false,
  signInCode: null,
  log: silentLog(),
  retention: { rawDays: 36_500, minuteDays: 36_500, hourDays: 36_500 },
});
const browser = await launchBrowser();
try {
  await services.state.tenants.put([{ id: TENANT, name: "acme", createdMs: 1 }]);
  const token = await services.state.tokens.create("operator", "", "pictures");
  for (const [at, shape] of SHAPES.entries()) {
    if (wanted.length > 0 && !wanted.includes(shape.name)) continue;
    const fromTs = FIRST + at * 3600;
    const id = await store(services, shape, fromTs);
    const path = join(OUT, `${shape.name}.png`);
    await takePicture(browser, services.query.url, token, { id, shape, fromTs, path });
    process.stdout.write(`${path}\n`);
  }
} finally {
  await browser.close();
  await services.close();
  await rm(directory, { recursive: true, force: true });
}

/** @returns the instrumentation, which pictures of one scheme share */
async function store({ state, query, store }: Services, shape: Shape, fromTs: number): Promise<string> {
  const { id } = await query.instrumentations.ensureStanding({
    metric: "syscall.ops",
    predicate: { eq: ["syscall", "read"] },
    decomposition: ["execname", "latency"],
    scheme: shape.scheme,
  });
  const hosts = Array.from({ length: shape.hosts }, (_, i) => `cn-0${i + 1}`);
  for (const host of hosts) {
    const zone = { name: ZONE, owner: TENANT, alias: "db-0", state: "running" };
    await state.ownership.report(host, [zone], FIRST * 1000);
  }
  const batch = batchOf(shape, id, hosts, fromTs);
  const tenant = { values: ["", TENANT], codes: Int32Array.from(batch.kind) };
  await store.insertArrow("windows", encodeStored({ ...batch, tenant }, shape.name, 1));
  return id;
}

function batchOf(shape: Shape, spec: string, hosts: readonly string[], fromTs: number): Batch {
  const buckets = bucketsOf(parseScheme(shape.scheme));
  const random = new Random(7);
  // By second, host and execname: bucket to count.
  const counts = new Map<string, Map<number, number>>();
  for (const { second, latencyNs, execname } of shape.operations(random)) {
    const host = Math.floor(random.next() * hosts.length);
    const fault = faultAt(shape, host, second);
    if (fault?.reason !== undefined || (fault?.lostShare ?? 0) > random.next()) continue;
    const key = `${second} ${host} ${execname}`;
    const window = counts.get(key) ?? new Map<number, number>();
    counts.set(key, window);
    const index = buckets.indexOf(Math.max(1, Math.round(latencyNs)));
    window.set(index, (window.get(index) ?? 0) + 1);
  }
  const builder = new BatchBuilder();
  for (let second = 0; second < shape.seconds; second++) {
    hosts.forEach((host, h) => {
      const id = { spec, enabling: host, host, tick: second + 1, ts: fromTs + second };
      let events = 0;
      for (const execname of ["postgres", "rsync", "nginx"]) {
        const window = counts.get(`${second} ${h} ${execname}`);
        if (window === undefined) continue;
        const entries = [...window].sort(([a], [b]) => a - b);
        const count = entries.map(([, each]) => each);
        events += count.reduce((sum, each) => sum + each, 0);
        builder.addWindow({ ...id, zone: ZONE, keys: [execname], bucket: entries.map(([b]) => b), count, value: 0 });
      }
      const endedMs = (id.ts + 1) * 1000;
      const times = { endedMs, receivedMs: endedMs + 20, elapsedNs: 1e9 };
      builder.addCoverage({ ...id, ...times, ...outcome(shape, h, second, events), events, detail: "" });
    });
  }
  return builder.finish();
}

function faultAt({ faults }: Shape, host: number, second: number): Shape["faults"][number] | undefined {
  return faults.find((each) => each.host === host && second >= each.from && second < each.to);
}

function outcome(
  shape: Shape,
  host: number,
  second: number,
  events: number,
): Pick<CoverageRow, "status" | "reason" | "dropped"> {
  const fault = faultAt(shape, host, second);
  if (fault === undefined) return { status: "ok", reason: "", dropped: 0 };
  if (fault.reason !== undefined) return { status: "gap", reason: fault.reason, dropped: 0 };
  const lost = fault.lostShare ?? 0;
  return { status: "partial", reason: "", dropped: Math.round((events * lost) / (1 - lost)) };
}

interface Picture {
  readonly id: string;
  readonly shape: Shape;
  readonly fromTs: number;
  readonly path: string;
}

async function takePicture(
  browser: Browser,
  url: string,
  token: string,
  { id, shape, fromTs, path }: Picture,
): Promise<void> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme: "light" });
  await context.request.post(`${url}/v1/session`, { data: { token }, headers: { origin: url } });
  await context.addInitScript(() => localStorage.setItem("isotherm.signed-in", "yes"));
  const page = await context.newPage();
  const view = `metric=syscall.ops&i=${id}&by=execname&from=${fromTs}&to=${fromTs + shape.seconds}&theme=light`;
  await page.goto(`${url}/#${view}${shape.view === "" ? "" : `&${shape.view}`}`);
  await page.waitForSelector("[data-heatmap][data-state=paused]");
  await page.waitForFunction(() => /[1-9]/.test(document.querySelector("[data-readout]")?.textContent ?? ""));
  // Two frames: the picture, and what is drawn over it.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({ path, clip: PANEL });
  await context.close();
}
