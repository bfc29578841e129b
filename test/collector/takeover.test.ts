/**
 * Programs that take over from others, because zones have come or gone, or because an hour is nearly over: through real ssh, no
 * column is lost and no second is counted twice.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Takeover, type Incoming, type Outgoing } from "../../collectors/takeover.ts";
import type { Frame } from "../../collectors/frames.ts";
import { assignment, startBed, type Bed } from "./bed.ts";
import { until } from "../until.ts";

/** What was used of what the host printed, as the ends of windows, epoch ms. */
function windowsOf(bed: Bed, spec: string): number[] {
  const printed = new Map(
    bed.fleet.ledger.frames({ spec }).map((frame) => [`${frame.nonce.slice(0, 16)} ${frame.tick}`, frame.endMs]),
  );
  return bed.coverage
    .filter((row) => row.spec === spec && row.status !== "gap")
    .map((row) => printed.get(`${row.enabling} ${row.tick}`) ?? NaN);
}

function assertTiled(bed: Bed, spec: string): void {
  const ends = windowsOf(bed, spec);
  const seconds = Array.from({ length: ends.length }, (_, i) => (ends[0] ?? 0) + i * 1000);
  assert.deepEqual(ends, seconds, "each second once, in order");
  const rows = bed.coverage.filter((row) => row.spec === spec);
  const gaps = rows.slice(rows.findIndex((row) => row.status === "ok")).filter((row) => row.status === "gap");
  assert.deepEqual(gaps, []);
}

const enablings = (bed: Bed, spec: string): Set<string> =>
  new Set(bed.coverage.filter((row) => row.spec === spec && row.status === "ok").map((row) => row.enabling));

describe("a program that takes over", { concurrency: true }, () => {
  test("when zones come and go leaves no column out and counts no second twice", async () => {
    const bed = await startBed({ hosts: 1, zonesPerHost: 1, tenants: 1 }, { zonesEveryMs: 200 });
    try {
      const tenant = bed.fleet.tenants[0]?.id ?? "";
      const spec = assignment(1, { metric: "proc.execs", decomposition: [], scope: [tenant] });
      bed.assign(spec);
      await until("it runs", () => enablings(bed, spec.id).size === 1);
      const zone = bed.fleet.createZone("cn-01", { owner: tenant });
      await until("another has taken over", () => enablings(bed, spec.id).size === 2);
      // Two changes at once, before the first successor runs.
      bed.fleet.destroyZone(zone.name);
      await until("a third is started", () => (bed.fleet.hosts[0]?.running.size ?? 0) >= 2);
      bed.fleet.createZone("cn-01", { owner: tenant });
      await until("another has taken over again", () => enablings(bed, spec.id).size === 3);
      await until("one program is left", () => bed.fleet.hosts[0]?.running.size === 1);
      assertTiled(bed, spec.id);
      assert.equal(bed.status("cn-01", spec.id)?.state, "running");
    } finally {
      await bed.close();
    }
  });

  test("before its hour is over does so on a shared channel as well", async () => {
    const bed = await startBed({ hosts: 1, zonesPerHost: 1 }, { enablingTimings: { renewMs: 2_000 } });
    try {
      const specs = [1, 2, 3, 4, 5].map((n) =>
        assignment(n, { metric: "proc.execs", decomposition: [], predicate: { ne: ["execname", `e${n}`] } }),
      );
      const disks = assignment(9, { metric: "disk.physio_ops", decomposition: ["disk"] });
      bed.assign(disks, ...specs);
      const all = [disks, ...specs];
      await until("all have been renewed", () => all.every(({ id }) => enablings(bed, id).size >= 2));
      for (const { id } of specs) assertTiled(bed, id);
      const watched = bed.coverage.filter((row) => row.spec === disks.id && row.status === "ok").map((row) => row.ts);
      assert.deepEqual(
        watched,
        watched.map((_, i) => (watched[0] ?? 0) + i),
        "counters lose nothing either",
      );
    } finally {
      await bed.close();
    }
  });

  test("and fails leaves the field to its next try: the old one ends, and a gap says why", async () => {
    const bed = await startBed(
      { hosts: 1, zonesPerHost: 1 },
      { enablingTimings: { renewMs: 1_500, restartMinMs: 100 } },
    );
    try {
      const spec = assignment(1, { metric: "proc.execs", decomposition: [] });
      bed.assign(spec);
      await until("it runs", () => enablings(bed, spec.id).size === 1);
      bed.fleet.host("cn-01").fail({ kind: "exit", status: 1, stderr: "dtrace: processing aborted: oops\n" });
      await until("the next one runs", () => enablings(bed, spec.id).size >= 2);
      await until("one is left", () => (bed.fleet.hosts[0]?.running.size ?? 9) <= 2);
      const ends = windowsOf(bed, spec.id);
      assert.equal(new Set(ends).size, ends.length, "no second twice");
    } finally {
      await bed.close();
    }
  });
});

describe("the boundary between two programs", () => {
  const START = 1_700_000_000_000;
  const frame = (tick: number, wallMs: number): Frame =>
    ({ tick, wallMs, rows: [], events: 0, sum: 0 }) as unknown as Frame;

  /** @param lastMs when the old one's last window ended */
  async function takeOver(lastMs: number | undefined, frames: readonly number[]) {
    const used: { tick: number; seconds: number; missedMs: number }[] = [];
    let asked = 0;
    const from: Outgoing = {
      expectSuccessor: () => START,
      retire: (boundaryMs) => {
        asked = boundaryMs;
        return Promise.resolve(lastMs);
      },
      stop: () => undefined,
    };
    const takeover = new Takeover(from, START, 1, ({ frame: { tick }, elapsedNs, missedMs }: Incoming) => {
      used.push({ tick, seconds: elapsedNs / 1e9, missedMs });
    });
    assert.equal(takeover.after, BigInt(START) * 1_000_000n);
    frames.forEach((wallMs, i) => takeover.take(frame(i + 1, wallMs), wallMs));
    await new Promise((resolve) => setImmediate(resolve));
    return { used, asked };
  }

  test("is the old one's tick; the first window is what is left of the period", async () => {
    assert.deepEqual(await takeOver(START + 3000, [START + 3400, START + 4400]), {
      used: [
        { tick: 1, seconds: 0.4, missedMs: 0 },
        { tick: 2, seconds: 1, missedMs: 0 },
      ],
      asked: START + 3000,
    });
  });

  test("that the old one's tick misses is said", async () => {
    const { used } = await takeOver(START + 3070, [START + 3400, START + 4400]);
    assert.deepEqual(
      used.map(({ missedMs }) => missedMs),
      [70, 0],
    );
  });

  test("that the old one has passed already costs the new one's windows, and counts nothing twice", async () => {
    const { used } = await takeOver(START + 4000, [START + 3400, START + 4400, START + 5400]);
    assert.deepEqual(used, [{ tick: 3, seconds: 1, missedMs: 0 }]);
  });

  test("that the old one never reaches leaves a gap, and no note", async () => {
    const { used } = await takeOver(START + 1000, [START + 3400]);
    assert.deepEqual(used, [{ tick: 1, seconds: 0.4, missedMs: 0 }]);
  });
});
