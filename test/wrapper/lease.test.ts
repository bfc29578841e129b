/**
 * lease.test.ts: nothing outlives whoever asked for it, whichever way they go; and nothing outlives the kill switch.
 *
 * Each case has a host of its own, and ends only when no process of that host is left. SIGKILL follows SIGTERM after 1 s here;
 * installed, after 2 s.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { makeBed, NO_SSHD, SHELLS, which, type Bed, type BedHost, type Shell } from "./bed.ts";
import { fake, nothingLeft, processesOf, program, run, start, type Remote } from "./remote.ts";
import { until } from "../until.ts";

/** A second to notice, a second to SIGKILL, and room for a busy machine. */
const SOON_MS = 6_000;
/** A shell and an sshd or two each; more at once only delay each other past what is tested. */
const AT_ONCE = 32;

interface Traced {
  readonly host: BedHost;
  readonly remote: Remote;
  readonly close: () => void;
}

describe("the lease", { skip: NO_SSHD, concurrency: AT_ONCE }, async () => {
  if (NO_SSHD !== false) return;
  const bed = await makeBed();
  after(() => bed.close());

  for (const shell of SHELLS) {
    const name = shell.name;

    test(`${name}: the end of input ends dtrace in order`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks");
      remote.channel.end();
      const { code, stdout, stderr } = await remote.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /END\n$/);
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: silence ends dtrace, and is said; a line in time does not let it come to that`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks", { LEASE_SEC: 2 });
      const startedMs = Date.now();
      const timer = setInterval(() => remote.channel.write("lease\n"), 500);
      await until("longer than the lease", () => Date.now() - startedMs > 3_200);
      clearInterval(timer);
      assert.equal(remote.stderr, "");
      assert.ok(!remote.stdout.includes("END"), "still running");
      const { code, stdout, stderr } = await remote.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "wrapper: ended: no lease for 2 s\n" });
      assert.match(stdout, /END\n$/);
      assert.match(host.read("syslog"), /ended run [0-9a-f]{32}: no lease for 2 s/);
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: bytes that never make a line are no lease`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks", { LEASE_SEC: 1 });
      const timer = setInterval(() => remote.channel.write("x"), 200);
      const { stderr } = await remote.ended;
      clearInterval(timer);
      assert.equal(stderr, "wrapper: ended: no lease for 1 s\n");
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: a dtrace that ignores SIGTERM is killed`, async () => {
      const { host, remote, close } = await trace(bed, shell, "stubborn");
      remote.channel.end();
      const { code } = await remote.ended;
      assert.equal(code, 137);
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: a quiet dtrace does not outlive its connection`, async () => {
      const { host, remote, close } = await trace(bed, shell, "quiet");
      close();
      await remote.ended;
      await nothingLeft(host, SOON_MS);
    });

    test(`${name}: a quiet dtrace does not outlive its sshd, killed`, async () => {
      // A bed of its own: all its sshd processes are those of this connection.
      const own = await makeBed();
      const { host, remote } = await trace(own, shell, "quiet");
      for (const { pid } of own.servers) for (const each of serversFrom(pid ?? 0)) process.kill(each, "SIGKILL");
      await remote.ended;
      await nothingLeft(host, SOON_MS);
      await own.close();
    });

    test(`${name}: dtrace does not outlive the wrapper, killed; nor does its folder`, async () => {
      const { host, remote, close } = await trace(bed, shell, "stubborn");
      const dtrace = Number(host.read("dtrace.pid"));
      process.kill(parentOf(dtrace), "SIGKILL");
      await nothingLeft(host, SOON_MS);
      await remote.ended;
      close();
    });

    test(`${name}: SIGTERM to the wrapper ends dtrace in order`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks");
      process.kill(parentOf(Number(host.read("dtrace.pid"))), "SIGTERM");
      const { code, stdout, stderr } = await remote.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "wrapper: ended: SIGTERM\n" });
      assert.match(stdout, /END\n$/);
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: the kill switch ends what runs and refuses what would, but for answers`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks");
      host.switchOff();
      const off = `wrapper: switched off by ${host.folder}/other-off\n`;
      const ended = await remote.ended;
      assert.deepEqual([ended.code, ended.stderr], [75, off]);
      assert.match(ended.stdout, /END\n$/);
      const connection = await host.connect();
      for (const command of [`run ${"0".repeat(32)}`, `compile ${"0".repeat(32)}`, "kstat zones:::"]) {
        const refused = await run(connection, command);
        assert.deepEqual([refused.code, refused.stdout, refused.stderr], [75, "", off], command);
      }
      assert.equal((await run(connection, "version")).code, 0);
      assert.equal((await run(connection, "zones")).code, 0);
      assert.match(host.read("syslog"), /refused kstat zones:::: switched off by/);
      connection.close();
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: an enabling ends at its cap, whatever its lease`, async () => {
      const { host, remote, close } = await trace(bed, shell, "ticks", { CAP_SEC: 3 });
      const { code, stderr } = await remote.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "wrapper: ended: not done after 3 s\n" });
      await nothingLeft(host, SOON_MS);
      close();
    });

    test(`${name}: a program that does not come to its end ends the command`, async () => {
      const host = bed.install(shell, { settings: { PROGRAM_SEC: 1 } });
      const connection = await host.connect();
      const { nonce } = program("");
      const cut = await run(
        connection,
        `run ${nonce}`,
        `BEGIN {\n@program-end ${"0".repeat(32)}\n@program-end ${nonce}`,
      );
      assert.deepEqual([cut.code, cut.stderr], [2, "wrapper: the program is not complete\n"]);
      const stalled = await start(connection, `run ${nonce}`, "BEGIN {\n");
      const { code, stderr } = await stalled.ended;
      assert.deepEqual([code, stderr], [2, "wrapper: the program is not complete\n"]);
      assert.equal(host.read("dtrace.argv"), "");
      await nothingLeft(host, SOON_MS);
      connection.close();
    });

    test(`${name}: half a list, and a compiler that hangs, are failures`, async () => {
      const host = bed.install(shell, { settings: { LIST_SEC: 1, COMPILE_SEC: 1 } });
      const connection = await host.connect();
      const { nonce, input } = fake("slow");
      host.write("slow-zoneadm");
      const [list, compiled] = await Promise.all([
        run(connection, "zones"),
        run(connection, `compile ${nonce}`, input),
      ]);
      assert.deepEqual([list.code, list.stderr], [124, "wrapper: ended: not done after 1 s\n"]);
      assert.deepEqual([compiled.code, compiled.stderr], [124, "wrapper: ended: not done after 1 s\n"]);
      await nothingLeft(host, SOON_MS);
      connection.close();
    });
  }

  const ssh = which("ssh");
  test(
    "a client that is killed takes its dtrace with it",
    { skip: ssh === undefined && "no ssh client here" },
    async () => {
      const [shell] = SHELLS;
      assert.ok(shell);
      const host = bed.install(shell);
      const { nonce, input } = fake("quiet");
      const options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
      const client = spawn(
        ssh ?? "",
        [
          "-F",
          "none",
          ...options,
          "-i",
          host.keyFile,
          "-p",
          String(host.port),
          `${host.username}@127.0.0.1`,
          `run ${nonce}`,
        ],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      let stdout = "";
      client.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
      client.stdin.write(input);
      await until("dtrace started", () => stdout.includes("started"));
      client.kill("SIGKILL");
      await nothingLeft(host, SOON_MS);
    },
  );
});

/** Starts a program and waits for its first output. */
async function trace(bed: Bed, shell: Shell, what: string, settings: Record<string, number> = {}): Promise<Traced> {
  const host = bed.install(shell, { settings });
  const connection = await host.connect();
  const { nonce, input } = fake(what);
  const remote = await start(connection, `run ${nonce}`, input);
  await until(`output of ${what}; standard error: ${remote.stderr}`, () => remote.stdout !== "");
  await until("dtrace, the wrapper, its listener and its watch", () => processesOf(host.folder).size >= 4);
  return { host, remote, close: () => connection.close() };
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** An sshd and those it forked. */
function serversFrom(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  const servers = children.filter((child) => readFileSync(`/proc/${child}/comm`, "utf8").startsWith("sshd"));
  return [pid, ...servers.flatMap(serversFrom)];
}
