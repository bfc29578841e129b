/**
 * docs/first-hour.md, from the key to a tenant's token: `host add` against a real sshd, the rest against simulated hosts behind ssh.
 *
 * The sshd's machine has no dtrace, so what `host add` says at the end is that; from `check` on the hosts are simulated ones, which
 * answer as SmartOS does, under the names that the page has.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../bench/peers/peer.ts";
import { fingerprintOf } from "../../collectors/known-hosts.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { commands, NOT_HERE, ROOT, ruleFor } from "../docs/pages.ts";
import { unlike } from "../docs/shape.ts";
import { Shell, type Outcome } from "../docs/shell.ts";
import { makeBed, NO_SSHD, type Bed } from "../wrapper/bed.ts";

const PAGE = "docs/first-hour.md";

describe(PAGE, { skip: NO_SSHD, concurrency: 1 }, () => {
  if (NO_SSHD !== false) return;
  let root: string;
  let bed: Bed;
  let shell: Shell;
  let fleet: Fleet | undefined;
  let service: ChildProcess | undefined;
  const administrator = makeKeyPair();
  const ports = { query: 0, ingest: 0 };
  const all = commands(PAGE).filter(({ text }) => ruleFor(NOT_HERE, PAGE, text) === undefined);
  const at = (text: string): number => {
    const found = all.findIndex((command) => command.text.startsWith(text));
    assert.ok(found >= 0, `${text} is on the page`);
    return found;
  };

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "isotherm-first-hour-"));
    for (const name of ["shell", "home", "etc", "var"]) mkdirSync(join(root, name));
    ports.query = await freePort();
    ports.ingest = await freePort();
    bed = await makeBed("prohibit-password");
    writeFileSync(join(root, "admin.key"), administrator.privateKey, { mode: 0o600 });
    appendFileSync(join(bed.folder, "authorized_keys"), `${administrator.publicKey} somebody\n`);
    chmodSync(join(bed.folder, "authorized_keys"), 0o600);
    shell = await Shell.start(join(root, "shell"));
  });
  after(async () => {
    if (service !== undefined && service.exitCode === null) {
      service.kill("SIGTERM");
      await once(service, "exit");
    }
    await shell.close();
    await fleet?.close();
    await bed.close();
    rmSync(root, { recursive: true, force: true });
  });

  const here = (text: string): string => {
    const { username } = userInfo();
    const fingerprint = fingerprintOf(Buffer.from(bed.hostKey.split(" ")[1] ?? "", "base64"));
    return text
      .replaceAll("/etc/isotherm", join(root, "etc"))
      .replaceAll("/var/lib/isotherm", join(root, "var"))
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${ports.query}`)
      .replace("192.0.2.11", `127.0.0.1 --port ${bed.port} --platform linux --admin ${username} --username ${username}`)
      .replace("~/.ssh/id_ed25519", `${root}/admin.key --folder ${bed.folder}/enrolled`)
      .replace("SHA256:H8kz...", `${fingerprint} --authorized-keys ${bed.folder}/authorized_keys`)
      .replace(/^isotherm watch \S+$/, "$& --count 2");
  };
  /** @param expected exit status of each */
  const run = async (from: number, to: number, cwd: string, expected: number): Promise<Outcome[]> => {
    const part = all.slice(from, to);
    const env = { ISOTHERM_URL: `http://127.0.0.1:${ports.query}`, HOME: join(root, "home") };
    const outcomes = await shell.run(
      part.map(({ text }) => here(text)),
      cwd,
      ports.query === 0 ? {} : env,
    );
    part.forEach(({ text, output }, i) => {
      const { status, stdout, stderr } = outcomes[i] ?? { status: 98, stdout: "", stderr: "" };
      assert.equal(status, expected, `${text}: ${stderr}${stdout}`);
      assert.ok(!stdout.includes('"code":"'), `${text}: ${stdout}`);
      assert.deepEqual(unlike(output, stdout), [], `${text} prints\n${stdout}`);
    });
    return outcomes;
  };

  test("a key and a configuration", async () => {
    await run(0, at("isotherm host add"), root, 0);
    assert.match(readFileSync(join(root, "etc/key.pub"), "utf8"), /^ssh-ed25519 /);
  });

  test("the collector is let in on a host with a real sshd, which only lacks dtrace", async () => {
    const first = at("isotherm host add");
    const [outcome] = await run(first, first + 1, join(root, "etc"), 1);
    assert.match(outcome?.stderr ?? "", /it is in the inventory, but not fit yet/);
  });

  test("hosts that answer as SmartOS does are fit, and are watched", async () => {
    const clientPublicKey = readFileSync(join(root, "etc/key.pub"), "utf8");
    const { hosts } = (fleet = await startFleet({
      hosts: 2,
      zonesPerHost: 4,
      tenants: 3,
      clientPublicKey,
      backfillSec: 20,
    }));
    const put = (name: string, line: (host: Fleet["hosts"][number]) => string): void =>
      writeFileSync(join(root, "etc", name), hosts.map((host) => `${line(host)}\n`).join(""));
    put("known_hosts", ({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`);
    put("hosts.yaml", ({ name, port }) => `- { name: ${name}, address: 127.0.0.1, port: ${port}, username: isotherm }`);
    const check = at("isotherm check");
    await run(check, check + 1, join(root, "etc"), 0);

    const args = [
      "--import",
      "tsx",
      join(ROOT, "cli/main.ts"),
      ...here(all[at("isotherm serve")]?.text ?? "")
        .split(" ")
        .slice(1),
    ];
    const env = { ...process.env, ISOTHERM_QUERY_PORT: `${ports.query}`, ISOTHERM_INGEST_PORT: `${ports.ingest}` };
    // From the repository, for the loader; the page's folder is in the configuration's path.
    args[args.indexOf("isotherm.yaml")] = join(root, "etc/isotherm.yaml");
    service = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    service.stdout?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    while (!said.includes("\n")) {
      await Promise.race([once(service.stdout ?? service, "data"), once(service, "exit")]);
      assert.equal(service.exitCode, null, "it runs");
    }
    assert.ok(said.includes(`page and query API on http://127.0.0.1:${ports.query}`), said);
  });

  test("the first heatmap, and a tenant with a token", async () => {
    await run(at("isotherm serve") + 1, all.length, join(root, "etc"), 0);
  });
});
