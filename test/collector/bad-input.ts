/**
 * bad-input.ts: hosts on which one program goes wrong in every way that is known: what else runs there goes on, the reason is in the report, and
 * in the log once.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Fault } from "../../collectors/simulator/faults.ts";
import type { Cause, EnablingState } from "../../core/host-status.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

const BAD = assignment(1);
const GOOD = assignment(2, { metric: "proc.execs", decomposition: [] });

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly state: EnablingState;
  readonly cause: Cause;
  readonly reason: RegExp;
  /** Of the columns that are missing. */
  readonly gap: string;
}

const REFUSED = 'dtrace: failed to compile script /tmp/x.d: line 4: syntax error near ";"\n';
const NO_PROBE =
  "dtrace: failed to compile script x.d: line 2: probe description fbt::nosuch:entry does not match any probes\n";

const CASES: readonly Case[] = [
  {
    name: "dtrace is missing",
    fault: { kind: "no-dtrace" },
    state: "unsupported",
    cause: "no_dtrace",
    reason: /exit status 127.*not found/,
    gap: "unsupported",
  },
  {
    name: "dtrace is not privileged",
    fault: { kind: "unprivileged" },
    state: "unsupported",
    cause: "no_privileges",
    reason: /additional privileges/,
    gap: "unsupported",
  },
  {
    name: "the program does not compile",
    fault: { kind: "exit", status: 1, stderr: REFUSED },
    state: "unsupported",
    cause: "does_not_compile",
    reason: /syntax error/,
    gap: "unsupported",
  },
  {
    name: "a probe does not exist",
    fault: { kind: "exit", status: 1, stderr: NO_PROBE },
    state: "unsupported",
    cause: "no_such_probe",
    reason: /does not match any probes/,
    gap: "unsupported",
  },
  {
    name: "it exits at once, again and again",
    fault: { kind: "exit", status: 3 },
    state: "resting",
    cause: "exit",
    reason: /^exit status 3$/,
    gap: "dtrace_exit",
  },
  {
    name: "the kernel aborts it",
    fault: { kind: "unresponsive", tick: 2 },
    state: "disabled",
    cause: "unresponsive",
    reason: /systemic unresponsiveness/,
    gap: "disabled",
  },
  {
    name: "it hangs in the middle of a frame",
    fault: { kind: "hang", tick: 2 },
    state: "resting",
    cause: "silent",
    reason: /no frame for/,
    gap: "dtrace_exit",
  },
  {
    name: "it never prints",
    fault: { kind: "silent" },
    state: "resting",
    cause: "silent",
    reason: /no frame for/,
    gap: "dtrace_exit",
  },
];

