/**
 * top.ts: `isotherm top`: zones by latency, rate and CPU, live.
 */
import { Command, Option } from "commander";
import { pause } from "../core/pause.ts";
import { errorChain } from "../core/errors.ts";
import { formatQuantity, formatShort } from "../core/units.ts";
import { openApi, withApi, type ApiOptions } from "./api-client.ts";
import { inkFor, type Ink } from "./ink.ts";
import { integerOption } from "./options.ts";
import { table, type Cell } from "./table.ts";
import { Screen } from "./terminal-screen.ts";
import { openTop, type TopAnswer, type TopSource, type TopZone } from "./top-source.ts";

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
Keys: q or Ctrl-C ends; l sorts by p99, m by p50, r by rate, c by CPU. Into a file or a pipe it prints once and ends. On a narrow
screen names are shortened and columns left out, the one that it is sorted by last.

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

export function topCommand(): Command {
  return withApi(new Command("top"))
    .description("list zones by latency, rate and CPU, live")
    .option("--metric <name>", "a metric with zones and a distribution, or an instrumentation's id", "syscall.ops")
    .addOption(new Option("--sort <column>", "what to sort by").choices(SORTS).default("p99"))
    .option("--window <seconds>", "over so many seconds", integerOption("--window", 1, 3600), 10)
    .option("--interval <seconds>", "between two looks", integerOption("--interval", 1, 600), 2)
    .option("--top <n>", "at most so many zones", integerOption("--top", 1, 100), 50)
    .option("--once", "print once, and end")
    .option("--json", "print once as JSON: {metric, unit, window, windowSec, watchedSec, zones, otherRate}")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", HELP)
    .action(async (options: TopOptions) => {
      const api = await openApi(options, process.env);
      const source = await openTop(api, { ...options, windowSec: options.window });
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

/** The largest first; what is not known last. */
export function sortZones(zones: readonly TopZone[], sort: Sort): TopZone[] {
  return [...zones].sort((a, b) => (b[sort] ?? -1) - (a[sort] ?? -1) || (a.zone < b.zone ? -1 : 1));
}

/** @param columns how wide it may be: what matters least gives way first, and what it is sorted by never */
export function topText(answer: TopAnswer, sort: Sort, ink: Ink, columns = Infinity): string {
  const { metric, windowSec, watchedSec, otherRate } = answer;
  const layouts = LAYOUTS.map((layout) => ({ ...layout, without: layout.without.filter((each) => each !== sort) }));
  const widthOf = (layout: Layout): number =>
    Math.max(
      ...topTable(answer, sort, layout, NO_INK)
        .split("\n")
        .map((line) => line.length),
    );
  const layout = layouts.find((each) => widthOf(each) <= columns) ?? layouts.at(-1) ?? WHOLE;
  const rest = otherRate > 0 ? `and others: ${formatShort(otherRate)}/s\n` : "";
  const span = watchedSec < windowSec ? `${watchedSec} s watched of ${windowSec} s` : `${windowSec} s`;
  return `${ink.dim(`${metric} over ${span}, by ${sort}`)}\n${topTable(answer, sort, layout, ink)}${rest}`;
}

const NO_INK = inkFor({}, {});

interface Layout {
  /** Of a zone's name: all of it, its first letters, or only where it has no alias. */
  readonly zone: "whole" | "short" | "none";
  readonly without: readonly (Sort | "host")[];
}

const WHOLE: Layout = { zone: "whole", without: [] };
/** From a wide terminal to a narrow one. */
const LAYOUTS: readonly Layout[] = [
  WHOLE,
  { zone: "short", without: [] },
  { zone: "short", without: ["host"] },
  { zone: "none", without: ["host"] },
  { zone: "none", without: ["host", "p50"] },
  { zone: "none", without: ["host", "p50", "cpu"] },
  { zone: "none", without: ["host", "p50", "cpu", "rate"] },
];
/** As much of a uuid as tells zones apart. */
const SHORT = 8;

function topTable({ unit, zones }: TopAnswer, sort: Sort, { zone, without }: Layout, ink: Ink): string {
  const value = (of: number | null): string => (of === null ? "-" : formatQuantity(of, unit));
  const heads = { rate: "RATE", p50: "P50", p99: "P99", cpu: "CPU" } as const;
  const figures = (["rate", "p50", "p99", "cpu"] as const).filter((each) => !without.includes(each));
  const texts = {
    rate: ({ rate }: TopZone) => `${formatShort(rate)}/s`,
    p50: ({ p50 }: TopZone) => value(p50),
    p99: ({ p99 }: TopZone) => value(p99),
    cpu: ({ cpu }: TopZone) => (cpu === null ? "-" : `${cpu.toFixed(1)} %`),
  };
  const names: readonly (readonly [head: string, text: (of: TopZone) => string])[] = [
    ...(zone === "none"
      ? [["ZONE", (of: TopZone) => (of.alias === "" ? of.zone.slice(0, SHORT) : of.alias)] as const]
      : [
          ["ZONE", (of: TopZone) => (zone === "short" ? of.zone.slice(0, SHORT) : of.zone)] as const,
          ["ALIAS", (of: TopZone) => of.alias] as const,
        ]),
    // A tenant is not told where its zones are.
    ...(without.includes("host") || zones.every(({ host }) => host === "")
      ? []
      : [["HOST", (of: TopZone) => of.host] as const]),
  ];
  const head = [
    ...names.map(([text]) => text),
    ...figures.map((by): Cell => {
      const text = by === sort ? `${heads[by]}*` : heads[by];
      return { text, right: true, ...(by === sort && { ink: ink.strong }) };
    }),
  ];
  const rows = zones.map((each): (Cell | string)[] => [
    ...names.map(([, text]) => text(each)),
    ...figures.map((by): Cell => ({ text: texts[by](each), right: true })),
  ]);
  return table([head, ...rows]);
}

async function topScreen(source: TopSource, options: TopOptions): Promise<void> {
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
          : topText({ ...top, zones: sortZones(top.zones, sort).slice(0, room) }, sort, ink, columns)
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
