/**
 * The collector's small parts: columns, host keys, zones, batches, gaps.
 */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ColumnClock } from "../../collectors/column-clock.ts";
import { Coverage, type Delivery } from "../../collectors/coverage.ts";
import { checkHostKey, parseKnownHosts } from "../../collectors/known-hosts.ts";
import { readZones } from "../../collectors/zones.ts";
import { QUARANTINE, type CoverageRow, type WindowRow } from "../../core/window.ts";

describe("a window's column", () => {
  test("is the second that holds its middle", () => {
    assert.equal(new ColumnClock(1).columnOf(100_200), 99);
    assert.equal(new ColumnClock(1).columnOf(100_700), 100);
    assert.equal(new ColumnClock(10).columnOf(109_000), 100);
  });

  test("follows the one before, also where jitter crosses the border", () => {
    const clock = new ColumnClock(1);
    const ends = [100_499, 101_502, 102_498, 103_503, 104_500, 105_499];
    assert.deepEqual(
      ends.map((end) => clock.columnOf(end)),
      [99, 100, 101, 102, 103, 104],
    );
  });

  test("leaves out the columns that the host left out", () => {
    const clock = new ColumnClock(1);
    assert.deepEqual(
      [100_700, 103_700, 104_700].map((end) => clock.columnOf(end)),
      [100, 103, 104],
    );
  });

  test("starts afresh when the host's clock is stepped", () => {
    const clock = new ColumnClock(1);
    assert.deepEqual(
      [100_700, 3_701_700, 100_900].map((end) => clock.columnOf(end)),
      [100, 3701, 100],
    );
  });
});

describe("a host's key", () => {
  const blob = (type: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    return Buffer.concat([length, Buffer.from(type), randomBytes(32)]);
  };
  const key = blob("ssh-ed25519");
  const other = blob("ssh-ed25519");
  const rsa = blob("ssh-rsa");
  const line = (names: string, of = key): string => `${names} ssh-ed25519 ${of.toString("base64")}`;
  const salt = randomBytes(20);
  const hashed = `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update("[cn-01]:2222").digest("base64")}`;

  const cases: [name: string, file: string, port: number, shown: Buffer, expected: RegExp | undefined][] = [
    ["plain", line("cn-01"), 22, key, undefined],
    ["one of several names", line("a,cn-01,b"), 22, key, undefined],
    ["another port", line("[cn-01]:2222"), 2222, key, undefined],
    ["hashed", line(hashed), 2222, key, undefined],
    ["a second key", `${line("cn-01", other)}\n${line("cn-01")}`, 22, key, undefined],
    ["unknown host", line("cn-02"), 22, key, /unknown/],
    ["known on another port only", line("cn-01"), 2222, key, /unknown/],
    ["changed", line("cn-01"), 22, other, /CHANGED/],
    ["of a type never seen", line("cn-01"), 22, rsa, /unknown/],
    ["revoked", `@revoked * ssh-ed25519 ${key.toString("base64")}\n${line("cn-01")}`, 22, key, /revoked/],
    ["empty file", "", 22, key, /unknown/],
    ["commented out", `# ${line("cn-01")}`, 22, key, /unknown/],
  ];
  for (const [name, file, port, shown, expected] of cases) {
    test(name, () => {
      const problem = checkHostKey(parseKnownHosts(file), "cn-01", port, shown);
      if (expected === undefined) assert.equal(problem, undefined);
      else assert.match(problem ?? "accepted", expected);
    });
  }
});

