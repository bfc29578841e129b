import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KstatWindows, type KstatWindow } from "../../collectors/kstat-windows.ts";
import { InputError } from "../../core/errors.ts";
import { parseSpec, type SpecInput } from "../../core/instrumentation.ts";
import type { Metric } from "../../core/metric.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { kstat, samplesOf, type Printable } from "./print.ts";

/** Two zones whose names differ only after the 30 characters that a kstat's name keeps. */
const ALPHA = "3f0c2c6e-53c1-4e2b-9f0a-6f1e2daaaaaa";
const BETA = "3f0c2c6e-53c1-4e2b-9f0a-6f1e2dbbbbbb";

function windowsOf(input: SpecInput): KstatWindows {
  const entry = catalogue.get(input.metric);
  assert.ok(entry?.recipe.kind === "kstat", input.metric);
  const { metric, recipe } = entry;
  return new KstatWindows({ metric, recipe }, parseSpec(input, metric));
}

/** One sample a second from epoch 100 on. */
function take(
  input: SpecInput,
  seconds: readonly (readonly Printable[])[],
  zones: ReadonlySet<string> | null = null,
): (KstatWindow | null)[] {
  const windows = windowsOf(input);
  return samplesOf(...seconds.map((kstats, i) => ({ epochSec: 100 + i, kstats }))).map((sample) =>
    windows.take(sample, zones),
  );
}

/** Rows as short text: zone/keys value, or zone/keys bucket:count. */
function rows(window: KstatWindow | null | undefined): string[] | null {
  if (window === null || window === undefined) return null;
  return window.rows.map(({ zone, keys, bucket, count, value }) => {
    const counts = bucket.map((each, i) => `${each}:${count[i] ?? 0}`).join(" ");
    return `${[zone, ...keys].join("/")} ${counts === "" ? String(value) : counts}`;
  });
}

function vfs(zone: string, atSec: number, statistics: Printable["statistics"], id = 7, crtime?: bigint): Printable {
  return kstat(`zone_vfs:${id}:${zone}`, "zone_vfs", atSec, { zonename: zone, ...statistics }, crtime);
}

function usage(zone: string, atSec: number, user: number | bigint, system: number, id = 7): Printable {
  const statistics = { zonename: zone, nsec_user: user, nsec_sys: system };
  return kstat(`zones:${id}:${zone}`, "zone_misc", atSec, statistics);
}

function cpu(instance: number, atSec: number, [user, kernel, intr]: readonly [number, number, number]): Printable {
  const statistics = { cpu_nsec_user: user, cpu_nsec_kernel: kernel, cpu_nsec_intr: intr };
  return kstat(`cpu:${instance}:sys`, "misc", atSec, statistics);
}

