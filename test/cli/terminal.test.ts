/**
 * What commands draw on a terminal: heatmap frames, colours, tables, help, completion; without a terminal and without a server.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { Argument, Command, Option } from "commander";
import { completionScript } from "../../cli/completion.ts";
import { examplesFirst, helpOf, reordered } from "../../cli/help.ts";
import { readEvent } from "../../core/event-stream.ts";
import { plain, table } from "../../cli/table.ts";
import { depthOf, foreground, nearest } from "../../cli/terminal-colours.ts";
import { cutLine, sortZones } from "../../cli/top.ts";
import type { TopZone } from "../../cli/top-source.ts";
import { WatchColumns } from "../../cli/watch-columns.ts";
import { plotColumns, watchFrame, type WatchPicture } from "../../cli/watch-frame.ts";
import type { HeatmapColumn } from "../../core/api.ts";
import { spanOf } from "../../core/heatmap/value-span.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";

const BUCKETS = bucketsOf(parseScheme("llquantize(10,3,10,20)"));
const column = (
  ts: number,
  values: readonly [value: number, count: number][],
  rest: Partial<HeatmapColumn> = {},
): HeatmapColumn => ({
  ts,
  reporting: 2,
  expected: 2,
  dropped: 0,
  reason: "",
  total: values.reduce((sum, [, count]) => sum + count, 0),
  p50: 2e6,
  p90: 3e6,
  p99: 9e6,
  p999: 9e6,
  bucket: values.map(([value]) => BUCKETS.indexOf(value)),
  count: values.map(([, count]) => count),
  ...rest,
});
const UNKNOWN = column(3, [], { reporting: 0, total: null, reason: "ssh_down" });
const SIZE = { columns: 40, rows: 20 };

function picture(columns: readonly (HeatmapColumn | undefined)[], rest: Partial<WatchPicture> = {}): WatchPicture {
  const seen = columns.filter((each) => each !== undefined);
  return {
    title: "syscall.ops",
    unit: "time",
    stepSec: 1,
    newestTs: seen.at(-1)?.ts ?? 0,
    columns,
    latest: seen.at(-1),
    buckets: BUCKETS,
    span: spanOf("log", BUCKETS, seen),
    colouring: "rank",
    theme: "dark",
    depth: "none",
    showPercentiles: false,
    keys: undefined,
    filter: "",
    trouble: "",
    zoneSec: 0,
    ...rest,
  };
}

/** Columns flush right, as a window that ends with the newest. */
function padded(columns: readonly (HeatmapColumn | undefined)[]): (HeatmapColumn | undefined)[] {
  const width = plotColumns(SIZE, false);
  return [...Array.from({ length: width - columns.length }, () => undefined), ...columns];
}

