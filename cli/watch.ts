/**
 * watch.ts: `isotherm watch METRIC|INSTRUMENTATION`: a live heatmap in the terminal.
 *
 * It reads what the page reads: the live stream of one instrumentation, and its breakdown by a key. For a metric that nobody
 * measures it makes an instrumentation, which ends by itself once nobody reads it.
 */
import { Command, Option } from "commander";
import { pause } from "../core/pause.ts";
import type { Breakdown, Heatmap, HeatmapColumn, InstrumentationInfo, LiveColumn } from "../core/api.ts";
import { errorChain, InputError } from "../core/errors.ts";
import { COLOURINGS, type Colouring } from "../core/heatmap/colour-scale.ts";
import type { Theme } from "../core/heatmap/ramp.ts";
import { spanOf, union, type ValueSpan } from "../core/heatmap/value-span.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import { formatQuantity, formatShort } from "../core/units.ts";
import { answer, openApi, withApi, type Api, type ApiOptions } from "./api-client.ts";
import { eitherSignal } from "../core/either-signal.ts";
import { badWhat, findInstrumentation, findMetric, parseWhere } from "./find-instrumentation.ts";
import { followLive } from "./live-columns.ts";
import { integerOption } from "./options.ts";
import { DEPTHS, depthOf, type Depth } from "./terminal-colours.ts";
import { Screen, type ScreenSize } from "./terminal-screen.ts";
import { WatchColumns } from "./watch-columns.ts";
import { plotColumns, watchFrame, type WatchKeys } from "./watch-frame.ts";

const EXAMPLES = `Examples:
  isotherm watch syscall.ops --token-file operator.token
  isotherm watch syscall.ops --by zonename --where '{"eq": ["execname", "postgres"]}'
  isotherm watch 9c1f0e7a5b3d2468                    one instrumentation, by its id (isotherm instrumentation list)
  isotherm watch syscall.ops | tee latency.txt       a line a column, where there is no screen
  isotherm watch syscall.ops --json | jq .p99
`;

const HELP = `
On the screen, two rows of values share a line of text; what nobody watched is hatched (/). Keys: q or Ctrl-C ends; k takes the
next key to break down by; up and down choose one, enter narrows the picture to it, esc widens it again; c changes what colours
stand for (rank, log, linear); p marks the median and the 99th percentile.

Without a terminal on standard output each column is a line: time, events, p50, p90, p99, p99.9, hosts.

Exit status: 0 ended by q, Ctrl-C, a signal, or a reader that went; 1 the API refused; 2 the command line is wrong.`;

interface WatchOptions extends ApiOptions {
  readonly by?: string;
  readonly where?: string;
  readonly color: Depth | "auto";
  readonly coloring: Colouring;
  readonly theme: Theme;
  readonly json?: boolean;
  readonly count?: number;
}

const BREAKDOWN_MS = 3_000;
const PARTS = 50;

export function watchCommand(): Command {
  return withApi(new Command("watch"))
    .description("watch a metric's distribution live, as a heatmap in the terminal")
    .argument("<what>", "a metric, such as syscall.ops, or the id of an instrumentation")
    .option("--by <field>", "the key to break down by at first")
    .option("--where <json>", 'only what a predicate over the keys selects, such as {"eq": ["execname", "node"]}')
    .addOption(new Option("--color <depth>", "colours of the terminal").choices(["auto", ...DEPTHS]).default("auto"))
    .addOption(new Option("--coloring <scale>", "what colours stand for").choices(COLOURINGS).default("rank"))
    .addOption(new Option("--theme <name>", "the terminal's background").choices(["dark", "light"]).default("dark"))
    .option("--json", "print each column as a JSON line, without a screen")
    .option("--count <n>", "without a screen: end after so many columns", integerOption("--count", 1, 1_000_000))
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", HELP)
    .action(async (what: string, options: WatchOptions) => {
      const where = parseWhere(options.where);
      const api = await openApi(options, process.env);
      const found = await foundOrMade(api, what);
      const isScreen = process.stdout.isTTY && options.json !== true && options.count === undefined;
      await (isScreen ? watchScreen(api, found, where, options) : watchLines(api, found, where, options));
    });
}

/**
 * What is there already, or else a new instrumentation of the metric's distribution.
 *
 * @throws OperationalError API_REFUSED, API_UNREACHABLE; InputError where it has no distribution
 */
async function foundOrMade(api: Api, what: string): Promise<InstrumentationInfo> {
  const found = await findInstrumentation(api, what, ({ numeric }) => numeric !== null);
  if (found?.numeric === null) throw badWhat(what, NO_DISTRIBUTION);
  if (found !== undefined) return found;
  const { fields } = await findMetric(api, what);
  const numeric = fields.find(({ arity }) => arity === "numeric")?.name;
  if (numeric === undefined) throw badWhat(what, NO_DISTRIBUTION);
  const body = { metric: what, decomposition: [numeric] };
  const made = await answer<InstrumentationInfo>(api, api.client.POST("/v1/instrumentations", { body }));
  process.stderr.write(`isotherm: made instrumentation ${made.id} of ${what}; it ends once nobody reads it\n`);
  return made;
}

