/**
 * top.ts: `isotherm top`: zones by latency, rate and CPU, live.
 *
 * Latency and rate are one distribution a zone over the last seconds (heatmaps of one column, by zonename), CPU a series of
 * the same seconds; what nobody measures is a dash, never a zero.
 */
import { Command, Option } from "commander";
import { pause } from "../core/pause.ts";
import type {
  Breakdown,
  Heatmap,
  HeatmapGroup,
  InstrumentationInfo,
  Series,
  SessionInfo,
  ZoneInfo,
} from "../core/api.ts";
import { errorChain, errorCode } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { quantile } from "../core/histogram/distribution.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import { formatQuantity, formatShort } from "../core/units.ts";
import { answer, openApi, withApi, type Api, type ApiOptions } from "./api-client.ts";
import { badWhat, findInstrumentation, findMetric } from "./find-instrumentation.ts";
import { inkFor, type Ink } from "./ink.ts";
import { integerOption } from "./options.ts";
import { table, type Cell } from "./table.ts";
import { Screen } from "./terminal-screen.ts";

const SORTS = ["p99", "p50", "rate", "cpu"] as const;
type Sort = (typeof SORTS)[number];

const EXAMPLES = `Examples:
  isotherm top --token-file operator.token
  isotherm top --sort cpu --window 60
  isotherm top --metric fs.rw_ops
  isotherm top --once | head -5              once, as text
  isotherm top --json | jq -r '.zones[] | select(.p99 > 1e8) | .zone'
`;

const HELP = `
Keys: q or Ctrl-C ends; l sorts by p99, m by p50, r by rate, c by CPU. Standing on a file or a pipe it prints once and ends.

Exit status: 0 ended as asked; 1 the API refused; 2 the command line is wrong.`;

interface TopOptions extends ApiOptions {
  readonly metric: string;
  readonly sort: Sort;
  readonly window: number;
  readonly interval: number;
  readonly top: number;
  readonly once?: boolean;
  readonly json?: boolean;
}

export interface TopZone {
  readonly zone: string;
  readonly alias: string;
  readonly host: string;
  /** Events a second. */
  readonly rate: number;
  /** In the metric's base unit; null: nothing was counted. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** In percent of one CPU; null: not known. */
  readonly cpu: number | null;
}

interface TopAnswer {
  readonly metric: string;
  readonly unit: string;
  readonly windowSec: number;
  readonly zones: readonly TopZone[];
  /** Events of zones beyond those listed. */
  readonly otherRate: number;
}

export function topCommand(): Command {
  return withApi(new Command("top"))
    .description("list zones by latency, rate and CPU, live")
    .option("--metric <name>", "a metric with zones and a distribution, or an instrumentation's id", "syscall.ops")
    .addOption(new Option("--sort <column>", "what to sort by").choices(SORTS).default("p99"))
    .option("--window <seconds>", "over so many seconds", integerOption("--window", 1, 3600), 10)
    .option("--interval <seconds>", "between two looks", integerOption("--interval", 1, 600), 2)
    .option("--top <n>", "at most so many zones", integerOption("--top", 1, 100), 50)
    .option("--once", "print once, and end")
    .option("--json", "print once as JSON: {metric, unit, windowSec, zones, otherRate}")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", HELP)
    .action(async (options: TopOptions) => {
      const api = await openApi(options, process.env);
      const source = await sourceOf(api, options);
      if (options.json === true || options.once === true || !process.stdout.isTTY) {
        const top = await source.read();
        const sorted = { ...top, zones: sortZones(top.zones, options.sort) };
        const text =
          options.json === true
            ? `${JSON.stringify(sorted, null, 2)}\n`
            : topText(sorted, options.sort, inkFor(process.stdout, process.env));
        process.stdout.write(text);
        return;
      }
      await topScreen(source, options);
    });
}

interface Source {
  read(): Promise<TopAnswer>;
}

