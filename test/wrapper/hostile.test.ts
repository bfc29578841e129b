/**
 * hostile.test.ts: what a stolen collector's key can do on a host: what a collector can, and nothing else.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { makeBed, NO_SSHD, SHELLS, which } from "./bed.ts";
import { attempt, rawClient, type Answer, type Attempt } from "./raw-client.ts";
import { nothingLeft, run } from "./remote.ts";

const NONCE = "0123456789abcdef0123456789abcdef";

const COMMANDS: readonly string[] = [
  "id",
  "sh",
  "/bin/sh -i",
  "bash -c id",
  "env",
  "eval version",
  "exec version",
  "dtrace -w -n BEGIN",
  "/usr/sbin/dtrace -n BEGIN",
  "isotherm-wrapper version",
  "version;id",
  "version; id",
  "version && id",
  "version || id",
  "version | id",
  "version & id",
  "version > OWNED",
  "version < /etc/passwd",
  "version $(touch OWNED)",
  "version `touch OWNED`",
  "$(touch OWNED)",
  "`touch OWNED`",
  "version\ntouch OWNED",
  "version\r",
  "version\t",
  "\nversion",
  " version",
  "version ",
  "zones  all",
  "VERSION",
  "versión",
  "version\u202e",
  "\uff56ersion",
  "ver*",
  "???ion",
  "[v]ersion",
  "{version,id}",
  "~",
  "$SHELL",
  "$SSH_ORIGINAL_COMMAND",
  "version #",
  "version \\",
  "'version'",
  '"version"',
  "%s%n",
  "-c id",
  "--",
  "version -- -V",
  "version 1",
  "zones -z global halt",
  "vms -o customer_metadata",
  "run",
  `run ${NONCE} ${NONCE}`,
  `run ${NONCE} -w`,
  `run ${NONCE} -c id`,
  `run ${NONCE} -o OWNED`,
  `run ${NONCE};id`,
  `run ${NONCE.slice(1)}`,
  `run ${NONCE}0`,
  `run ${NONCE.toUpperCase()}`,
  `run ${NONCE.slice(1)}*`,
  "run ../../../../../etc/passwd",
  "run -w",
  "compile",
  `compile ${NONCE} -C`,
  "kstat",
  "kstat -j",
  "kstat -T d zones:::",
  "kstat -- zones:::",
  "kstat zones::: -j",
  "kstat -zones:::",
  "kstat *",
  "kstat zones",
  "kstat zones::",
  "kstat zones:::nsec_user",
  "kstat zones:::::",
  "kstat zones:::;id",
  "kstat zo?es:::",
  "kstat /etc/passwd:::",
  "kstat ../../etc:::",
  "kstat {zones,cpu}:::",
  "kstat $(id):::",
  `kstat ${"a".repeat(126)}:::`,
  `kstat${" zones:::".repeat(65)}`,
  "a".repeat(5_000),
  "a ".repeat(5_000),
  `version ${"*".repeat(60_000)}`,
  "scp -t /tmp",
  "scp -f /etc/passwd",
  "rsync --server . /",
  "git-upload-pack /",
  "internal-sftp",
  "/usr/lib/openssh/sftp-server",
];

describe("a stolen key", { skip: NO_SSHD, concurrency: true }, async () => {
  if (NO_SSHD !== false) return;
  const bed = await makeBed();
  after(() => bed.close());

  for (const shell of SHELLS) {
    test(`${shell.name}: ${COMMANDS.length} commands are refused, and logged`, async () => {
      const host = bed.install(shell);
      const connection = await host.connect();
      for (const command of COMMANDS) {
        const label = JSON.stringify(command.slice(0, 60));
        const before = host.read("syslog").length;
        const { code, stdout, stderr } = await run(connection, command);
        assert.deepEqual({ code, stdout }, { code: 126, stdout: "" }, label);
        assert.match(stderr, /^wrapper: refused: [ -~]+\n$/, label);
        const logged = host.read("syslog").slice(before);
        // One line, printable, of bounded length: nobody writes the log but the wrapper.
        assert.match(
          logged,
          /^-p daemon\.notice -t isotherm -- from 127\.0\.0\.1: refused \([^)]+\): [ -~]{0,200}\n$/,
          label,
        );
      }
      assert.ok(!existsSync(join(host.folder, "OWNED")) && !existsSync("OWNED"));
      for (const tool of ["dtrace", "kstat", "zoneadm", "vmadm"]) assert.equal(host.read(`${tool}.argv`), "", tool);
      connection.close();
      await nothingLeft(host);
    });
  }

  const [shell] = SHELLS;
  assert.ok(shell);

  test("a NUL within a command ends the connection: sshd sees to that", async () => {
    const host = bed.install(shell);
    const connection = await host.connect();
    await assert.rejects(run(connection, "ver\0sion"), { code: "SSH_CHANNEL" });
    assert.equal(host.read("syslog"), "");
  });

  test("shells, terminals, tunnels, agents, X11 and file transfer are refused", async () => {
    const host = bed.install(shell);
    const asks: Readonly<Record<string, () => Promise<Attempt>>> = {
      shell: () => withClient((client, answer) => client.shell(false, answer)),
      "a terminal": () => withClient((client, answer) => client.exec("version", { pty: true }, answer)),
      X11: () => withClient((client, answer) => client.exec("version", { x11: true }, answer)),
      "-L": () => withClient((client, answer) => client.forwardOut("127.0.0.1", 1, "127.0.0.1", host.port, answer)),
      "-L to a socket": () => withClient((client, answer) => client.openssh_forwardOutStreamLocal("/run/any", answer)),
      "-R": () => withClient((client, answer) => client.forwardIn("127.0.0.1", 0, answer)),
      "-R of a socket": () =>
        withClient((client, answer) => client.openssh_forwardInStreamLocal(join(host.folder, "any"), answer)),
      "an agent": () => withClient((client, answer) => client.exec("version", answer), "/nowhere"),
      sftp: () => withClient((client, answer) => client.subsys("sftp", answer)),
      "another subsystem": () => withClient((client, answer) => client.subsys("netconf", answer)),
    };
    for (const [name, ask] of Object.entries(asks)) {
      const came = await ask();
      if ("refused" in came) continue;
      assert.equal(came.code, 126, `${name}: ${came.output}`);
      // A subsystem's standard error goes nowhere.
      assert.match(came.output, /^(wrapper: refused: .*\n)?$/, name);
    }
    await nothingLeft(host);

    async function withClient(
      ask: (client: Awaited<ReturnType<typeof rawClient>>, answer: Answer) => void,
      agent?: string,
    ): Promise<Attempt> {
      const client = await rawClient(host, agent);
      const came = await attempt((answer) => ask(client, answer));
      client.end();
      return came;
    }
  });

  test("an environment from outside changes nothing", async () => {
    const host = bed.install(shell);
    const env = {
      PATH: "/nowhere",
      IFS: "aeiou",
      TMP_DIR: "/nowhere",
      OFF_FILES: "/",
      LC_ALL: "tr_TR.UTF-8",
      LANG: "tr_TR.UTF-8",
      SSH_ORIGINAL_COMMAND: "id",
    };
    const client = await rawClient(host);
    const input = `BEGIN { exit(0); }\n@program-end ${NONCE}\n`;
    const came = await attempt((answer) =>
      client.exec(`compile ${NONCE}`, { env }, (error, channel) => {
        channel.write(input);
        answer(error, channel);
      }),
    );
    // The login shell may complain of the locale; the wrapper runs all the same.
    assert.equal("code" in came && came.code, 0);
    assert.match(host.read("dtrace.env"), new RegExp(`^PATH=${host.folder}/bin:`, "m"));
    client.end();
    await nothingLeft(host);
  });

  const clients = ["ssh", "scp", "sftp"].map(which);
  test(
    "OpenSSH's own clients get no further",
    { skip: clients.includes(undefined) && "no ssh, scp, sftp here" },
    async () => {
      const host = bed.install(shell);
      const where = `${host.username}@127.0.0.1`;
      const common = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
      const options = [...common, "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-i", host.keyFile];
      const port = ["-p", String(host.port)];
      const calls: readonly (readonly [program: string, ...rest: string[]])[] = [
        ["ssh", ...options, ...port, where],
        ["ssh", ...options, ...port, "-tt", where, "id"],
        ["ssh", ...options, ...port, "-A", "-X", where, "id"],
        ["ssh", ...options, ...port, "-W", `127.0.0.1:${host.port}`, where],
        ["ssh", ...options, ...port, "-o", "ExitOnForwardFailure=yes", "-N", "-R", "0:127.0.0.1:1", where],
        ["ssh", ...options, ...port, "-w", "any", where, "id"],
        ["scp", ...options, "-P", String(host.port), `${where}:/etc/passwd`, join(host.folder, "OWNED")],
        ["scp", "-O", ...options, "-P", String(host.port), `${where}:/etc/passwd`, join(host.folder, "OWNED")],
        ["sftp", ...options, "-P", String(host.port), `${where}:/etc/passwd`, join(host.folder, "OWNED")],
      ];
      await Promise.all(
        calls.map(async ([name, ...rest]) => {
          const { code, stdout } = await call(name, rest);
          assert.notEqual(code, 0, [name, ...rest].join(" "));
          assert.doesNotMatch(stdout, /uid=|root:|SSH-2/, [name, ...rest].join(" "));
        }),
      );
      assert.ok(!existsSync(join(host.folder, "OWNED")));
      await nothingLeft(host);
    },
  );
});

function call(name: string, options: readonly string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(name, options, { timeout: 10_000, encoding: "latin1" }, (error, stdout) =>
      resolve({ code: error === null ? 0 : 1, stdout }),
    );
    child.stdin?.end();
  });
}
