/**
 * demo.ts: `isotherm demo`: the whole product on one machine, watching a simulated fleet.
 *
 *   this process: collector ─HTTP─▶ ingest ─▶ engine process       simulator process: one ssh server a host
 *                 query API, page                                     ▲
 *                      └──────────────── ssh ─────────────────────────┘
 *
 * Nothing is faked behind the collector: the simulator speaks ssh and prints what dtrace prints, and the minutes that the page
 * shows at once were printed by it, with timestamps in the past, and took the ordinary way.
 */
import { Command, InvalidArgumentError } from "commander";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Incident, IncidentKind } from "../collectors/simulator/options.ts";
import { startCollector } from "../collectors/collector.ts";
import { makeKeyPair } from "../collectors/ssh.ts";
import { parseKnownHosts } from "../collectors/known-hosts.ts";
import { newestSpooledTs } from "../collectors/spool-open.ts";
import { checkPort } from "../server/http.ts";
import { createLog, type Log, type LogLevel } from "../server/log.ts";
import type { StoreClient } from "../store/client.ts";
import type { State } from "../store/state.ts";
import { readAlertFile } from "./alert-files.ts";
import { Closers } from "./closers.ts";
import { integerOption, pathOption } from "./options.ts";
import { startServices } from "./services.ts";
import { startSimulator, type Simulator } from "./simulator-process.ts";
import { buildWeb } from "./web-build.ts";

export interface DemoOptions {
  readonly hosts: number;
  readonly zones: number;
  readonly tenants: number;
  readonly data: string;
  readonly port: number;
  readonly duration: number;
  readonly seed: number;
  readonly backfill: number;
  /** What goes wrong on the first host half a minute after the start, for two minutes. */
  readonly incident?: IncidentKind;
  readonly log: LogLevel;
}

export interface Demo {
  /** The page's address, with the code that signs in. */
  readonly url: string;
  readonly apiUrl: string;
  /** Tokens made at this start; empty where the data directory had them already. */
  readonly tokens: readonly { readonly label: string; readonly token: string }[];
  readonly simulator: Simulator;
  close(): Promise<void>;
}

export function demoCommand(): Command {
  return new Command("demo")
    .description("run everything on this machine, watching a simulated fleet of SmartOS hosts")
    .option("--hosts <n>", "simulated hosts", integerOption("--hosts", 1, 500), 3)
    .option("--zones <n>", "zones on each host", integerOption("--zones", 1, 100), 4)
    .option("--tenants <n>", "tenants that own the zones", integerOption("--tenants", 1, 50), 3)
    .option("--data <dir>", "where the store lives", pathOption, "data/demo")
    .option("--port <n>", "port of the page; 0 for any free one", integerOption("--port", 0, 65_535), 8080)
    .option(
      "--duration <s>",
      "end so many seconds after it is up; 0: run until Ctrl-C",
      integerOption("--duration", 0, 86_400 * 365),
      0,
    )
    .option("--seed <n>", "seed of the workload", integerOption("--seed", 0, 2 ** 31 - 1), 1)
    .option("--backfill <s>", "seconds of history to begin with", integerOption("--backfill", 0, 3600), 300)
    .option("--incident <kind>", `what goes wrong on cn-01 after half a minute: ${INCIDENTS.join(", ")}`, incidentKind)
    .option("--log <level>", "debug, info, warn, error or silent", logLevel, "warn" as LogLevel)
    .addHelpText(
      "after",
      "\nExamples:\n  isotherm demo\n  isotherm demo --incident slow-disk\n  isotherm demo --hosts 10 --port 0 --data /tmp/isotherm\n",
    )
    .action(async (options: DemoOptions) => runDemo(options));
}

async function runDemo(options: DemoOptions): Promise<void> {
  const end = untilSignal();
  const ended = end.signal;
  const demo = await startDemo(options, ended).catch((error: unknown) => {
    // Whoever ends it while it starts wants no reason.
    if (!ended.aborted) throw error;
  });
  if (demo === undefined) return;
  process.stdout.write(greeting(demo, options));
  if (options.duration > 0) setTimeout(() => end.abort(), options.duration * 1000).unref();
  await aborted(ended);
  await demo.close();
}

