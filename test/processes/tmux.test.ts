/**
 * isotherm watch where people use it: in tmux, at the end of an ssh connection, through a real tmux and a real sshd.
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
const skip = none === undefined ? false : `NO ${none} ON THIS MACHINE: watch is not tested in tmux over ssh`;

describe("watch in tmux over ssh", { skip }, () => {
  let dir: string;
  let sshd: ChildProcess | undefined;
  const demos = new Demos();
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-S", join(dir, "tmux"), ...args], { encoding: "utf8" });
  const screen = (...options: string[]): string => tmux("capture-pane", "-p", ...options, "-t", "watch");
  const shows = (what: string, pattern: RegExp, ...options: string[]): Promise<boolean> =>
    until(what, () => Promise.resolve(pattern.test(screen(...options)) ? true : undefined), 60_000).catch(
      (error: unknown) => {
        throw new Error(`${what}: ${screen()}`, { cause: error });
      },
    );

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
    const watch = `ISOTHERM_URL=${origin} ISOTHERM_TOKEN_FILE=${dir}/token ${process.execPath} --import ${TSX} ${MAIN} watch syscall.ops`;
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "ConnectionAttempts=20",
    ];
    const ssh = ["ssh", "-tt", "-i", join(dir, "own"), "-p", String(port), ...options.flatMap((each) => ["-o", each])];
    const { username } = userInfo();
    await writeFile(
      join(dir, "run.sh"),
      `${ssh.join(" ")} ${username}@127.0.0.1 '${watch}'; echo "status $?"; exec cat\n`,
    );
    tmux("-f", "/dev/null", "new-session", "-d", "-s", "watch", "-x", "100", "-y", "30", `sh ${join(dir, "run.sh")}`);
  });
  after(async () => {
    if (skip !== false) return;
    tmux("kill-server");
    sshd?.kill("SIGTERM");
    await demos.end();
    await rm(dir, { recursive: true, force: true });
  });

  test("draws in the terminal's colours, follows its size, narrows to a key, and gives the screen back", async () => {
    await shows("a heatmap", /syscall\.ops[^]*p99[^]*[▀▄█]/);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    await shows("256 colours", /\u001b\[[\d;]*38;5;\d+/, "-e");
    await shows("hosts", /1 of 1 hosts/);
    tmux("resize-window", "-t", "watch", "-x", "70", "-y", "16");
    await until("another size", () => {
      const lines = screen().trimEnd().split("\n");
      return Promise.resolve(
        lines.length <= 16 && lines.every((line) => line.length <= 70) && /[▀▄█]/.test(screen()) ? true : undefined,
      );
    });
    tmux("resize-window", "-t", "watch", "-x", "100", "-y", "30");
    await shows("keys", /postgres|nginx|node/);
    tmux("send-keys", "-t", "watch", "Down");
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    await shows("a chosen key", /\u001b\[[\d;]*7m/, "-e");
    tmux("send-keys", "-t", "watch", "Enter");
    await shows("only one key", /only execname/);
    tmux("send-keys", "-t", "watch", "q");
    await shows("the end", /status 0/);
    assert.doesNotMatch(screen(), /[▀▄█]/, "what was there before is there again");
  });
});