const NO_DISTRIBUTION = "one with a distribution: this one counts without a numeric field";

/** Both conditions; "" for none. */
function whereText(...conditions: readonly unknown[]): string {
  const all = conditions.filter((each) => each !== undefined);
  if (all.length === 0) return "";
  return JSON.stringify(all.length === 1 ? all[0] : { and: all });
}

async function watchLines(api: Api, found: InstrumentationInfo, where: unknown, options: WatchOptions): Promise<void> {
  const { unit } = await unitOf(api, found);
  const ended = new AbortController();
  const end = (): void => ended.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  // A reader that has seen enough is no failure.
  process.stdout.on("error", end);
  let left = options.count ?? Infinity;
  const said = new Set<number>();
  await followLive({
    api,
    id: found.id,
    where: whereText(where),
    sinceTs: Math.floor(Date.now() / 1000),
    onColumn: (column) => {
      // A line cannot be taken back: the first whole one of each time is printed.
      if (left <= 0 || said.has(column.ts) || column.reporting < column.expected) return;
      said.add(column.ts);
      if (said.size > 100) said.delete([...said][0] ?? 0);
      process.stdout.write(options.json === true ? `${JSON.stringify(column)}\n` : columnLine(column, unit));
      left -= 1;
      if (left <= 0) end();
    },
    onLate: () => undefined,
    onState: (trouble) => {
      if (trouble !== "") process.stderr.write(`isotherm: ${trouble}\n`);
    },
    signal: ended.signal,
  });
}

function columnLine({ ts, total, p50, p90, p99, p999, reporting, expected }: LiveColumn, unit: string): string {
  const time = new Date(ts * 1000).toISOString().slice(0, 19);
  const values = [p50, p90, p99, p999].map((value) => (value === null ? "-" : formatQuantity(value, unit)).padStart(9));
  return `${time}Z  ${(total === null ? "-" : formatShort(total)).padStart(7)} ${values.join(" ")}  ${reporting}/${expected}\n`;
}

async function unitOf(api: Api, { metric, numeric }: InstrumentationInfo): Promise<{ unit: string }> {
  const { fields } = await findMetric(api, metric);
  return { unit: fields.find(({ name }) => name === numeric)?.type ?? "" };
}

async function watchScreen(api: Api, found: InstrumentationInfo, where: unknown, options: WatchOptions): Promise<void> {
  const { unit } = await unitOf(api, found);
  const view = new WatchView(api, found, where, unit, options);
  const screen = new Screen({
    streams: process,
    draw: (size) => view.draw(size),
    onKey: (key) => view.onKey(key),
  });
  view.onChange = () => screen.redraw();
  screen.open();
  try {
    await view.run(screen);
  } finally {
    screen.close();
  }
}

/** What is on the screen, and what its keys change. */
class WatchView {
  onChange: () => void = () => undefined;
  readonly #api: Api;
  readonly #found: InstrumentationInfo;
  readonly #where: unknown;
  readonly #unit: string;
  readonly #options: WatchOptions;
  readonly #buckets;
  #columns: WatchColumns;
  #span: ValueSpan | null = null;
  #trouble = "";
  #colouring: Colouring;
  #marks = false;
  #by: string | undefined;
  #breakdown: Breakdown | undefined;
  #chosen = -1;
  #only: { readonly field: string; readonly key: string } | undefined;
  /** Ends the stream of what was shown until now. */
  #turn = new AbortController();

  constructor(api: Api, found: InstrumentationInfo, where: unknown, unit: string, options: WatchOptions) {
    this.#api = api;
    this.#found = found;
    this.#where = where;
    this.#unit = unit;
    this.#options = options;
    this.#colouring = options.coloring;
    this.#buckets = bucketsOf(parseScheme(found.scheme ?? ""));
    this.#columns = new WatchColumns(found.granularitySec);
    this.#by = options.by ?? found.keys.find((key) => key !== "zonename") ?? found.keys[0];
    if (this.#by !== undefined && !found.keys.includes(this.#by)) {
      const message = `--by is ${JSON.stringify(this.#by)}, expected one of ${found.keys.join(", ")}`;
      throw new InputError(message, [{ field: "--by", code: "BAD_OPTION", message }]);
    }
  }

