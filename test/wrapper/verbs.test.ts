/**
 * verbs.test.ts: what a collector may ask of a host, through a real sshd, with the product's own client.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { KstatParser, type KstatSample } from "../../collectors/kstat-parser.ts";
import type { SshConnection } from "../../collectors/ssh.ts";
import { readZones } from "../../collectors/zones.ts";
import { makeBed, NO_SSHD, SHELLS } from "./bed.ts";
import { fake, nothingLeft, program, run, start } from "./remote.ts";
import { UUID } from "./tools.ts";
import { until } from "../until.ts";

const GOLDEN = new URL("../golden/d/syscall.ops.full.d", import.meta.url);
const RUN_ARGUMENTS =
  "-q -x aggrate=10hz -x switchrate=10hz -x strsize=128 -x bufsize=256k -x aggsize=4m -x dynvarsize=16m " +
  "-x cleanrate=101hz -s program.d";

describe("a host's answers", { skip: NO_SSHD, concurrency: true }, async () => {
  if (NO_SSHD !== false) return;
  const bed = await makeBed();
  after(() => bed.close());

  for (const shell of SHELLS) {
    describe(`under ${shell.name}`, { concurrency: 1 }, async () => {
      const host = bed.install(shell);
      const connection = await host.connect();
      after(async () => {
        await nothingLeft(host);
        connection.close();
      });

      test("version: a line each, with the time to the nanosecond", async () => {
        const lines = (await answer(connection, "version")).trimEnd().split("\n");
        const now = /^now (\d+)\.\d{9}$/.exec(lines[4] ?? "");
        assert.ok(Math.abs(Number(now?.[1]) - Date.now() / 1000) < 5, lines[4]);
        assert.match(lines[3] ?? "", /^boot [1-9]\d{8,}$/);
        assert.deepEqual(
          lines.filter((_, i) => i !== 3 && i !== 4),
          ["wrapper 2", "share 16", "hostname cn-01", "platform joyent_20260101T000000Z", "dtrace 1.13.1"],
        );
      });

      test("zones and vms: as the tools print them", async () => {
        const zoneadm = await answer(connection, "zones");
        const vmadm = await answer(connection, "vms");
        assert.deepEqual(readZones(zoneadm, vmadm), [{ name: UUID, owner: UUID, alias: "web", state: "running" }]);
        assert.ok(zoneadm.includes("/zones/a\\:b"), "a backslash survives");
        assert.equal(host.read("zoneadm.argv"), "list -p\n");
        assert.equal(host.read("vmadm.argv"), "lookup -j -o uuid,owner_uuid,zoneid,zonename,alias,brand,state\n");
      });

      test("kstat: the patterns as they are, until the lease ends", async () => {
        const remote = await start(connection, "kstat zones::: cpu::sys:* link:0:z*_net0:");
        await until("samples", () => remote.stdout.split("\n\n").length > 3);
        remote.channel.end();
        const { code, stderr } = await remote.ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.equal(host.read("kstat.argv"), "-p -T u zones::: cpu::sys:* link:0:z*_net0: 1\n");
      });

      test("kstat: a class is asked for as the modules that have it here, with what else is wanted", async () => {
        const remote = await start(connection, "kstat class:disk zones:::");
        await until("samples", () => remote.stdout.includes("\n\n"));
        remote.channel.end();
        assert.equal((await remote.ended).code, 0);
        const asked = host.read("kstat.argv").trimEnd().split("\n").slice(-2);
        assert.deepEqual(asked, ["-p -c disk :::class", "-p -T u blkdev::: sd::: zones::: 1"]);
        const { code, stdout, stderr } = await run(connection, "kstat class:nosuch");
        assert.deepEqual([code, stdout, stderr], [1, "", "wrapper: no kstat has that class\n"]);
      });

      test("pools: samples in the form of kstat's, until the lease ends", async () => {
        const samples: KstatSample[] = [];
        const problems: unknown[] = [];
        const parser = new KstatParser({
          onSample: (sample) => samples.push(sample),
          onProblem: (problem) => problems.push(problem),
        });
        const remote = await start(connection, "pools");
        remote.channel.on("data", (chunk: Buffer) => parser.push(chunk));
        await until("two samples", () => samples.length >= 2);
        remote.channel.end();
        const { code, stderr } = await remote.ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.equal(host.read("zpool.argv").split("\n")[0], "list -Hp -o name,size,allocated,free,health");
        assert.deepEqual(problems, []);
        const [zones, old] = samples[1]?.kstats ?? [];
        assert.deepEqual([zones?.name, zones?.class, zones?.whole("size")], ["zones", "zpool", 1_992_864_825_344]);
        assert.deepEqual([zones?.whole("allocated"), zones?.whole("free")], [104_857_600, 1_992_759_967_744]);
        assert.deepEqual([old?.name, old?.whole("online"), old?.whole("degraded")], ["old pool", 0, 1]);
      });

      test("run: the program arrives byte for byte, with fixed arguments and a clean environment", async () => {
        const text = readFileSync(GOLDEN, "utf8");
        const { nonce, input } = program(text);
        const remote = await start(connection, `run ${nonce}`, input);
        await remote.has("tick\n");
        remote.channel.write("lease\n");
        assert.equal(host.read("program.d"), `${text}\n`);
        assert.equal(host.read("dtrace.argv"), `${RUN_ARGUMENTS}\n`);
        const environment = host.read("dtrace.env").trim().split("\n");
        const names = environment
          .map((line) => line.split("=")[0])
          .filter((name) => !["PWD", "_", "OLDPWD"].includes(name ?? ""));
        assert.deepEqual(names.sort(), ["LC_ALL", "PATH"], "nothing of the caller's; PWD is the false tool's own");
        remote.channel.end();
        const outcome = await remote.ended;
        assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
        assert.match(outcome.stdout, /tick\nEND\n$/);
        assert.match(
          host.read("syslog"),
          new RegExp(`^-p daemon.notice -t isotherm -- from 127.0.0.1: run ${nonce}$`, "m"),
        );
      });

      test("run: status and standard error are dtrace's", async () => {
        const { nonce, input } = fake("exit 3");
        const remote = await start(connection, `run ${nonce}`, input);
        const outcome = await remote.ended;
        assert.deepEqual(outcome, {
          code: 3,
          signal: null,
          stdout: "out\n",
          stderr: "dtrace: could not enable tracing: oops\n",
        });
      });

      test("run: dtrace that is killed is status 137, in every shell", async () => {
        const { nonce, input } = fake("gone");
        const remote = await start(connection, `run ${nonce}`, input);
        const { code, stderr } = await remote.ended;
        assert.deepEqual({ code, stderr }, { code: 137, stderr: "" });
      });

      test("run: a flood goes through, and ends with the channel", async () => {
        const { nonce, input } = fake("flood");
        const remote = await start(connection, `run ${nonce}`, input);
        await until("8 MiB", () => remote.bytes > 8 * 1024 * 1024, 15_000);
        remote.channel.end();
        remote.channel.close();
        await remote.ended;
      });

      test("compile: status 0 for a program that compiles, 1 with dtrace's words for another", async () => {
        const good = fake("good");
        assert.deepEqual(await run(connection, `compile ${good.nonce}`, good.input), {
          code: 0,
          signal: null,
          stdout: "",
          stderr: "",
        });
        const broken = fake("broken");
        const outcome = await run(connection, `compile ${broken.nonce}`, broken.input);
        assert.equal(outcome.code, 1);
        // The same at every try: no name that changes.
        assert.equal(outcome.stderr, 'dtrace: failed to compile script program.d: line 2: syntax error near ";"\n');
      });
    });
  }

  for (const shell of SHELLS) {
    test(`${shell.name}: run: dtrace's own CPU time is told now and then`, async () => {
      const host = bed.install(shell, { settings: { CPU_SEC: 1 } });
      const connection = await host.connect();
      const { nonce, input } = fake("busy");
      const remote = await start(connection, `run ${nonce}`, input);
      await until("three lines", () => remote.stderr.split("\n").length > 3);
      remote.channel.end();
      await remote.ended;
      const told = [...remote.stderr.matchAll(/^wrapper: cpu (\d+\.\d) of (\d+)$/gm)].map(([, used, age]) => [
        Number(used),
        Number(age),
      ]);
      const [first, , third] = told;
      assert.deepEqual([first?.[1], third?.[1]], [1, 3]);
      const used = (third?.[0] ?? 0) - (first?.[0] ?? 0);
      assert.ok(used > 0.2 && used <= 2.3, `a busy loop: ${used} s in two seconds`);
      connection.close();
      await nothingLeft(host);
    });
  }

  test("a host without dtrace says so, with the status of a missing command", async () => {
    const [shell] = SHELLS;
    assert.ok(shell);
    const host = bed.install(shell, { settings: { PATH: "/usr/bin:/bin" } });
    const connection = await host.connect();
    const { nonce, input } = fake("ticks");
    const outcome = await run(connection, `run ${nonce}`, input);
    assert.deepEqual([outcome.code, outcome.stderr], [127, "wrapper: dtrace: not found\n"]);
    assert.match((await run(connection, "version")).stdout, /^dtrace none$/m);
    connection.close();
    await nothingLeft(host);
  });

  test("a Linux host has one zone and no VMs", async () => {
    const [shell] = SHELLS;
    assert.ok(shell);
    const host = bed.install(shell, { system: "Linux" });
    const connection = await host.connect();
    const zoneadm = await answer(connection, "zones");
    assert.equal(zoneadm, "0:global:running:/::native:shared:0\n");
    assert.deepEqual(readZones(zoneadm, await answer(connection, "vms")), []);
    connection.close();
  });
});

async function answer(connection: SshConnection, command: string): Promise<string> {
  const { code, stdout, stderr } = await run(connection, command);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, command);
  return stdout;
}