export function badInput(): void {
  describe("a program that goes wrong", { concurrency: true }, () => {
    let bed: Bed;
    before(async () => {
      bed = await startBed(
        { hosts: CASES.length, zonesPerHost: 2 },
        { enablingTimings: { silenceMs: 1_500, firstFrameMs: 2_000, restartMinMs: 800, restartMaxMs: 1_200 } },
      );
      CASES.forEach(({ fault }, i) => bed.fleet.hosts[i]?.fail(fault, { times: 10_000, spec: BAD.id }));
      bed.assign(BAD, GOOD);
    });
    after(async () => {
      const connections = bed.fleet.hosts.map((host) => host.connections);
      await bed.close();
      assert.deepEqual(new Set(connections), new Set([1]), "the connections have stood all the while");
      assert.ok(!bed.log.some((line) => line.msg === "host is down"));
    });

    CASES.forEach(({ name, state, cause, reason, gap }, i) => {
      test(name, async () => {
        const host = bed.fleet.hosts[i]?.name ?? "";
        const status = await until(`${state} is reported`, () => {
          const now = bed.status(host, BAD.id);
          return now?.state === state ? now : undefined;
        });
        assert.equal(status.cause, cause);
        assert.match(status.reason, reason);
        await until("the gap is declared with its reason", () =>
          bed.coverage.some((row) => row.host === host && row.spec === BAD.id && row.reason === gap),
        );
        const from = Date.now() / 1000;
        await until(
          "the other program goes on",
          () =>
            bed.coverage.filter((row) => row.host === host && row.spec === GOOD.id && row.ts > from - 1).length >= 2,
        );
        const said = bed.log.filter((line) => line.host === host && line.level >= 40 && reason.test(line.reason ?? ""));
        assert.ok(said.length >= 1, "the log says it");
        const texts = said.map((line) => `${line.msg} ${line.reason ?? ""}`);
        assert.equal(new Set(texts).size, texts.length, "and each thing once");
        assert.ok(texts.length <= 4, texts.join("\n"));
      });
    });
  });

  describe("output that is not as it should be", { concurrency: true }, () => {
    const FLOOD = assignment(3);
    const LONG = assignment(4, { decomposition: ["execname"] });
    const JUNK = assignment(5, { decomposition: ["syscall"] });
    const STRANGE = assignment(6, { decomposition: ["errno"] });
    let bed: Bed;
    before(async () => {
      bed = await startBed({ hosts: 1 });
      const [host] = bed.fleet.hosts;
      host?.fail({ kind: "stderr-flood", tick: 2, lines: 50_000 }, { spec: FLOOD.id });
      host?.fail(
        { kind: "junk", tick: 2, bytes: "x".repeat(10 * 1024 * 1024) + "\n", within: true },
        { spec: LONG.id },
      );
      host?.fail(
        { kind: "junk", tick: 2, bytes: Buffer.from([0, 255, 10, 64, 98, 10, 13, 10, 1]), within: true },
        { spec: JUNK.id },
      );
      host?.fail(
        { kind: "drops", tick: 2, lines: ["dtrace: the moon is made of cheese", "dtrace: so it is"] },
        { spec: STRANGE.id },
      );
      bed.assign(FLOOD, LONG, JUNK, STRANGE);
    });
    after(() => bed.close());

    const rowsOf = (spec: string) => bed.coverage.filter((row) => row.spec === spec);
    const whole = (spec: string, count: number) =>
      until(`${count} windows`, () => {
        const rows = rowsOf(spec).filter((row) => row.status !== "gap");
        return rows.length >= count ? rows : undefined;
      });

    test("a flood on standard error is counted on the window it spoils, and harms no other", async () => {
      const rows = await whole(FLOOD.id, 4);
      const spoilt = rows.filter((row) => row.status === "partial");
      const drops = spoilt.reduce(
        (sum, row) => sum + ((JSON.parse(row.detail) as Record<string, number>)["aggregation_drops"] ?? 0),
        0,
      );
      assert.equal(drops, 50_000 * 5_027_700);
      assert.ok(spoilt.length <= 2, "what comes within the same tick belongs to it");
      assert.ok(bed.log.filter((line) => line.level >= 40).length < 10, "the log is not flooded");
    });

    for (const [name, spec] of [
      ["a line of 10 MB", LONG.id],
      ["garbage within a frame", JUNK.id],
    ] as const) {
      test(`${name} costs one window, whose gap says so`, async () => {
        const rows = await whole(spec, 3);
        const gaps = rowsOf(spec).filter((row) => row.status === "gap" && row.reason === "bad_frame");
        assert.deepEqual(
          gaps.map((row) => row.ts),
          [(rows[0]?.ts ?? 0) + 1],
        );
        assert.deepEqual(rows.map((row) => row.tick).slice(0, 3), [1, 3, 4], "the same program goes on");
      });
    }

    test("lines that are not understood are counted, with a sample, and spoil nothing", async () => {
      const rows = await whole(STRANGE.id, 3);
      assert.ok(rows.every((row) => row.status === "ok"));
      const status = await until("the report says it", () => {
        const now = bed.status("cn-01", STRANGE.id);
        return now?.losses["unknown_lines"] === 2 ? now : undefined;
      });
      assert.match(status.unknownSample, /moon is made of cheese/);
    });
  });
}
