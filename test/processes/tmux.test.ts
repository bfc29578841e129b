/**
 * isotherm watch and top where people use them: in tmux, at the end of an ssh connection, through a real tmux and a real sshd.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/peers/peer.ts";
import { Demos } from "../demo/process.ts";
import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const TSX = fileURLToPath(new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url));
const none = ["/usr/bin/tmux", "/usr/sbin/sshd", "/usr/bin/ssh-keygen"].find((path) => !existsSync(path));
const skip = none === undefined ? false : `NO ${none} ON THIS MACHINE: watch and top are not tested in tmux over ssh`;

describe("in tmux over ssh", { skip }, () => {
  let dir: string;
  let sshd: ChildProcess | undefined;
  const demos = new Demos();
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-S", join(dir, "tmux"), ...args], { encoding: "utf8" });
  /** The session that runs the command of that name. */
  const session = (name: string) => {
    const screen = (...options: string[]): string => tmux("capture-pane", "-p", ...options, "-t", name);
    return {
      screen,
      shows: (what: string, pattern: RegExp, ...options: string[]): Promise<boolean> =>
        until(what, () => pattern.test(screen(...options)), 60_000).catch((error: unknown) => {
          throw new Error(`${what}: ${screen()}`, { cause: error });
        }),
      key: (key: string) => tmux("send-keys", "-t", name, key),
      resize: (columns: number, rows: number) =>
        tmux("resize-window", "-t", name, "-x", String(columns), "-y", String(rows)),
      /** Drawn anew, and nothing wider or longer than the terminal. */
      fits: (columns: number, rows: number, pattern: RegExp): Promise<boolean> =>
        until(`a screen of ${columns} by ${rows}`, () => {
          const lines = screen().trimEnd().split("\n");
          return lines.length <= rows && lines.every((line) => line.length <= columns) && pattern.test(screen());
        }),
    };
  };

  before(async () => {
    if (skip !== false) return;
    dir = await mkdtemp(join(tmpdir(), "isotherm-tmux-"));
    const args = ["--data", join(dir, "data"), "--port", "0", "--hosts", "1", "--zones", "2", "--backfill", "30"];
    const demo = demos.run(args);
    const origin = new URL(await demo.url()).origin;
    await writeFile(join(dir, "token"), `${/operator +(iso_\S+)/.exec(demo.output())?.[1] ?? ""}\n`, { mode: 0o600 });
    for (const name of ["host", "own"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, name)]);
    const port = await freePort();
    if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
    await writeFile(
      join(dir, "sshd_config"),
      `ListenAddress 127.0.0.1\nPort ${port}\nHostKey ${dir}/host\nAuthorizedKeysFile ${dir}/own.pub\nPermitRootLogin prohibit-password
StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\n`,
    );
    sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(dir, "sshd_config")], { stdio: "ignore" });
    const isotherm = `ISOTHERM_URL=${origin} ISOTHERM_TOKEN_FILE=${dir}/token ${process.execPath} --import ${TSX} ${MAIN}`;
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "ConnectionAttempts=20",
    ];
    const ssh = ["ssh", "-tt", "-i", join(dir, "own"), "-p", String(port), ...options.flatMap((each) => ["-o", each])];
    const { username } = userInfo();
    const commands = { watch: "watch syscall.ops", top: "top --interval 1" };
    for (const [name, command] of Object.entries(commands)) {
      const script = join(dir, `${name}.sh`);
      const remote = `${ssh.join(" ")} ${username}@127.0.0.1 '${isotherm} ${command}'`;
      await writeFile(script, `echo "before ${name}"; ${remote}; echo "status $?"; exec cat\n`);
      tmux("-f", "/dev/null", "new-session", "-d", "-s", name, "-x", "100", "-y", "30", `sh ${script}`);
    }
  });
  after(async () => {
    if (skip !== false) return;
    tmux("kill-server");
    sshd?.kill("SIGTERM");
    await demos.end();
    await rm(dir, { recursive: true, force: true });
  });

  test("watch draws in the terminal's colours, follows its size, narrows to a key, and gives the screen back", async () => {
    const { screen, shows, fits, key, resize } = session("watch");
    await shows("a heatmap", /syscall\.ops[^]*p99[^]*[▀▄█]/);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    await shows("256 colours", /\u001b\[[\d;]*38;5;\d+/, "-e");
    await shows("hosts", /1 of 1 hosts/);
    resize(70, 16);
    await fits(70, 16, /[▀▄█]/);
    resize(100, 30);
    await shows("keys", /postgres|nginx|node/);
    key("Down");
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    await shows("a chosen key", /\u001b\[[\d;]*7m/, "-e");
    key("Enter");
    await shows("only one key", /only execname/);
    key("q");
    await shows("the end", /before watch\nstatus 0/);
    assert.doesNotMatch(screen(), /[▀▄█]/, "what was there before is there again");
  });

  test("top lists zones by what a key chooses, leaves out on a narrow screen, and gives the screen back", async () => {
    const { screen, shows, fits, key, resize } = session("top");
    await shows("zones", /ZONE +ALIAS +HOST +RATE +P50 +P99\* +CPU\n.*[0-9a-f-]{36} .* cn-01 .*\/s/);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    await shows("the column that it is sorted by in bold", /\u001b\[[\d;]*1m *P99\*/, "-e");
    key("r");
    await shows("by rate", /RATE\* .*\n.*\/s/);
    key("c");
    await shows("by CPU", /CPU\*\n.* %/);
    resize(40, 8);
    await fits(40, 8, /^syscall\.ops over .*\nZONE .*CPU\*\n\S+ .* %\n/);
    assert.match(screen().trimEnd().split("\n").at(-1) ?? "", /^q quit/, "the keys stay on the last line");
    resize(100, 30);
    await shows("all of it again", /ZONE +ALIAS +HOST +RATE +P50 +P99 +CPU\*/);
    key("q");
    await shows("the end", /before top\nstatus 0/);
    assert.doesNotMatch(screen(), /ZONE/, "what was there before is there again");
  });
});