describe("scalars", () => {
  test("are growths by zone and key; the first sample yields nothing, and what did not grow has no row", () => {
    const got = take({ metric: "cpu.usage", decomposition: ["cpumode"] }, [
      [usage("global", 10, 5, 5, 0), usage(ALPHA, 10, 100, 10)],
      [usage("global", 11, 5, 5, 0), usage(ALPHA, 11, 150, 13)],
      [usage("global", 12, 9, 5, 0), usage(ALPHA, 12, 150, 13)],
    ]);
    assert.deepEqual(got.map(rows), [null, [`${ALPHA}/user 50`, `${ALPHA}/system 3`], ["global/user 4"]]);
    assert.deepEqual(
      got.map((each) => each?.events),
      [undefined, 53, 4],
    );
    assert.deepEqual(
      got.map((each) => each?.kstats),
      [undefined, 2, 2],
    );
  });

  test("are summed over the fields that nobody asked for", () => {
    const [, window] = take({ metric: "cpu.usage" }, [[usage(ALPHA, 10, 100, 10)], [usage(ALPHA, 11, 150, 13)]]);
    assert.deepEqual(rows(window), [`${ALPHA} 53`]);
  });

  test("zones whose names are cut to the same 30 characters stay apart", () => {
    const at = (sec: number, a: number, b: number) => [usage(ALPHA, sec, a, 0, 7), usage(BETA, sec, b, 0, 8)];
    const [, window] = take({ metric: "cpu.usage" }, [at(10, 1, 1000), at(11, 2, 1500)]);
    assert.deepEqual(rows(window), [`${ALPHA} 1`, `${BETA} 500`]);
  });

  test("even where their kstats have the same instance", () => {
    const at = (sec: number, a: number, b: number) => [usage(ALPHA, sec, a, 0), usage(BETA, sec, b, 0)];
    const [, window] = take({ metric: "cpu.usage" }, [at(10, 1, 1000), at(11, 2, 1500)]);
    assert.deepEqual(rows(window), [`${ALPHA} 1`, `${BETA} 500`]);
  });

  test("a zone that comes up is unknown in its first sample, and one that took its id is not taken for it", () => {
    const got = take({ metric: "cpu.usage" }, [
      [usage("old", 10, 900, 0, 5)],
      [usage("old", 11, 950, 0, 5)],
      [usage("new", 12, 970, 0, 5)],
      [usage("new", 13, 990, 0, 5)],
    ]);
    assert.deepEqual(got.map(rows), [null, ["old 50"], [], ["new 20"]]);
    assert.deepEqual(
      got.map((each) => each?.resets),
      [undefined, 0, 0, 0],
    );
  });

  test("a zone that was away for a sample is a gap, not all that it did meanwhile", () => {
    const stays = (sec: number) => usage("global", sec, sec, 0, 0);
    const got = take({ metric: "cpu.usage" }, [
      [stays(10), usage(ALPHA, 10, 100, 0)],
      [stays(11)],
      [stays(12), usage(ALPHA, 12, 300, 0)],
      [stays(13), usage(ALPHA, 13, 301, 0)],
    ]);
    assert.deepEqual(got.map(rows), [null, ["global 1"], ["global 1"], ["global 1", `${ALPHA} 1`]]);
  });

  test("values above 2^53 are exact", () => {
    const [, window] = take({ metric: "cpu.usage" }, [
      [usage(ALPHA, 10, 2n ** 60n + 1n, 0)],
      [usage(ALPHA, 11, 2n ** 61n + 2n, 0)],
    ]);
    assert.deepEqual(window?.rows[0]?.value, 2n ** 60n + 1n);
  });

  test("only the zones that are wanted have rows, and the others' growth is known when they become wanted", () => {
    const windows = windowsOf({ metric: "cpu.usage" });
    const at = (sec: number) => [usage(ALPHA, sec, sec, 0, 7), usage(BETA, sec, 2 * sec, 0, 8)];
    const samples = samplesOf(...[10, 11, 12].map((sec) => ({ epochSec: sec, kstats: at(sec) })));
    const wanted = [null, new Set([ALPHA]), new Set([BETA])];
    const got = samples.map((sample, i) => windows.take(sample, wanted[i] ?? null));
    assert.deepEqual(got.map(rows), [null, [`${ALPHA} 1`], [`${BETA} 2`]]);
  });

  test("the predicate sees fields that are not broken down by", () => {
    const seconds = [[usage(ALPHA, 10, 100, 10)], [usage(ALPHA, 11, 150, 13)]];
    const of = (predicate: unknown) => rows(take({ metric: "cpu.usage", predicate }, seconds)[1]);
    assert.deepEqual(of({ eq: ["cpumode", "system"] }), [`${ALPHA} 3`]);
    assert.deepEqual(of({ ne: ["cpumode", "system"] }), [`${ALPHA} 50`]);
    assert.deepEqual(of({ eq: ["zonename", BETA] }), []);
    assert.deepEqual(of({ and: [{ prefix: ["zonename", "3f0c"] }, { eq: ["cpumode", "user"] }] }), [`${ALPHA} 50`]);
  });

  test("a part of the kstat's name is compared as the type that its field has", () => {
    const seconds = [10, 11].map((sec) => [0, 1, 10].map((each) => cpu(each, sec, [sec * (each + 1), 0, 0])));
    const samples = samplesOf(...seconds.map((kstats, i) => ({ epochSec: i, kstats })));
    const entry = catalogue.get("cpu.cpus");
    assert.ok(entry?.recipe.kind === "kstat");
    for (const [type, constants] of [
      ["string", ["1", "10"]],
      ["number", [1, 10]],
    ] as const) {
      const fields = entry.metric.fields.map((field) => (field.name === "cpu" ? { ...field, type } : field));
      const metric: Metric = { ...entry.metric, fields };
      const input = { metric: "cpu.cpus", decomposition: ["cpu"], predicate: { in: ["cpu", constants] } };
      const windows: KstatWindows = new KstatWindows({ metric, recipe: entry.recipe }, parseSpec(input, metric));
      assert.deepEqual(
        samples.map((sample) => rows(windows.take(sample, null))),
        [null, ["/1 2", "/10 11"]],
      );
    }
  });

  test("seconds are read as whole ns", () => {
    const disk = (sec: number, rtime: string) => kstat("sd:1:sd1", "disk", sec, { rtime });
    const [, window] = take({ metric: "disk.busy", decomposition: ["disk"] }, [
      [disk(10, "9007199.254740993")],
      [disk(11, "9007199.754740994")],
    ]);
    assert.deepEqual(rows(window), ["/sd1 500000001"]);
  });

  test("counters known to have 32 bits wrap; the kstat's other statistics do not matter", () => {
    const stack = (sec: number, retransSegs: number, unrelated: number) =>
      kstat("tcp:0:tcp", "mib2", sec, {
        retransSegs,
        listenDrop: 0,
        listenDropQ0: 0,
        attemptFails: 0,
        estabResets: 0,
        timRetransDrop: 0,
        unrelated,
      });
    const [, window] = take({ metric: "tcp.errors", decomposition: ["errtype"] }, [
      [stack(10, 4_294_967_290, 9)],
      [stack(11, 4, 1)],
    ]);
    assert.deepEqual(rows(window), ["/retransmit 10"]);
  });

  test("a counter that went back is a reset: counted, and a gap for that kstat alone", () => {
    const got = take({ metric: "cpu.usage" }, [
      [usage(ALPHA, 10, 100, 10), usage(BETA, 10, 1, 1, 8)],
      [usage(ALPHA, 11, 150, 9), usage(BETA, 11, 2, 1, 8)],
      [usage(ALPHA, 12, 151, 9), usage(BETA, 12, 2, 1, 8)],
    ]);
    assert.deepEqual(got.map(rows), [null, [`${BETA} 1`], [`${ALPHA} 1`]]);
    assert.deepEqual(
      got.map((each) => each?.resets),
      [undefined, 1, 0],
    );
  });

  test("a reset of what nobody asked for is no loss", () => {
    const seconds = [[usage(ALPHA, 10, 100, 10)], [usage(ALPHA, 11, 1, 1)]];
    const resets = (input: Partial<SpecInput>, zones: ReadonlySet<string> | null = null) =>
      take({ metric: "cpu.usage", ...input }, seconds, zones)[1]?.resets;
    assert.equal(resets({}), 1);
    assert.equal(resets({}, new Set([BETA])), 0);
    assert.equal(resets({ predicate: { eq: ["zonename", BETA] } }), 0);
  });

  test("a growth that cannot be stored is taken for damage", () => {
    const [, window] = take({ metric: "cpu.usage" }, [[usage(ALPHA, 10, 0, 0)], [usage(ALPHA, 11, 2n ** 64n - 1n, 0)]]);
    assert.deepEqual([rows(window), window?.resets], [[], 1]);
  });

  test("so is a sum that cannot be stored", () => {
    const [, window] = take({ metric: "cpu.usage" }, [
      [usage(ALPHA, 10, 0, 0), usage(BETA, 10, 0, 0, 8)],
      [usage(ALPHA, 11, 2n ** 63n - 1n, 1), usage(BETA, 11, 2n ** 63n - 1n, 0, 8)],
    ]);
    assert.deepEqual([rows(window), window?.resets], [[`${BETA} ${2n ** 63n - 1n}`], 1]);
  });

  test("whole numbers are scaled after they were summed", () => {
    const cap = (sec: number, above_sec: number) =>
      kstat("caps:7:cpucaps_zone_7", "zone_caps", sec, { above_sec, zonename: ALPHA });
    assert.deepEqual(rows(take({ metric: "cpu.cap_above" }, [[cap(10, 4)], [cap(11, 5)]])[1]), [`${ALPHA} 1000000000`]);
  });
});