describe("a host's zones", () => {
  test("have vmadm's owners, and quarantine where vmadm knows none", () => {
    const zoneadm = [
      "0:global:running:/::liveimg:shared:0",
      "3:aaaa:running:/zones/aaaa:u1:joyent:excl:3",
      "-:bbbb:installed:/zones/b\\:b:u2:bhyve:excl:4",
      "5:cccc:running:/zones/cccc:u3:native:shared:5",
      "",
    ].join("\n");
    const vmadm = JSON.stringify([
      { uuid: "u1", zonename: "aaaa", owner_uuid: "acme", alias: "web\u0007-0" },
      { uuid: "u2", zonename: "bbbb", owner_uuid: "globex", alias: "db-0" },
    ]);
    assert.deepEqual(readZones(zoneadm, vmadm), [
      { name: "aaaa", state: "running", owner: "acme", alias: "web-0" },
      { name: "bbbb", state: "installed", owner: "globex", alias: "db-0" },
      { name: "cccc", state: "running", owner: QUARANTINE, alias: "" },
    ]);
  });
  test("that cannot be read are an error, not an empty list", () =>
    assert.throws(() => readZones("", "cannot load VMs"), { code: "ZONES_UNREADABLE" }));
});

describe("coverage", () => {
  const collect = () => {
    const rows: CoverageRow[] = [];
    const coverage = new Coverage({
      spec: "s",
      host: "h",
      granularitySec: 1,
      sink: { add: (_windows: readonly WindowRow[], row: CoverageRow) => void rows.push(row) },
    });
    return { rows, coverage, columns: () => rows.map((row) => `${row.ts} ${row.status} ${row.reason}`.trim()) };
  };
  const tick = (n: number, endedMs: number): Delivery => ({
    enabling: "e",
    tick: n,
    endedMs,
    receivedMs: endedMs + 5,
    elapsedNs: 1e9,
    rows: [],
    events: 0,
    dropped: 0,
    losses: {},
  });

  test("declares the columns that a late frame left out", () => {
    const { coverage, columns } = collect();
    coverage.deliver(tick(1, 100_700), "late_tick");
    coverage.deliver(tick(2, 103_700), "late_tick");
    assert.deepEqual(columns(), ["100 ok", "101 gap late_tick", "102 gap late_tick", "103 ok"]);
  });

  test("declares overdue columns once, and takes them all the same when they come", () => {
    const { coverage, columns } = collect();
    coverage.deliver(tick(1, 100_700), "late_tick");
    coverage.overdue(105_500, "ssh_down");
    coverage.overdue(105_600, "ssh_down");
    coverage.deliver(tick(2, 101_700), "late_tick");
    assert.deepEqual(columns(), ["100 ok", "101 gap ssh_down", "101 ok"]);
  });

  test("declares the columns of an outage again when it is known what that was, and only those", () => {
    const { coverage, columns } = collect();
    coverage.overdue(100_500, "ssh_down");
    coverage.overdue(101_500, "ssh_down");
    coverage.deliver(tick(1, 99_700), "ssh_down");
    coverage.overdue(105_500, "ssh_down");
    coverage.correct("disabled", "host_reboot", 106_000);
    coverage.correct("ssh_down", "host_reboot", 106_000);
    coverage.overdue(106_500, "host_reboot");
    assert.deepEqual(columns(), [
      "97 gap ssh_down",
      "98 gap ssh_down",
      "99 ok",
      "100 gap ssh_down",
      "101 gap ssh_down",
      "100 gap host_reboot",
      "101 gap host_reboot",
      "102 gap host_reboot",
    ]);
    coverage.deliver(tick(2, 103_700), "host_reboot");
    coverage.correct("ssh_down", "host_reboot", 107_000);
    assert.equal(columns().at(-1), "103 ok");
  });

  test("follows a clock that is set back, and history that is told late", () => {
    const { coverage, columns } = collect();
    coverage.deliver(tick(1, 5_000_700), "late_tick");
    coverage.deliver(tick(2, 100_700), "late_tick");
    coverage.overdue(105_500, "ssh_down");
    assert.deepEqual(columns(), ["5000 ok", "100 ok", "101 gap ssh_down"]);
  });

  test("marks a window with losses partial, with their number and kinds", () => {
    const { coverage, rows } = collect();
    coverage.deliver({ ...tick(1, 100_700), dropped: 3, losses: { aggregation_drops: 3 } }, "late_tick");
    assert.deepEqual([rows[0]?.status, rows[0]?.dropped, rows[0]?.detail], ["partial", 3, '{"aggregation_drops":3}']);
  });
});