  /** Until the screen ends. @throws OperationalError API_REFUSED */
  async run(screen: Screen): Promise<void> {
    const { ended } = screen;
    while (!ended.aborted) {
      this.#turn = new AbortController();
      const either = eitherSignal(ended, this.#turn.signal);
      const { signal } = either;
      this.#columns = new WatchColumns(this.#found.granularitySec);
      const following = followLive({
        api: this.#api,
        id: this.#found.id,
        where: this.#filter,
        sinceTs: Math.floor(Date.now() / 1000) - plotColumns(screen.size, false) * this.#found.granularitySec,
        onColumn: (column) => this.#take([column]),
        onLate: (fromTs, toTs) => void this.#read(fromTs, toTs, signal),
        onState: (trouble) => this.#say(trouble),
        signal,
      });
      const asking = this.#askKeys(screen, signal);
      try {
        await following;
      } finally {
        this.#turn.abort();
        await asking;
        either.release();
      }
    }
  }

  onKey(key: string): void {
    const { keys } = this.#found;
    const parts = this.#breakdown?.parts.length ?? 0;
    if (key === "c") {
      this.#colouring = COLOURINGS[(COLOURINGS.indexOf(this.#colouring) + 1) % COLOURINGS.length] ?? "rank";
    } else if (key === "p") this.#marks = !this.#marks;
    else if (key === "up") this.#chosen = Math.max(0, this.#chosen - 1);
    else if (key === "down") this.#chosen = Math.min(parts - 1, this.#chosen + 1);
    else if (key === "k" && this.#by !== undefined) {
      this.#by = keys[(keys.indexOf(this.#by) + 1) % keys.length];
      this.#breakdown = undefined;
      this.#chosen = -1;
      this.#again();
    } else if (key === "enter") {
      const part = this.#breakdown?.parts[this.#chosen];
      if (part === undefined || this.#by === undefined) return;
      this.#only = { field: this.#by, key: part.key };
      this.#again();
    } else if (key === "escape" && this.#only !== undefined) {
      this.#only = undefined;
      this.#again();
    }
  }

  draw(size: ScreenSize): readonly string[] {
    const count = plotColumns(size, this.#keys !== undefined);
    const columns = this.#columns.last(count);
    const seen = columns.filter((each) => each !== undefined);
    // While it is live it only grows: a picture that rescales each second cannot be read.
    this.#span = union(this.#span, spanOf("log", this.#buckets, seen));
    const { metric, label, numeric } = this.#found;
    return watchFrame(
      {
        title: `${metric}${label === "" ? "" : `: ${label}`} (${numeric ?? ""})`,
        unit: this.#unit,
        stepSec: this.#found.granularitySec,
        newestTs: this.#columns.newestTs,
        columns,
        latest: this.#columns.latest,
        buckets: this.#buckets,
        span: this.#span,
        colouring: this.#colouring,
        theme: this.#options.theme,
        depth: depthOf(this.#options.color, process.env),
        showPercentiles: this.#marks,
        keys: this.#keys,
        filter: this.#only === undefined ? "" : `${this.#only.field} ${this.#only.key}`,
        trouble: this.#trouble,
        zoneSec: -new Date().getTimezoneOffset() * 60,
      },
      size,
    );
  }

  get #keys(): WatchKeys | undefined {
    if (this.#by === undefined) return undefined;
    const { parts = [], other = 0, total = 0 } = this.#breakdown ?? {};
    return { by: this.#by, parts, other, total, chosen: this.#chosen };
  }

  get #filter(): string {
    const only = this.#only;
    return whereText(this.#where, only === undefined ? undefined : { eq: [only.field, only.key] });
  }

  #again(): void {
    this.#span = null;
    this.#turn.abort();
  }

  #take(columns: readonly HeatmapColumn[]): void {
    for (const column of columns) this.#columns.take(column);
    this.onChange();
  }

  #say(trouble: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.onChange();
  }

  /** Columns that came too late for the stream. */
  async #read(fromTs: number, toTs: number, signal: AbortSignal): Promise<void> {
    const where = this.#filter;
    const columns = Math.max(1, Math.ceil((toTs - fromTs) / this.#found.granularitySec));
    const query = { from: fromTs, to: toTs, columns, ...(where === "" ? {} : { where }) };
    const params = { path: { id: this.#found.id }, query };
    try {
      const { client } = this.#api;
      const read = await answer<Heatmap>(
        this.#api,
        client.GET("/v1/instrumentations/{id}/heatmap", { params, signal }),
      );
      this.#take(read.columns);
    } catch (error) {
      if (!signal.aborted) this.#say(errorChain(error));
    }
  }

  async #askKeys(screen: Screen, signal: AbortSignal): Promise<void> {
    // A function, because the compiler would otherwise remember what it was before an await.
    const isOver = (): boolean => signal.aborted;
    while (!isOver() && this.#by !== undefined) {
      const { stepSec, newestTs } = this.#columns;
      if (newestTs > 0) {
        const where = whereText(this.#where);
        const from = newestTs + stepSec - plotColumns(screen.size, true) * stepSec;
        const query = {
          by: this.#by,
          from,
          to: newestTs + stepSec,
          limit: PARTS,
          ...(where === "" ? {} : { where }),
        };
        const params = { path: { id: this.#found.id }, query };
        try {
          const { client } = this.#api;
          this.#breakdown = await answer<Breakdown>(
            this.#api,
            client.GET("/v1/instrumentations/{id}/breakdown", { params, signal }),
          );
          this.onChange();
        } catch (error) {
          if (!isOver()) this.#say(errorChain(error));
        }
      }
      await pause(newestTs > 0 ? BREAKDOWN_MS : 200, signal);
    }
  }
}