describe("what is selected", () => {
  test("other modules, classes and names of the stream are not meant", () => {
    const nic = (id: string, klass: string, sec: number, more: Printable["statistics"]) =>
      kstat(id, klass, sec, { rbytes64: sec, obytes64: 0, ...more });
    const at = (sec: number) => [
      nic("link:0:z7_net0", "net", sec, { zonename: ALPHA }),
      nic("link:0:z8_net0", "net", sec, {}),
      nic("link:0:ixgbe0", "net", sec, { zonename: "global" }),
      nic("link:0:z9_net0", "other", sec, { zonename: BETA }),
      nic("lonk:0:z9_net0", "net", sec, { zonename: BETA }),
    ];
    const input = (metric: string, ...decomposition: string[]) => ({ metric, decomposition });
    assert.deepEqual(rows(take(input("nic.vnic", "direction"), [at(10), at(11)])[1]), [`${ALPHA}/in 1`]);
    assert.deepEqual(rows(take(input("nic.phys", "nic", "direction"), [at(10), at(11)])[1]), ["/in/ixgbe0 1"]);
  });

  test("statistics that the platform lacks are published, and their rows left out", () => {
    const at = (sec: number) => [vfs(ALPHA, sec, { reads: sec })];
    const [, window] = take({ metric: "fs.logical_rwops", decomposition: ["optype"] }, [at(10), at(11)]);
    assert.deepEqual([rows(window), window?.missing], [[`${ALPHA}/read 1`], ["writes"]]);
  });

  test("a kstat that should name its zone and does not belongs to nobody", () => {
    const at = (sec: number) => [kstat("zone_vfs:7:x", "zone_vfs", sec, { reads: sec, writes: 0 })];
    const [, window] = take({ metric: "fs.logical_rwops" }, [at(10), at(11)]);
    assert.deepEqual([rows(window), window?.missing], [[], ["zonename"]]);
  });
});

