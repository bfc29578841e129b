/**
 * demo.ts: what a newcomer waits for: `npm start` to URL, to the first live column, and from a window's tick to its pixels.
 *
 * The delay of a column is from the moment at which its last host's tick ended (by the host's clock, which the simulator
 * shares with this machine) to the moment at which the page first painted it. With many hosts, which tick at any phase, that
 * may be before the last of them: hence also from the end of the column's second.
 *
 *   node --import tsx bench/demo.ts [TICKS [HOSTS]]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventsOf } from "../core/event-stream.ts";
import { launchBrowser } from "../test/web/browser.ts";
import { machine, percentile } from "./machine.ts";

const TICKS = Number(process.argv[2] ?? 100);
const HOSTS = process.argv[3] ?? "3";
/** While the history of all hosts is taken in, live columns wait behind it: what they take then is not what they take. */
const SETTLE_SEC = 30;
const ROOT = join(import.meta.dirname, "..");

interface Painted {
  readonly ts: number;
  readonly delayMs: number;
}

const dataDir = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
const startedMs = performance.now();
const demo = spawn("npm", ["start", "--silent", "--", "--data", dataDir, "--port", "0", "--hosts", HOSTS], {
  cwd: ROOT,
  detached: true,
});
let output = "";
demo.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
demo.stderr.pipe(process.stderr);
while (!output.includes("Ctrl-C")) await once(demo.stdout, "data");
const urlMs = performance.now() - startedMs;
const url = /http:\/\/\S+/.exec(output)?.[0] ?? "";
const token = /operator +(iso_\S+)/.exec(output)?.[1] ?? "";

const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(url);
await page.waitForSelector("[data-heatmap][data-state=live]");
const liveMs = performance.now() - startedMs;
const ended = new Map<number, number>();
const following = new AbortController();
void follow(await standingId(), following.signal);
const painted = new Map<number, number>();
const settledTs = Date.now() / 1000 + SETTLE_SEC;
while (painted.size < TICKS + 3) {
  await new Promise((wake) => setTimeout(wake, 5000));
  const delays = await page
    .locator("[data-heatmap]")
    .evaluate((element: HTMLElement & { readonly __delays?: readonly Painted[] }) => element.__delays ?? []);
  for (const { ts, delayMs } of delays) if (ts > settledTs) painted.set(ts, (ts + 1) * 1000 + delayMs);
}
following.abort();
const rss = treeRssMiB(demo.pid ?? 0);
await browser.close();

// The first columns were caught up with, and the last may still lack a host.
const measured = [...painted].sort((a, b) => a[0] - b[0]).slice(2, -1);
const sinceEnd = measured.map(([ts, atMs]) => atMs - (ts + 1) * 1000);
const delays = measured.flatMap(([ts, atMs]) => (ended.has(ts) ? [atMs - (ended.get(ts) ?? 0)] : []));

process.stdout.write(
  [
    machine(),
    `workload: isotherm demo, ${HOSTS} hosts x 4 zones, 300 s of history, one page at 1440x900, columns from ${SETTLE_SEC} s after the first on`,
    `npm start to URL            ${(urlMs / 1000).toFixed(1)} s`,
    `npm start to live column    ${(liveMs / 1000).toFixed(1)} s (browser included)`,
    `tick to pixel, ${delays.length} columns  median ${percentile(delays, 0.5).toFixed(0)} ms, 95th ${percentile(delays, 0.95).toFixed(0)} ms, max ${percentile(delays, 1).toFixed(0)} ms`,
    `second's end to pixel       median ${percentile(sinceEnd, 0.5).toFixed(0)} ms, 95th ${percentile(sinceEnd, 0.95).toFixed(0)} ms, max ${percentile(sinceEnd, 1).toFixed(0)} ms`,
    `RSS, all processes          ${rss.map(([name, mib]) => `${name} ${mib} MiB`).join(", ")}`,
    "",
  ].join("\n"),
);
process.kill(-(demo.pid ?? 0), "SIGINT");
await once(demo, "exit");
await rm(dataDir, { recursive: true, force: true });

async function standingId(): Promise<string> {
  const answer = await ask<{ instrumentations: { id: string; metric: string }[] }>("/v1/instrumentations");
  return answer.instrumentations.find((each) => each.metric === "syscall.ops")?.id ?? "";
}

/** Notes when the last host's tick of each column ended, as the live stream says. */
async function follow(id: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(`/v1/instrumentations/${id}/live`, url), { headers, signal });
  try {
    for await (const { name, data } of eventsOf(response, signal, () => undefined)) {
      if (name !== "column") continue;
      const { ts, endedMs } = JSON.parse(data) as { ts: number; endedMs: number | null };
      if (endedMs !== null) ended.set(ts, endedMs);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as T;
}

/** Resident memory of a process and all below it. */
function treeRssMiB(root: number): [string, number][] {
  const found = new Map<number, [parent: number, name: string, mib: number]>();
  for (const pid of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      const name = /(engine-process|simulator|cli)\/?(main)?\.ts/.exec(command)?.[1] ?? "other";
      found.set(Number(pid), [field("PPid"), name, Math.round(field("VmRSS") / 1024)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (pid: number): boolean => {
    for (let at = pid; at > 1; at = found.get(at)?.[0] ?? 0) if (at === root) return true;
    return false;
  };
  return [...found].filter(([pid, [, name]]) => below(pid) && name !== "other").map(([, [, name, mib]]) => [name, mib]);
}
