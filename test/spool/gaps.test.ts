/**
 * What becomes of coverage that was in the spool and will not be stored: gap rows, as many columns as were lost, never growing.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gapsOf } from "../../collectors/spool-gaps.ts";
import { decodePayload, encodePayload } from "../../collectors/spool-payload.ts";
import { Quarantine } from "../../collectors/spool-quarantine.ts";
import type { CoverageRow, GapReason } from "../../core/window.ts";
import { coverageRow } from "./rows.ts";

const gap = (ts: number, reason: GapReason, rest: Partial<CoverageRow> = {}): CoverageRow => ({
  ...coverageRow(0),
  ts,
  status: "gap",
  reason,
  ...rest,
});
const shown = (rows: readonly CoverageRow[]): string[] =>
  rows.map(({ ts, reason, elapsedNs }) => `${ts} ${reason}${elapsedNs > 0 ? ` ${elapsedNs / 1e9} s` : ""}`);

describe("gap rows", () => {
  test("of lost windows are one a window, with the reason of the loss", () => {
    const windows = [7, 8].map((ts) => ({ ...coverageRow(1), ts, elapsedNs: 1e9 }));
    assert.deepEqual(shown(gapsOf(windows, "spool_overflow", 5)), ["7 spool_overflow", "8 spool_overflow"]);
  });

  test("of lost gaps keep their reason, and neighbours of one host become one", () => {
    const lost = [
      ...[1, 2, 3, 5].map((ts) => gap(ts, "ssh_down")),
      gap(4, "ssh_down", { host: "cn-02" }),
      gap(6, "dtrace_exit"),
    ];
    const expected = ["1 ssh_down 3 s", "5 ssh_down", "4 ssh_down", "6 dtrace_exit"];
    assert.deepEqual(shown(gapsOf(lost, "spool_overflow", 0)), expected);
  });

  test("that were joined before are joined again, however often they are lost, also through the spool", () => {
    let rows = Array.from({ length: 60 }, (_, i) => gap(100 + i, "spool_overflow"));
    const throughSpool = (coverage: readonly CoverageRow[]): readonly CoverageRow[] => {
      const parts = encodePayload({ rows: 1, digest: "", coverage, bytes: new Uint8Array(1) });
      return decodePayload(new Uint8Array(Buffer.concat(parts))).coverage;
    };
    for (let times = 0; times < 3; times++) {
      const halves = [rows.slice(0, 20), rows.slice(20)];
      rows = halves.flatMap((half) => gapsOf(throughSpool(half), "spool_overflow", 0));
    }
    assert.deepEqual(shown(gapsOf(rows, "spool_overflow", 0)), ["100 spool_overflow 60 s"]);
  });

  test("end at midnight (UTC), since a batch has one day", () => {
    const rows = [86_398, 86_399, 86_400, 86_401].map((ts) => gap(ts, "ssh_down"));
    assert.deepEqual(shown(gapsOf(rows, "spool_overflow", 0)), ["86398 ssh_down 2 s", "86400 ssh_down 2 s"]);
  });

  test("that ingest refuses are declared once more and then no more", () => {
    const once = gapsOf([gap(1, "ssh_down"), coverageRow(1)], "quarantined", 0);
    assert.deepEqual(new Set(once.map(({ reason }) => reason)), new Set(["quarantined"]));
    assert.deepEqual(gapsOf(once, "quarantined", 0), []);
  });
});

test("a quarantine keeps the newest within its bounds, with what ingest answered", async (t) => {
  const path = mkdtempSync(join(tmpdir(), "isotherm-quarantine-"));
  t.after(() => rmSync(path, { recursive: true }));
  const quarantine = new Quarantine(path, { batches: 3, bytes: 250 });
  const batch = (seq: number, size: number) => ({
    ...{ stream: "c-1", seq, after: seq - 1, rows: 1, digest: "", coverage: [] },
    bytes: new Uint8Array(size),
  });
  for (const seq of [1, 2, 3, 4]) await quarantine.add(batch(seq, 50), { status: 400, answer: "no", atMs: seq });
  const kept = (): string[] => readdirSync(join(path, "quarantine")).map((name) => name.replace(/^0+/, ""));
  assert.deepEqual(kept(), ["2-2.arrow", "2-2.json", "3-3.arrow", "3-3.json", "4-4.arrow", "4-4.json"]);
  await quarantine.add(batch(5, 200), { status: 400, answer: "no", atMs: 5 });
  assert.deepEqual(kept(), ["4-4.arrow", "4-4.json", "5-5.arrow", "5-5.json"]);
});