describe("gauges", () => {
  const memory = (zone: string, sec: number, swap: number | bigint, swapcap: number | bigint, crtime?: bigint) =>
    kstat(`memory_cap:7:${zone}`, "zone_memory_cap", sec, { zonename: zone, swap, swapcap }, crtime);

  test("are the value at the window's end, also 0, also after a reset; their sum is no number of events", () => {
    const got = take({ metric: "memory.swap" }, [
      [memory(ALPHA, 10, 5, 9)],
      [memory(ALPHA, 11, 0, 9)],
      [memory(ALPHA, 12, 7, 9, 11_000_000_000n), memory(BETA, 12, 1, 9)],
    ]);
    assert.deepEqual(got.map(rows), [null, [`${ALPHA} 0`], [`${ALPHA} 7`, `${BETA} 1`]]);
    assert.deepEqual(
      got.map((each) => each && [each.events, each.resets]),
      [null, [0, 0], [0, 0]],
    );
  });

  test("of 2^64-1 mean no limit where the recipe says so", () => {
    const at = (sec: number) => [memory(ALPHA, sec, 1, 2n ** 64n - 1n), memory(BETA, sec, 1, 2n ** 33n)];
    assert.deepEqual(rows(take({ metric: "memory.swap_limit" }, [at(10), at(11)])[1]), [`${BETA} ${2 ** 33}`]);
  });

  test("are scaled in integers, rounded down", () => {
    const zone = (sec: number) => kstat("zones:7:a", "zone_misc", sec, { zonename: "a", avenrun_1min: 641 });
    assert.deepEqual(rows(take({ metric: "cpu.loadavg" }, [[zone(10)], [zone(11)]])[1]), ["a 250"]);
  });
});