/** @throws InputError where the metric has no zones or no distribution, or nobody measures it */
async function sourceOf(api: Api, { metric, window: windowSec, top }: TopOptions): Promise<Source> {
  const suits = ({ numeric, keys }: InstrumentationInfo): boolean => numeric !== null && keys.includes("zonename");
  const found = await findInstrumentation(api, metric, suits);
  if (found === undefined || !suits(found)) {
    throw badWhat(metric, "one that is measured with zones and a distribution (isotherm watch METRIC makes one)");
  }
  const { fields } = await findMetric(api, found.metric);
  const unit = fields.find(({ name }) => name === found.numeric)?.type ?? "";
  const cpu = await findInstrumentation(api, "cpu.usage", ({ keys }) => keys.includes("zonename"));
  const buckets = bucketsOf(parseScheme(found.scheme ?? ""));
  return {
    read: async () => {
      const [names, { parts, other, fromTs, toTs }, usage] = await Promise.all([
        zoneNames(api),
        readTotals(api, found.id, windowSec, top),
        cpu === undefined ? new Map<string, number>() : readCpu(api, cpu.id, windowSec),
      ]);
      const spanSec = Math.max(1, toTs - fromTs);
      const groups = await readDistributions(
        api,
        found.id,
        { from: fromTs, to: toTs },
        parts.map(({ key }) => key),
      );
      const zones = groups.map(({ key, total, columns }): TopZone => {
        const [column = { bucket: [], count: [] }] = columns;
        return {
          zone: key,
          alias: names.get(key)?.alias ?? "",
          host: names.get(key)?.host ?? "",
          rate: total / spanSec,
          p50: quantile(buckets, column, 0.5),
          p99: quantile(buckets, column, 0.99),
          cpu: usage.get(key) ?? null,
        };
      });
      return { metric: found.metric, unit, windowSec: spanSec, zones, otherRate: other / spanSec };
    },
  };
}

/** The newest seconds are still coming in: the window ends a little before. */
const SETTLED_SEC = 2;

function endTs(): number {
  return Math.floor(Date.now() / 1000) - SETTLED_SEC;
}

/** Events by zone. */
async function readTotals(api: Api, id: string, windowSec: number, top: number): Promise<Breakdown> {
  const to = endTs();
  const params = { path: { id }, query: { by: "zonename", from: to - windowSec, to, limit: top } };
  return answer<Breakdown>(api, api.client.GET("/v1/instrumentations/{id}/breakdown", { params }));
}

/** The API answers for so many keys at once. */
const KEYS_AT_ONCE = 20;

/** A distribution a zone, over the whole range. */
async function readDistributions(
  api: Api,
  id: string,
  range: { readonly from: number; readonly to: number },
  zones: readonly string[],
): Promise<readonly HeatmapGroup[]> {
  const groups: HeatmapGroup[] = [];
  for (let i = 0; i < zones.length; i += KEYS_AT_ONCE) {
    const keys = zones.slice(i, i + KEYS_AT_ONCE);
    const params = { path: { id }, query: { ...range, columns: 1, by: "zonename", keys } };
    const heatmap = await answer<Heatmap>(api, api.client.GET("/v1/instrumentations/{id}/heatmap", { params }));
    groups.push(...(heatmap.groups ?? []).filter(({ isOther }) => !isOther));
  }
  return groups;
}

async function readCpu(api: Api, id: string, windowSec: number): Promise<Map<string, number>> {
  const to = endTs();
  const query = { from: to - windowSec, to, by: "zonename", limit: 100 };
  const params = { path: { id }, query };
  const { series } = await answer<Series>(api, api.client.GET("/v1/instrumentations/{id}/series", { params }));
  return new Map(
    series.flatMap(({ key, values }): [string, number][] => {
      const known = values.filter((each) => each !== null);
      return key === "" || known.length === 0 ? [] : [[key, known.reduce((sum, each) => sum + each, 0) / known.length]];
    }),
  );
}