/**
 * Starts every part; a part that fails ends those before it.
 *
 * @param signal ends a start that is under way, whichever part it waits for
 */
export async function startDemo(options: DemoOptions, signal = new AbortController().signal): Promise<Demo> {
  const closers = new Closers();
  try {
    return await compose(options, createLog(options.log), closers, signal);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function compose(options: DemoOptions, log: Log, closers: Closers, signal: AbortSignal): Promise<Demo> {
  // Nobody should wait for an engine to be told that the port is taken.
  await checkPort(LOOPBACK, options.port);
  const keys = makeKeyPair();
  const signInCode = randomBytes(18).toString("base64url");
  const services = await startServices({
    dataDir: resolve(options.data),
    host: LOOPBACK,
    port: options.port,
    webDir: await orAborted(buildWeb(), signal),
    simulated: true,
    signInCode,
    alerting: await exampleAlerts(),
    log,
    signal,
  });
  closers.add(() => services.close());
  const { state, query, ingest, store } = services;
  const spoolDirectory = join(resolve(options.data), "spool");
  const fleet = {
    hosts: options.hosts,
    zonesPerHost: options.zones,
    tenants: options.tenants,
    seed: options.seed,
    backfillSec: await untoldSec(store, spoolDirectory, options.backfill),
    clientPublicKey: keys.publicKey,
  };
  const simulator = await startSimulator(fleet, signal);
  closers.add(() => simulator.close());
  await nameTenants(state, simulator);
  const tokens = await firstTokens(state);
  for (const each of STANDING) await query.instrumentations.ensureStanding(each);
  signal.throwIfAborted();
  const knownHosts = parseKnownHosts(
    simulator.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n"),
  );
  const collector = await startCollector({
    name: "demo",
    spoolDirectory,
    hosts: simulator.hosts.map(({ name, port }) => ({
      name,
      platform: "smartos",
      target: { host: name, address: LOOPBACK, port, username: "isotherm", privateKey: keys.privateKey },
    })),
    knownHosts: () => knownHosts,
    ingestUrl: ingest.url,
    queryUrl: query.url,
    token: await collectorToken(state),
    log,
  });
  closers.add(() => collector.close(500));
  if (options.incident !== undefined) simulator.incident(incidentOf(options.incident, Date.now()));
  await orAborted(historyIsThere(store, options, signal), signal);
  return {
    url: `${query.url}/#signin=${signInCode}`,
    apiUrl: query.url,
    tokens,
    simulator,
    close: () => closers.close(),
  };
}

/** How much of the past an earlier run on this data directory has not told, be it stored or still in the spool: no second may
 * be counted twice. */
async function untoldSec(store: StoreClient, spoolDirectory: string, backfillSec: number): Promise<number> {
  const [row] = await store.query<{ ago: number }>(
    "SELECT toInt64(toUnixTimestamp(now('UTC'))) - toUnixTimestamp(max(ts)) AS ago FROM windows WHERE kind = 1",
    {},
    { settings: { output_format_json_quote_64bit_integers: 0 } },
  );
  const spooledTs = await newestSpooledTs(spoolDirectory);
  const agoSec = Math.min(row?.ago ?? Infinity, Date.now() / 1000 - spooledTs);
  return Math.max(0, Math.floor(Math.min(backfillSec, agoSec - 3)));
}

const LOOPBACK = "127.0.0.1";

const INCIDENTS = ["slow-disk", "dropped-packets", "saturated-cpu"] as const satisfies IncidentKind[];

function incidentKind(text: string): IncidentKind {
  const kind = INCIDENTS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new InvalidArgumentError(`--incident is ${JSON.stringify(text)}, expected one of ${INCIDENTS.join(", ")}`);
}

function incidentOf(kind: IncidentKind, nowMs: number): Incident {
  return { kind, host: "cn-01", fromMs: nowMs + 30_000, toMs: nowMs + 150_000 };
}

/** Always on: what the first look at a fleet needs. */
const STANDING = [
  {
    metric: "syscall.ops",
    label: "system-call latency",
    decomposition: ["execname", "syscall", "latency"],
  },
  { metric: "cpu.usage", label: "CPU usage", decomposition: ["cpumode"] },
  { metric: "fs.logical_rwops", label: "file system reads and writes", decomposition: ["optype"] },
  { metric: "fs.slow_ops", label: "slow file system operations", decomposition: ["latency"] },
] as const;

/** The rules to begin with, which the repository keeps as an example: the alerts page has something to say, and --incident makes one fire. */
async function exampleAlerts(): ReturnType<typeof readAlertFile> {
  const paths = ["../deploy/alerts/example.yaml", "../../deploy/alerts/example.yaml"];
  const found = paths.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  return readAlertFile("deploy/alerts/example.yaml", found ?? paths[0] ?? "");
}

async function nameTenants(state: State, simulator: Simulator): Promise<void> {
  const unknown = simulator.tenants.filter(({ id, name }) => state.tenants.get(id)?.name !== name);
  await state.tenants.put(unknown.map(({ id, name }) => ({ id, name, createdMs: Date.now() })));
}

/** Tokens for people, made once a data directory: an operator's, and one for each tenant that has none. */
async function firstTokens(state: State): Promise<{ label: string; token: string }[]> {
  const made: { label: string; token: string }[] = [];
  const existing = state.tokens.all().filter((row) => row.revokedMs === 0 && row.expiresMs === 0);
  if (!existing.some((row) => row.role === "operator")) {
    made.push({ label: "operator", token: await state.tokens.create("operator", "", "operator") });
  }
  for (const { id, name } of state.tenants.all()) {
    if (existing.some((row) => row.role === "tenant" && row.tenant === id)) continue;
    made.push({ label: `tenant ${name}`, token: await state.tokens.create("tenant", id, name) });
  }
  return made;
}

/** The collector's own, new at each start; those of earlier starts are worth nothing any more. */
async function collectorToken(state: State): Promise<string> {
  const old = state.tokens.all().filter((row) => row.role === "collector" && row.revokedMs === 0);
  for (const row of old) await state.tokens.revoke(row.id);
  return state.tokens.create("collector", "", "demo collector");
}

/** Waits until every host has caught up with the present, but not for ever: the page is useful before. */
async function historyIsThere(store: StoreClient, options: DemoOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && process.uptime() * 1000 < URL_WITHIN_MS) {
    const [row] = await store.query<{ hosts: number }>(
      `SELECT uniqExact(host) AS hosts FROM windows
       WHERE kind = 0 AND status = 'ok' AND ts >= now('UTC') - 4 AND spec IN
         (SELECT spec FROM instrumentations FINAL WHERE metric = 'syscall.ops' AND standing)`,
    );
    if ((row?.hosts ?? 0) >= options.hosts) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** The URL is promised within ten seconds of the command: on a slow machine the rest of the history comes while one looks. */
const URL_WITHIN_MS = 7_500;

function greeting(demo: Demo, options: DemoOptions): string {
  const lines = [
    "",
    `  Isotherm is watching ${options.hosts} simulated SmartOS hosts (seed ${options.seed}). All data are simulated.`,
    "",
    `  ${demo.url}`,
    "",
  ];
  if (demo.tokens.length > 0) {
    lines.push("  Tokens for the API and for signing in, shown this once:");
    for (const { label, token } of demo.tokens) lines.push(`    ${label.padEnd(18)} ${token}`);
  } else {
    lines.push("  The API's tokens were shown when this data directory was made.");
  }
  lines.push("", "  Ctrl-C ends it.", "");
  return `${lines.join("\n")}\n`;
}

/** Aborted when it is to end. */
function untilSignal(): AbortController {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  return controller;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

/** @throws what the signal was aborted with, without waiting for the work */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const never = aborted(signal).then((): never => {
    throw signal.reason;
  });
  work.catch(() => undefined);
  return Promise.race([work, never]);
}

function logLevel(text: string): LogLevel {
  const levels = ["debug", "info", "warn", "error", "silent"] as const;
  const level = levels.find((each) => each === text);
  if (level === undefined) {
    throw new InvalidArgumentError(`--log is ${JSON.stringify(text)}, expected one of ${levels.join(", ")}`);
  }
  return level;
}