describe("thresholds", () => {
  const LATENCY = { metric: "fs.slow_ops", decomposition: ["latency"] };
  type Ops = readonly [reads: number, writes: number, ms10: number, ms100: number, s1: number, s10: number];
  const ops = (sec: number, [reads, writes, ms10, ms100, s1, s10]: Ops, crtime?: bigint) =>
    vfs(ALPHA, sec, { reads, writes, "10ms_ops": ms10, "100ms_ops": ms100, "1s_ops": s1, "10s_ops": s10 }, 7, crtime);
  const windows = (...samples: readonly Ops[]) =>
    take(
      LATENCY,
      samples.map((each, i) => [ops(10 + i, each)]),
    );

  test("become five buckets by subtracting neighbours", () => {
    const got = windows([100, 100, 50, 20, 5, 1], [160, 140, 80, 35, 12, 3]);
    assert.deepEqual(got.map(rows), [null, [`${ALPHA} 0:70 1:15 2:8 3:5 4:2`]]);
    assert.deepEqual(got[1]?.events, 100);
    assert.equal(got[1].rows[0]?.value, 0);
  });

  test("that did not grow have no row", () => {
    assert.deepEqual(windows([9, 9, 5, 2, 1, 0], [9, 9, 5, 2, 1, 0]).map(rows), [null, []]);
  });

  test("may be ahead of one another for a moment: no count is negative, and sums stay exact over time", () => {
    // In the second sample 10ms_ops has counted three operations that reads has not, and 1s_ops one that 100ms_ops has not.
    const got = windows([0, 0, 0, 0, 0, 0], [10, 0, 13, 4, 5, 0], [20, 0, 14, 6, 5, 0], [25, 0, 14, 6, 5, 0]);
    assert.deepEqual(got.map(rows), [
      null,
      [`${ALPHA} 1:9 3:5`],
      // Bucket 0 grew by 9, of which 3 were shown as bucket 1's before; bucket 2 by 2, less 1. Bucket 1 went back by 1.
      [`${ALPHA} 0:6 2:1`],
      [`${ALPHA} 0:5`],
    ]);
    const sums = new Map<number, number>();
    for (const window of got) {
      window?.rows[0]?.bucket.forEach((each, i) => {
        sums.set(each, (sums.get(each) ?? 0) + (window.rows[0]?.count[i] ?? 0));
      });
    }
    // 25 - 14, 14 - 6 and the one that bucket 1 still owes, 6 - 5, 5 - 0.
    assert.deepEqual([...sums].sort(), [
      [0, 11],
      [1, 9],
      [2, 1],
      [3, 5],
    ]);
  });

  test("what is owed is forgotten at a reset", () => {
    const made = 10_500_000_000n;
    const got = take(LATENCY, [
      [ops(10, [0, 0, 0, 0, 0, 0])],
      [ops(11, [0, 0, 3, 0, 0, 0])],
      [ops(12, [0, 0, 0, 0, 0, 0], made)],
      [ops(13, [4, 0, 0, 0, 0, 0], made)],
    ]);
    assert.deepEqual(got.map(rows), [null, [`${ALPHA} 1:3`], [], [`${ALPHA} 0:4`]]);
    assert.deepEqual(
      got.map((each) => each?.resets),
      [undefined, 0, 1, 0],
    );
  });

  test("beyond belief are a reset, not a distribution", () => {
    const [, window] = windows([0, 0, 0, 0, 0, 0], [2 ** 41, 0, 0, 0, 0, 0]);
    assert.deepEqual([rows(window), window?.resets], [[], 1]);
  });

  test("without one of their statistics say nothing, and publish which", () => {
    const at = (sec: number) => [vfs(ALPHA, sec, { reads: sec, writes: 0, "10ms_ops": 0, "1s_ops": 0, "10s_ops": 0 })];
    const [, window] = take(LATENCY, [at(10), at(11)]);
    assert.deepEqual([rows(window), window?.missing], [[], ["100ms_ops"]]);
  });

  test("as a scalar are the operations past the first", () => {
    const seconds = [[ops(10, [9, 9, 5, 2, 1, 0])], [ops(11, [19, 9, 8, 2, 1, 0])]];
    assert.deepEqual(rows(take({ metric: "fs.slow_ops" }, seconds)[1]), [`${ALPHA} 3`]);
  });

  test("answer predicates whose boundary is a threshold, and refuse the others", () => {
    const seconds = [[ops(10, [0, 0, 0, 0, 0, 0])], [ops(11, [70, 30, 30, 15, 7, 2])]];
    const of = (predicate: unknown) => rows(take({ ...LATENCY, predicate }, seconds)[1]);
    assert.deepEqual(of({ ge: ["latency", 1_000_000_000] }), [`${ALPHA} 3:5 4:2`]);
    assert.deepEqual(of({ not: { ge: ["latency", 10_000_000] } }), [`${ALPHA} 0:70`]);
    assert.deepEqual(of({ lt: ["latency", 100_000_000] }), [`${ALPHA} 0:70 1:15`]);
    for (const predicate of [
      { gt: ["latency", 1_000_000_000] },
      { or: [{ ge: ["latency", 5] }] },
      { eq: ["latency", 0] },
    ]) {
      assert.throws(() => windowsOf({ ...LATENCY, predicate }), InputError);
    }
    assert.throws(() => windowsOf({ metric: "fs.slow_ops", predicate: { ge: ["latency", 0] } }), InputError);
  });

  test("cannot be counted in other buckets", () => {
    assert.throws(
      () => windowsOf({ ...LATENCY, scheme: "quantize" }),
      (error: InputError) => error.errors[0]?.field === "scheme",
    );
  });
});