describe("a heatmap in a terminal", () => {
  const busy = column(1, [
    [2e6, 900],
    [5e7, 1],
  ]);
  const quiet = column(2, []);

  test("draws counts, leaves blank what was watched and counted nothing, and hatches what nobody watched", () => {
    const lines = watchFrame(picture(padded([busy, quiet, UNKNOWN])), SIZE);
    assert.equal(lines.length, SIZE.rows);
    const plot = lines.slice(2, -3).map((line) => line.slice(-3));
    const inks = plot.map(([first = " "]) => first).filter((letter) => letter !== " ");
    assert.deepEqual(inks, [".", "@"], "the rare one above, faint; the common one dark");
    assert.ok(
      plot.every(([, second]) => second === " "),
      "zero is blank",
    );
    assert.ok(
      plot.every(([, , third]) => third === "/"),
      "unknown is hatched",
    );
    assert.ok(
      lines.slice(2, -3).every((line) => line[10] === "/"),
      "what was never heard of is, too",
    );
  });

  test("has a line that fits for each row of the screen, whatever its size", () => {
    const keys = {
      by: "execname",
      parts: [
        { key: "node\u001b[31m", total: 3 },
        { key: "", total: 1 },
      ],
      other: 2,
      total: 6,
      chosen: 0,
    };
    for (const columns of [20, 40, 90, 200]) {
      for (const rows of [6, 24, 60]) {
        for (const depth of ["none", "256", "24bit"] as const) {
          const width = plotColumns({ columns, rows }, true);
          const window = Array.from({ length: width }, (_, i) => (i % 7 === 0 ? undefined : column(i, [[2e6, i]])));
          const lines = watchFrame(picture(window, { depth, keys, showPercentiles: true }), { columns, rows });
          assert.equal(lines.length, rows);
          for (const line of lines.slice(0, -2)) {
            // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
            const seen = line.replace(/\u001b\[[0-9;]*m/g, "");
            assert.ok(seen.length <= columns, `${columns}x${rows} ${depth}: ${seen.length}: ${seen}`);
            assert.ok(!seen.includes("\u001b"), "no sequence of a key's name");
          }
        }
      }
    }
  });

  test("two rows of values share a line of text where there are colours", () => {
    const columns = padded([column(1, [[1e4, 5]]), column(2, [[1e7, 5]])]);
    const text = watchFrame(picture(columns, { depth: "24bit" }), SIZE).join("\n");
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    assert.match(text, /\u001b\[0;38;2;\d+;\d+;\d+m[▀▄█]/);
    assert.doesNotMatch(watchFrame(picture(columns, { depth: "256" }), SIZE).join("\n"), /;2;/);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    assert.doesNotMatch(watchFrame(picture(columns), SIZE).join("\n"), /\u001b/, "none where none are wanted");
  });

  test("says the rate, the hosts, percentiles, what is lost and what is wrong", () => {
    const lossy = column(1, [[2e6, 900]], { dropped: 12, reporting: 1 });
    const lines = watchFrame(picture(padded([lossy]), { trouble: "no answer" }), { columns: 90, rows: 20 });
    assert.match(lines[0] ?? "", /^syscall\.ops {3}900\/s {3}1 of 2 hosts {3}at least 12 lost$/);
    assert.match(lines[1] ?? "", /^p50 2 ms +p90 3 ms +p99 9 ms +p99\.9 9 ms$/);
    assert.equal(lines.at(-1), "! no answer");
  });
});

describe("the columns on a screen", () => {
  test("replace those of their time, and what never came is not there", () => {
    const columns = new WatchColumns(1);
    columns.take(column(10, [[1e6, 1]]));
    columns.take(column(12, [[1e6, 2]]));
    columns.take(column(10, [[1e6, 5]]));
    assert.deepEqual(
      columns.last(4).map((each) => each?.total),
      [undefined, 5, undefined, 2],
    );
  });

  test("do not begin with a future that nobody has reported, but an outage is shown", () => {
    const columns = new WatchColumns(1);
    columns.take(column(10, [[1e6, 1]]));
    columns.take(column(11, [], { reporting: 0, total: null }));
    assert.equal(columns.newestTs, 10);
    columns.take(column(12, [], { reporting: 0, total: null, reason: "ssh_down" }));
    assert.equal(columns.newestTs, 12);
    assert.equal(columns.latest?.ts, 10, "the figures are of the last that is known");
  });
});

describe("a terminal's colours", () => {
  const rows: [asked: "auto" | "24bit", environment: Record<string, string>, depth: string][] = [
    ["auto", { TERM: "xterm-256color" }, "256"],
    ["auto", { TERM: "tmux-256color", COLORTERM: "truecolor" }, "24bit"],
    ["auto", { TERM: "xterm-direct" }, "24bit"],
    ["auto", { TERM: "xterm", NO_COLOR: "1" }, "none"],
    ["auto", { TERM: "dumb" }, "none"],
    ["auto", {}, "none"],
    ["24bit", { NO_COLOR: "1" }, "24bit"],
  ];
  for (const [asked, environment, depth] of rows) {
    test(`${asked} with ${JSON.stringify(environment)} is ${depth}`, () =>
      assert.equal(depthOf(asked, environment), depth));
  }

  test("the nearest of xterm's 256", () => {
    assert.deepEqual(
      [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [128, 128, 128],
        [94, 135, 176],
      ].map((rgb) => nearest(rgb as [number, number, number])),
      [16, 231, 196, 244, 67],
    );
    assert.equal(foreground("24bit", [1, 2, 3]), "38;2;1;2;3");
  });
});

describe("what else is printed", () => {
  test("tables are as wide as their cells, and names cannot speak to the terminal", () => {
    assert.equal(
      table([
        ["A", "B"],
        ["long", { text: "x" }],
      ]),
      "A     B\nlong  x\n",
    );
    assert.equal(
      table([
        [{ text: "N", right: true }, "B"],
        [{ text: "100", right: true }, "x"],
      ]),
      "  N  B\n100  x\n",
    );
    assert.equal(plain("a\u001b]0;b\u0007\u202ec"), "a?]0;b??c");
  });

  test("lines are cut by what is seen, and sequences stay whole", () => {
    assert.equal(cutLine("\u001b[1mabc\u001b[0mdef", 4), "\u001b[1mabc\u001b[0md");
  });

  test("zones are sorted, the largest first and the unknown last", () => {
    const zone = (name: string, p99: number | null): TopZone => ({
      zone: name,
      alias: "",
      host: "",
      rate: 1,
      p50: 1,
      p99,
      cpu: null,
    });
    assert.deepEqual(
      sortZones([zone("a", 1), zone("b", null), zone("c", 9)], "p99").map((each) => each.zone),
      ["c", "a", "b"],
    );
  });

  test("an event of a stream has a name and data, which may be several lines", () => {
    assert.deepEqual(readEvent("event: column\nid: 5\ndata: {\ndata: }"), { name: "column", data: "{\n}" });
    assert.deepEqual(readEvent(": still here"), { name: "message", data: "" });
  });
});

describe("help and completion", () => {
  const program = new Command("isotherm");
  program
    .command("watch")
    .argument("<what>")
    .description("it's live")
    .addOption(new Option("--color <depth>").choices(["256", "none"]));
  const host = program.command("host").description("hosts");
  host
    .command("add")
    .argument("<name>")
    .option("--admin-key <file>", "a key")
    .addHelpText("after", "\nExamples:\n  isotherm host add x\n\nMore.");
  program.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));

  test("examples come first, wherever they were written", () => {
    const text = helpOf(examplesFirst(host.commands[0] as Command), 80);
    assert.match(text, /^Examples:\n {2}isotherm host add x\n\nUsage: isotherm host add/);
    assert.match(text, /\nMore\.\n?$/);
    assert.equal(reordered("Usage: a\n"), "Usage: a\n");
  });

  const complete = (...words: string[]): string[] => {
    const script = `${completionScript(program, "bash")}
COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _isotherm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8" })
      .trim()
      .split("\n");
  };
  const rows: [typed: string[], offered: string[]][] = [
    [
      ["isotherm", ""],
      ["watch", "host", "completion"],
    ],
    [["isotherm", "h"], ["host"]],
    [["isotherm", "host", ""], ["add"]],
    [
      ["isotherm", "host", "add", "cn-1", "--"],
      ["--admin-key", "--help"],
    ],
    [["isotherm", "watch", "syscall."], ["syscall.ops"]],
    [
      ["isotherm", "watch", "--color", ""],
      ["256", "none"],
    ],
    [["isotherm", "completion", "z"], ["zsh"]],
  ];
  for (const [typed, offered] of rows) {
    test(`bash offers ${offered.join(", ")} after ${typed.join(" ")}`, () =>
      assert.deepEqual(complete(...typed), offered));
  }

  test("zsh and fish know the same, and quote what people wrote", () => {
    const zsh = completionScript(program, "zsh");
    assert.match(zsh, /^#compdef isotherm\n/);
    assert.match(zsh, /\("isotherm"\) words_=\('watch:it'\\''s live' 'host:hosts' 'completion:'\)/);
    assert.match(zsh, /\("isotherm host add:--admin-key"\) _files; return ;;/);
    const fish = completionScript(program, "fish");
    assert.match(fish, /^complete -c isotherm -n '__isotherm_at isotherm' -f -a watch -d 'it'\\''s live'$/m);
    assert.match(fish, /^complete -c isotherm -n '__isotherm_at isotherm watch' -l color -x -a '256 none' -d ''$/m);
  });
});