/** Operators are told where zones are, tenants what theirs are called. */
async function zoneNames(api: Api): Promise<Map<string, { alias: string; host: string }>> {
  try {
    const { zones } = await answer<{ zones: readonly ZoneInfo[] }>(api, api.client.GET("/v1/zones"));
    return new Map(zones.map(({ zone, alias, host }) => [zone, { alias, host }]));
  } catch (error) {
    if (errorCode(error) !== "API_REFUSED") throw error;
    const { tenant } = await answer<SessionInfo>(api, api.client.GET("/v1/session"));
    return new Map((tenant?.zones ?? []).map(({ name, alias }) => [name, { alias, host: "" }]));
  }
}

/** The largest first; what is not known last. */
export function sortZones(zones: readonly TopZone[], sort: Sort): TopZone[] {
  return [...zones].sort((a, b) => (b[sort] ?? -1) - (a[sort] ?? -1) || (a.zone < b.zone ? -1 : 1));
}

export function topText({ metric, unit, windowSec, zones, otherRate }: TopAnswer, sort: Sort, ink: Ink): string {
  const value = (of: number | null): string => (of === null ? "-" : formatQuantity(of, unit));
  const head = (text: string, by?: Sort): Cell => ({
    text: by === sort ? `${text}*` : text,
    right: by !== undefined,
    ...(by === sort ? { ink: ink.strong } : {}),
  });
  const rows = zones.map(({ zone, alias, host, rate, p50, p99, cpu }): (Cell | string)[] => [
    zone,
    alias,
    host,
    { text: `${formatShort(rate)}/s`, right: true },
    { text: value(p50), right: true },
    { text: value(p99), right: true },
    { text: cpu === null ? "-" : `${cpu.toFixed(1)} %`, right: true },
  ]);
  const heads = [
    head("ZONE"),
    head("ALIAS"),
    head("HOST"),
    head("RATE", "rate"),
    head("P50", "p50"),
    head("P99", "p99"),
    head("CPU", "cpu"),
  ];
  const rest = otherRate > 0 ? `and others: ${formatShort(otherRate)}/s\n` : "";
  return `${ink.dim(`${metric} over ${windowSec} s, by ${sort}`)}\n${table([heads, ...rows])}${rest}`;
}

async function topScreen(source: Source, options: TopOptions): Promise<void> {
  let { sort } = options;
  let top: TopAnswer | undefined;
  let trouble = "";
  const ink = inkFor(process.stdout, process.env);
  const keys: Readonly<Record<string, Sort>> = { l: "p99", m: "p50", r: "rate", c: "cpu" };
  const screen = new Screen({
    streams: process,
    draw: ({ columns, rows }) => {
      const room = Math.max(1, rows - 4);
      const shown =
        top === undefined
          ? ["waiting for the first answer"]
          : topText({ ...top, zones: sortZones(top.zones, sort).slice(0, room) }, sort, ink)
              .trimEnd()
              .split("\n");
      const foot = trouble === "" ? "q quit  sort by: l p99  m p50  r rate  c CPU" : `! ${trouble}`;
      return [...shown.slice(0, rows - 1).map((line) => cutLine(line, columns)), foot.slice(0, columns)];
    },
    onKey: (key) => (sort = keys[key] ?? sort),
  });
  const gone = untilAborted(screen.ended);
  gone.catch(() => undefined);
  screen.open();
  try {
    while (!screen.ended.aborted) {
      try {
        top = await Promise.race([source.read(), gone]);
        trouble = "";
      } catch (error) {
        trouble = errorChain(error);
      }
      screen.redraw();
      await pause(options.interval * 1000, screen.ended);
    }
  } finally {
    screen.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended")), { once: true }));
}

/** Escape sequences take no room, and must not be cut. */
export function cutLine(line: string, columns: number): string {
  let room = columns;
  let out = "";
  // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
  for (const [piece] of line.matchAll(/\u001b\[[0-9;]*m|[^\u001b]/gu)) {
    if (piece.startsWith("\u001b")) out += piece;
    else if (room > 0) {
      out += piece;
      room -= 1;
    }
  }
  return out;
}
