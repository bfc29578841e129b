/**
 * share.test.ts: several programs on one channel, through a real sshd, read by the product's own reader.
 */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { keepLease, type RunningCommand } from "../../collectors/open-command.ts";
import { SharedChannel } from "../../collectors/shared-channel.ts";
import type { ExitStatus } from "../../collectors/ssh.ts";
import { makeBed, NO_SSHD, SHELLS, which, type Bed, type BedHost, type Shell } from "./bed.ts";
import { fake, nothingLeft, processesOf, program, run } from "./remote.ts";
import { until } from "../until.ts";

const SOON_MS = 8_000;

interface Program {
  readonly open: RunningCommand;
  stdout: string;
  stderr: string;
  status: ExitStatus | undefined;
}

describe("programs that share a channel", { skip: NO_SSHD, concurrency: true }, async () => {
  if (NO_SSHD !== false) return;
  const bed = await makeBed();
  after(() => bed.close());

  for (const shell of SHELLS) {
    describe(`under ${shell.name}`, { concurrency: true }, () => {
      test("never cut each other's output, however dtrace's own writes are cut", async () => {
        const { host, begin, close } = await shared(bed, shell);
        const words = ["alpha", "beta", "gamma", "delta"];
        const programs = words.map((word) => begin(`lines ${word}`));
        await until("the end of all", () => programs.every(({ status }) => status !== undefined), 20_000);
        programs.forEach(({ stdout, stderr, status }, i) => {
          assert.deepEqual([status?.code, stderr], [0, ""]);
          const expected = Array.from(
            { length: 20_000 },
            (_, n) => `${words[i]} ${n + 1} ................................\n`,
          );
          assert.ok(stdout === expected.join(""), words[i]);
        });
        close();
        await nothingLeft(host, SOON_MS);
      });

      test("have each a status and an end of its own", async () => {
        const { host, begin, close } = await shared(bed, shell);
        const stays = begin("ticks");
        const fails = begin("exit 3");
        const killed = begin("gone");
        const refused = begin("", 'BEGIN { system("id"); }');
        await until("three ends", () => [fails, killed, refused].every(({ status }) => status !== undefined));
        assert.deepEqual([fails.status?.code, fails.stdout], [3, "out\n"]);
        assert.equal(fails.stderr, "dtrace: could not enable tracing: oops\n");
        assert.deepEqual([killed.status?.code, killed.stdout], [137, "started\n"]);
        assert.equal(refused.status?.code, 77);
        assert.equal(refused.stderr, "wrapper: refused: the program: it has the destructive action system\n");
        const later = begin("ticks");
        await until("ticks of both", () => later.stdout.includes("tick") && stays.stdout.includes("tick"));
        const before = later.stdout.length;
        const deletedMs = Date.now();
        stays.open.channel.end();
        await until("its end", () => stays.status !== undefined, 6_000);
        assert.ok(Date.now() - deletedMs < 4_000, `${Date.now() - deletedMs} ms`);
        assert.deepEqual([stays.status?.code, stays.stderr], [0, ""]);
        assert.match(stays.stdout, /END\n$/);
        assert.ok(later.stdout.length > before && later.status === undefined, "the other goes on");
        close();
        await nothingLeft(host, SOON_MS);
        const syslog = host.read("syslog");
        assert.match(syslog, /: share$/m);
        assert.match(syslog, /: run [0-9a-f]{32}$/m);
        assert.match(syslog, /refused run [0-9a-f]{32}: it has the destructive action system/);
      });

      for (const [how, act] of [
        ["the end of input", (each: Shared) => void each.channel.end()],
        ["silence", () => undefined],
        ["the end of the connection", (each: Shared) => each.close()],
        ["the kill switch", (each: Shared) => each.host.switchOff()],
      ] as const) {
        test(`end with ${how}, also one that ignores SIGTERM`, async () => {
          const each = await shared(bed, shell, how === "silence" ? { LEASE_SEC: 2 } : {}, how !== "silence");
          const [ticks, stubborn] = [each.begin("ticks"), each.begin("stubborn")];
          await until("output of both", () => ticks.stdout !== "" && stubborn.stdout !== "");
          assert.ok(processesOf(each.host.folder).size > 8);
          act(each);
          await nothingLeft(each.host, SOON_MS);
          await until("both ends are known", () => ticks.status !== undefined && stubborn.status !== undefined);
          if (how === "the kill switch") assert.equal(ticks.status?.code, 75);
          each.close();
        });
      }

      test("are so many and no more; the others go on", async () => {
        const { host, begin, close } = await shared(bed, shell, { MAX_SHARED: 2 });
        const [first, second] = [begin("ticks"), begin("ticks")];
        await until("two run", () => first.stdout !== "" && second.stdout !== "");
        const third = begin("ticks");
        await until("the third is refused", () => third.status !== undefined);
        assert.deepEqual([third.status?.code, third.stdout], [126, ""]);
        assert.equal(third.stderr, "wrapper: refused: as many programs as may share a channel\n");
        const seen = first.stdout.length;
        await until("more of the first", () => first.stdout.length > seen);
        close();
        await nothingLeft(host, SOON_MS);
      });

      test("need perl: a host without it says that it shares none, and refuses", async () => {
        const folder = join(bed.folder, `no-perl-${shell.name.split(" ")[0]}`);
        mkdirSync(folder);
        for (const tool of ["uname", "date", "printf", "true"]) symlinkSync(which(tool) ?? "", join(folder, tool));
        symlinkSync(which("true") ?? "", join(folder, "dtrace"));
        const host = bed.install(shell, { settings: { PATH: folder } });
        const connection = await host.connect();
        const { stdout } = await run(connection, "version");
        assert.match(stdout, /^share 0$/m);
        const { code, stderr } = await run(connection, "share");
        assert.deepEqual([code, stderr], [127, "wrapper: perl: not found\n"]);
        connection.close();
      });
    });
  }
});

interface Shared {
  readonly host: BedHost;
  readonly channel: RunningCommand["channel"];
  readonly begin: (what: string, text?: string) => Program;
  readonly close: () => void;
}

async function shared(bed: Bed, shell: Shell, settings: Record<string, number> = {}, leased = true): Promise<Shared> {
  const host = bed.install(shell, { settings });
  const connection = await host.connect();
  const { channel, exit } = await connection.exec("share");
  const nothing = (): void => undefined;
  // Without a lease: what keeps it asks whether it may write.
  const opened = leased ? channel : (Object.create(channel, { writable: { value: false } }) as typeof channel);
  const reader = new SharedChannel({ channel: opened, exit, started: nothing, release: nothing }, nothing);
  const begin = (what: string, text?: string): Program => {
    const { nonce, input } = text === undefined ? fake(what) : program(text);
    const open = reader.add(nonce);
    const each: Program = { open, stdout: "", stderr: "", status: undefined };
    open.channel.on("data", (chunk: Buffer) => (each.stdout += chunk.toString()));
    open.channel.stderr.on("data", (chunk: Buffer) => (each.stderr += chunk.toString()));
    open.channel.write(input);
    if (leased) keepLease(open.channel);
    void open.exit.then((status) => (each.status = status));
    return each;
  };
  return { host, channel, begin, close: () => connection.close() };
}
