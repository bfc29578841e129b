/**
 * What a host's answers (exit statuses, messages, statistics that are missing) become in its report: through real ssh.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { EnablingStatus } from "../../core/host-status.ts";
import { OwnCpu } from "../../collectors/own-cpu.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

const FINE = assignment(1, { metric: "proc.execs", decomposition: [] });
const BROKEN = assignment(2, { metric: "tcp.connections", decomposition: [] });
const REFUSED = assignment(3, { metric: "proc.forks", decomposition: [] });
const USAGE = assignment(4, { metric: "cpu.usage", decomposition: ["cpumode"] });

describe("a host's report", { concurrency: 1 }, () => {
  let bed: Bed;
  before(async () => {
    bed = await startBed(
      { hosts: 1, zonesPerHost: 1, backfillSec: 15 },
      { enablingTimings: { restartMinMs: 100, restartMaxMs: 300 } },
      (fleet) => {
        const host = fleet.host("cn-01");
        host.compileFaults.set("tcp.connections", "tcp_connp is not a member of conn_t");
        host.lacking.add("nsec_sys");
        host.fail(
          { kind: "exit", status: 77, stderr: "wrapper: refused: the program: it is too long\n" },
          { spec: REFUSED.id },
        );
      },
    );
    bed.assign(FINE, BROKEN, REFUSED, USAGE);
  });
  after(() => bed.close());

  const reaches = (spec: string, state: EnablingStatus["state"]) =>
    until(`${spec} is ${state}`, () => {
      const now = bed.status("cn-01", spec);
      return now?.state === state ? now : undefined;
    });

  test("tells what dtrace itself costs, beside the events a second", async () => {
    const status = await until("it is told", () => {
      const now = bed.status("cn-01", FINE.id);
      return now?.dtraceCpu === undefined ? undefined : now;
    });
    assert.ok((status.dtraceCpu ?? 0) > 0 && (status.dtraceCpu ?? 0) < 0.1, String(status.dtraceCpu));
    assert.ok(status.eventsPerSec !== null);
    assert.deepEqual(status.losses, {}, "and that line is no unknown one");
  });

  test("has the compiler's words for a program that does not compile there, and for its metric", async () => {
    const status = await reaches(BROKEN.id, "unsupported");
    assert.equal(status.cause, "does_not_compile");
    assert.match(status.reason, /tcp_connp is not a member of conn_t/);
    const metric = await until("the metric is tried", () =>
      bed.reports
        .get("cn-01")
        ?.detail?.metrics.find((each) => each.metric === "tcp.connections" && each.supported !== null),
    );
    assert.equal(metric.supported, false);
    assert.match(metric.reason, /tcp_connp is not a member of conn_t/);
  });

  test("has the wrapper's words for a program that it refuses", async () => {
    const status = await reaches(REFUSED.id, "unsupported");
    assert.equal(status.cause, "refused");
    assert.equal(status.reason, "exit status 77: wrapper: refused: the program: it is too long");
  });

  test("names the statistics that its kstats lack; what needs none of them is measured", async () => {
    const metric = await until("they are named", () =>
      bed.reports.get("cn-01")?.detail?.metrics.find((each) => each.metric === "cpu.usage" && each.missing.length > 0),
    );
    assert.deepEqual(metric.missing, ["nsec_sys"]);
    await until("windows of what is there", () =>
      bed.coverage.some((row) => row.spec === USAGE.id && row.status === "ok" && row.events > 0),
    );
  });

  test("says that tracing is switched off, of programs and of kstats; both go on when it is on again", async () => {
    const host = bed.fleet.host("cn-01");
    host.switchOff();
    for (const { id } of [FINE, USAGE]) {
      const status = await reaches(id, "disabled");
      assert.equal(status.cause, "kill_switch");
      assert.match(status.reason, /^exit status 75:? wrapper: switched off by \/var\/run\/isotherm\.off$/);
    }
    const offMs = Date.now();
    await until("gaps say so", () =>
      [FINE, USAGE].every(({ id }) =>
        bed.coverage.some((row) => row.spec === id && row.reason === "disabled" && row.ts * 1000 > offMs - 2_000),
      ),
    );
    host.switchOn();
    for (const { id } of [FINE, USAGE]) await reaches(id, "running");
    const lines = bed.log.filter((line) => JSON.stringify(line).includes("switched off"));
    assert.ok(lines.length <= 3, `${lines.length} lines: each thing is said once`);
  });
});

describe("dtrace's own CPU time", () => {
  const told = (...lines: readonly string[]): number | undefined => {
    const cpu = new OwnCpu();
    for (const line of lines) cpu.take(line);
    return cpu.rate;
  };

  test("is not known before it is told, and then is that since the start, then that of the last minute", () => {
    assert.equal(told(), undefined);
    assert.equal(told("1.5 of 10"), 0.15);
    assert.equal(told("1.5 of 10", "1.6 of 20"), 0.01);
    const lines = Array.from({ length: 20 }, (_, i) => `${i < 10 ? 5 : 5 + i - 9} of ${10 * (i + 1)}`);
    assert.equal(told(...lines), 0.1);
  });

  test("is not made up from nonsense", () => {
    for (const line of ["", "x of 10", "1 of 0", "1 on 10", "-1 of 10", "1 of x"])
      assert.equal(told(line), undefined, line);
    assert.equal(told("1 of 10", "2 of 10"), 0.1);
  });
});
