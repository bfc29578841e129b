/**
 * isotherm check: what it says of hosts that are fit, and of hosts with something wrong, through the collector's own code.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checksJson, checksText, checkAll } from "../../cli/check.ts";
import { inkFor } from "../../cli/ink.ts";
import type { HostConfig } from "../../collectors/collector.ts";
import type { HostCheck } from "../../collectors/host-check.ts";
import { judge, NOT_YET, type Evidence, type StepName } from "../../collectors/host-verdict.ts";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { UNPRIVILEGED } from "../../collectors/simulator/faults.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { freePort } from "../../bench/peers/peer.ts";

const TIMEOUT_MS = 60_000;
const NO_NODE = "dtrace: failed to compile script: probe description node*:::gc-start does not match any probes\n";
const NO_INK = inkFor({}, {});

describe("isotherm check", () => {
  let fleet: Fleet;
  let checks: readonly HostCheck[];
  let closedPort: number;

  before(async () => {
    const keys = makeKeyPair();
    fleet = await startFleet({ hosts: 8, zonesPerHost: 2, tenants: 1, clientPublicKey: keys.publicKey });
    const [, noPrivileges, switchedOff, late, orphaned, , changed] = fleet.hosts;
    noPrivileges?.fail({ kind: "exit", status: 1, stderr: UNPRIVILEGED }, { times: 9 });
    switchedOff?.switchOff();
    if (late !== undefined) late.clockOffsetMs = 90_000;
    const [, zone] = orphaned?.zones ?? [];
    if (zone !== undefined) zone.ownerUuid = "";
    // All run one image, so each metric is compiled once, by whichever host comes to it.
    for (const { compileFaults } of fleet.hosts) compileFaults.set("node.gc", NO_NODE);
    closedPort = await freePort();
    const other = makeKeyPair().publicKey;
    const known = parseKnownHosts(
      fleet.hosts
        .slice(0, 7)
        .map((host) => `[${host.name}]:${host.port} ${host === changed ? other : host.hostKey}`)
        .join("\n"),
    );
    const config = (name: string, port: number, privateKey = keys.privateKey): HostConfig => ({
      name,
      platform: "smartos",
      target: { host: name, address: "127.0.0.1", port, username: "isotherm", privateKey },
    });
    const hosts = [
      ...fleet.hosts.map(({ name, port }) => config(name, port)),
      config("gone", closedPort),
      { ...config("cn-01", fleet.hosts[0]?.port ?? 0, makeKeyPair().privateKey), name: "foreign" },
    ];
    checks = await checkAll(hosts, known, TIMEOUT_MS, {
      write: () => assert.fail("no progress but on a terminal"),
    });
  });
  after(() => fleet.close());

  const stepOf = (host: string, name: StepName) => {
    const step = checks.find((each) => each.host === host)?.steps.find((each) => each.name === name);
    assert.ok(step);
    return step;
  };

  test("a host that is fit is ok in all that is its own: a program has printed a frame, every kstat metric had a sample", () => {
    const check = checks.find(({ host }) => host === "cn-01");
    assert.deepEqual(
      check?.steps.slice(0, -1).map(({ name, state, next }) => [name, state, next]),
      ["reach", "host key", "wrapper", "zones", "clock", "dtrace", "kstat"].map((name) => [name, "ok", ""]),
      JSON.stringify(check?.steps),
    );
    assert.equal(check.ok, true);
    assert.equal(stepOf("cn-01", "zones").brief, "2");
    assert.equal(stepOf("cn-01", "dtrace").brief, "1.13.1");
    assert.ok(
      check.metrics.filter(({ supported }) => supported === true).length > 30,
      "the catalogue, metric by metric",
    );
  });

  const findings: [host: string, step: StepName, state: string, brief: RegExp, next: RegExp][] = [
    ["cn-02", "dtrace", "failed", /^no privileges$/, /dtrace_kernel/],
    ["cn-03", "dtrace", "failed", /^switched off$/, /remove the file/],
    ["cn-03", "kstat", "failed", /^switched off$/, /remove the file/],
    ["cn-04", "clock", "warning", /^\+(89|90) s$/, /NTP/],
    ["cn-05", "zones", "warning", /^2, 1 nobody's$/, /quarantine/],
    ["cn-06", "metrics", "warning", /^\d+ of \d+$/, /lacks what they measure/],
    ["cn-07", "host key", "failed", /^CHANGED$/, /find out why/],
    ["cn-08", "host key", "failed", /^unknown$/, /isotherm host add/],
    ["gone", "reach", "failed", /^refused$/, /sshd/],
    ["foreign", "reach", "failed", /^key refused$/, /authorized_keys/],
  ];
  for (const [host, step, state, brief, next] of findings) {
    test(`${host}: ${step} is ${state}, and what to do is said`, () => {
      const found = stepOf(host, step);
      assert.equal(found.state, state, JSON.stringify(found));
      assert.match(found.brief, brief);
      assert.match(found.next, next);
    });
  }

  test("a warning leaves a host fit, a failure does not, and what came after it is unknown", () => {
    assert.deepEqual(
      checks.filter(({ ok }) => ok).map(({ host }) => host),
      ["cn-01", "cn-04", "cn-05", "cn-06"],
    );
    assert.equal(stepOf("cn-08", "dtrace").state, "unknown");
  });

  test("the metric that does not compile is named with dtrace's own words", () => {
    assert.match(
      stepOf("cn-06", "metrics").text,
      /^do not compile: .*node\.gc \(probe description node\*:::gc-start does not match any probes\)/,
    );
  });

  test("hosts are tried at once, each within its time", () => {
    for (const { host, tookMs } of checks) assert.ok(tookMs < TIMEOUT_MS, `${host}: ${tookMs} ms`);
  });

  test("the table has a row a host, and below it a line and an advice for whatever is not ok", () => {
    const text = checksText(checks, NO_INK);
    const lines = text.split("\n");
    assert.match(lines[0] ?? "", /^HOST +REACH +HOST KEY +WRAPPER +ZONES +CLOCK +DTRACE +KSTAT +METRICS$/);
    assert.equal(lines.indexOf(""), 1 + checks.length);
    assert.match(text, /\nx cn-02: dtrace: exit status 1: .*additional privileges\n {4}log in as root, or /);
    assert.match(text, /\n4 of 10 hosts are fit\n$/);
    assert.ok(!text.includes("\u001b"), "no colours but on a terminal");
    const coloured = checksText(checks, inkFor({ isTTY: true }, {}));
    assert.ok(coloured.includes("\u001b[31mx no privileges\u001b[0m"));
    assert.equal(checksText(checks, inkFor({ isTTY: true }, { NO_COLOR: "1" })), text);
  });

  test("what several hosts have in common is said once, with their names; failures come first", () => {
    const text = checksText(checks, NO_INK);
    const said = text.split("\n").filter((line) => /^[x!] /.test(line));
    assert.equal(said.filter((line) => line.includes("node.gc")).length, 1, text);
    assert.match(text, /\n! cn-01(, cn-0\d)+: metrics: .*do not compile: /);
    assert.equal(text.match(/node\*:::gc-start/g)?.length, 1);
    assert.deepEqual(
      said.map((line) => line[0]),
      said
        .map((line) => line[0])
        .sort()
        .reverse(),
    );
    const [first] = checks.filter(({ host }) => host === "gone");
    assert.ok(first);
    const rack = Array.from({ length: 12 }, (_, i): HostCheck => ({ ...first, host: `cn-${i}` }));
    assert.match(checksText(rack, NO_INK), /\n\nx all 12 hosts: reach: .*\n {4}is sshd .*\n\n0 of 12 hosts are fit\n$/);
    assert.match(
      checksText([...rack, ...checks.filter(({ ok }) => ok)], NO_INK),
      /\nx cn-0, cn-1, cn-2, cn-3, cn-4, cn-5, cn-6, cn-7 and 4 more: reach: /,
    );
  });

  test("the JSON has every step of every host", () => {
    const { hosts } = JSON.parse(checksJson(checks)) as { hosts: HostCheck[] };
    assert.deepEqual(hosts, checks);
  });
});

describe("the verdict", () => {
  const evidence: Evidence = {
    report: undefined,
    zones: undefined,
    facts: undefined,
    platform: "smartos",
    timedOut: true,
    timeoutMs: 3_000,
  };
  const down = (reason: string): Evidence => ({
    ...evidence,
    report: { collector: "check", atMs: 0, state: "down", reason, platform: "" },
  });
  const rows: [name: string, evidence: Evidence, step: StepName, brief: string][] = [
    ["no report in time", evidence, "reach", "no answer"],
    ["no answer to the handshake", down(NOT_YET), "reach", "no answer"],
    ["a name that nobody knows", down("connect to cn-1:22: getaddrinfo ENOTFOUND cn-1"), "reach", "no such name"],
    ["a key that is revoked", down("connect to cn-1:22: host key SHA256:x is revoked"), "host key", "revoked"],
    [
      "a login without the wrapper",
      down('run "version": exit status 127: sh: version: not found'),
      "wrapper",
      "no answer",
    ],
    ["a user who may not run vmadm", down('run "vms": exit status 1: vmadm: denied'), "zones", "cannot be listed"],
    [
      "a vmadm that prints no JSON",
      down("read the answer of vmadm lookup -j: Unexpected token"),
      "zones",
      "cannot be listed",
    ],
  ];
  for (const [name, given, step, brief] of rows) {
    test(`of ${name}: ${step} is "${brief}"`, () => {
      const { ok, steps } = judge(given);
      const found = steps.find((each) => each.name === step);
      assert.deepEqual([ok, found?.state, found?.brief], [false, "failed", brief]);
      assert.ok((found?.next ?? "") !== "", "what to do next");
    });
  }
});