describe("shares", () => {
  const SHARE = { metric: "cpu.cpus", decomposition: ["utilization"] };
  const MS = 1_000_000;
  const at = (sec: number, ms: number) => [
    cpu(0, sec, [ms * 300 * MS, ms * 200 * MS, ms * 50 * MS]),
    cpu(1, sec, [ms * 1000 * MS, 0, 0]),
    cpu(2, sec, [0, 0, 0]),
    cpu(3, sec, [ms * 559 * MS, 0, ms * MS - ms]),
  ];

  test("make each kstat one observation of whole percent, rounded down", () => {
    const [, window] = take(SHARE, [at(10, 0), at(11, 1)]);
    // lquantize(0,100,1): bucket i+1 is i percent; 100 % and more is the last.
    assert.deepEqual(rows(window), [" 1:1 56:2 101:1"]);
    assert.equal(window?.events, 4);
  });

  test("are of the time that passed by snaptime, so a lost sample changes nothing", () => {
    const windows = windowsOf(SHARE);
    const samples = samplesOf({ epochSec: 10, kstats: at(10, 0) }, { epochSec: 12, kstats: at(12, 2) });
    const [, window] = samples.map((sample) => windows.take(sample, null));
    assert.deepEqual(rows(window), [" 1:1 56:2 101:1"]);
    assert.deepEqual([window?.elapsedNs, window?.late], [2e9, true]);
  });

  test("take any scheme, and are broken down by parts of the kstat's name", () => {
    const input = { metric: "cpu.cpus", decomposition: ["cpu", "utilization"], scheme: "lquantize(0,100,50)" };
    assert.deepEqual(rows(take(input, [at(10, 0), at(11, 1)])[1]), ["/0 2:1", "/1 3:1", "/2 1:1", "/3 2:1"]);
  });

  test("may be tested, in distributions and in scalars", () => {
    const predicate = { ge: ["utilization", 55] };
    assert.deepEqual(rows(take({ ...SHARE, predicate }, [at(10, 0), at(11, 1)])[1]), [" 56:2 101:1"]);
    const busy = { metric: "cpu.cpus", decomposition: ["cpu"], predicate: { gt: ["utilization", 55] } };
    assert.deepEqual(rows(take(busy, [at(10, 0), at(11, 1)])[1]), ["/1 1000000000"]);
  });

  test("of seconds are of seconds", () => {
    const disk = (sec: number, rtime: string) => [kstat("sd:1:sd1", "disk", sec, { rtime })];
    const input = { metric: "disk.busy", decomposition: ["busytime"] };
    assert.deepEqual(rows(take(input, [disk(10, "5.000000000"), disk(11, "5.429999999")])[1]), [" 43:1"]);
  });
});

describe("a window", () => {
  test("lasts the median of what passed between snaptimes", () => {
    const [, window] = take({ metric: "cpu.usage" }, [
      [usage("a", 10, 1, 1, 1), usage("b", 10, 1, 1, 2), usage("c", 10, 1, 1, 3)],
      [usage("a", 11, 1, 1, 1), usage("b", 11.002, 1, 1, 2), usage("c", 19, 1, 1, 3)],
    ]);
    assert.deepEqual([window?.elapsedNs, window?.late], [1_002_000_000, false]);
  });

  test("without a kstat in both samples lasts what passed by the host's clock", () => {
    const got = take({ metric: "cpu.usage" }, [[], [usage("a", 11, 1, 1, 1)]]);
    assert.deepEqual(got[1], { rows: [], elapsedNs: 1e9, late: false, events: 0, resets: 0, missing: [], kstats: 1 });
  });

  test("is late by the granularity that was asked for", () => {
    const seconds = [[usage("a", 10, 1, 1)], [usage("a", 16, 1, 1)]];
    assert.equal(take({ metric: "cpu.usage", granularitySec: 5 }, seconds)[1]?.late, false);
    assert.equal(take({ metric: "cpu.usage" }, seconds)[1]?.late, true);
  });

  test("of every kstat metric, broken down by all it has, reads a host without its kstats", () => {
    for (const [name, { metric, recipe }] of catalogue) {
      if (recipe.kind !== "kstat") continue;
      const decomposition = metric.fields.map((field) => field.name);
      const got = take({ metric: name, decomposition }, [[], []]);
      assert.deepEqual(got.map(rows), [null, []], name);
    }
  });
});
