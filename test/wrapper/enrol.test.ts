/**
 * isotherm host add, host remove and check, against a real sshd: what they leave on the host, and in the files here.
 */
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import { checkAll } from "../../cli/check.ts";
import { readConfig } from "../../cli/config.ts";
import { addHost, type AddOptions } from "../../cli/host-add.ts";
import type { Terminal } from "../../cli/host-admin.ts";
import { hostsNow } from "../../cli/host-inventory.ts";
import { removeHost } from "../../cli/host-remove.ts";
import { fingerprintOf, parseKnownHosts } from "../../collectors/known-hosts.ts";
import { connect, makeKeyPair } from "../../collectors/ssh.ts";
import { errorCode } from "../../core/errors.ts";
import { makeBed, NO_SSHD, SHELLS, type Bed } from "./bed.ts";
import { nothingLeft, run } from "./remote.ts";

/** A dtrace that prints a heartbeat: frames without rows. */
const HEARTBEAT = `case $1 in -V) echo 'dtrace: Sun D 1.13.1'; exit 0 ;; -e) exit 0 ;; esac
nonce=$(sed -n 's/.*@begin \\([0-9a-f]*\\) .*/\\1/p' program.d | head -1)
tick=0
trap 'exit 0' TERM
while :; do
  tick=$((tick + 1))
  printf '@begin %s %d %s\\n@done %s %d 0\\n' "$nonce" "$tick" "$(date +%s%N)" "$nonce" "$tick"
  sleep 1 & wait $!
done`;

describe("enrolling a host", { skip: NO_SSHD, concurrency: 1 }, () => {
  if (NO_SSHD !== false) return;
  let bed: Bed;
  let options: AddOptions;
  const collector = makeKeyPair();
  const administrator = makeKeyPair();
  const other = makeKeyPair();
  const at = (file: string): string => join(bed.folder, file);
  const read = (file: string): string => readFileSync(at(file), "utf8");
  const fingerprint = (): string => fingerprintOf(Buffer.from(bed.hostKey.split(" ")[1] ?? "", "base64"));

  before(async () => {
    bed = await makeBed("prohibit-password");
    writeFileSync(at("collector.key"), collector.privateKey, { mode: 0o600 });
    writeFileSync(at("admin.key"), administrator.privateKey, { mode: 0o600 });
    writeFileSync(at("known_hosts"), "# ours\n");
    writeFileSync(at("hosts.yaml"), "# the fleet\n[]\n");
    writeFileSync(
      at("isotherm.yaml"),
      "# kept\ncollect:\n  keyFile: collector.key\n  knownHostsFile: known_hosts\n  hostsFile: hosts.yaml\n",
    );
    appendFileSync(at("authorized_keys"), `# people\n${administrator.publicKey} somebody\n`);
    chmodSync(at("authorized_keys"), 0o600);
    const { username } = userInfo();
    options = {
      config: at("isotherm.yaml"),
      address: "127.0.0.1",
      port: bed.port,
      username,
      platform: "linux",
      admin: username,
      adminKey: at("admin.key"),
      folder: at("enrolled"),
      authorizedKeys: at("authorized_keys"),
      timeout: 30,
    };
  });
  after(() => bed.close());

  /** @param answer typed where a question is asked; undefined: there is no terminal */
  const terminal = (answer?: string): Terminal & { said: () => string } => {
    const stdin = Object.assign(new PassThrough(), { isTTY: answer !== undefined });
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    let said = "";
    for (const each of [stdout, stderr]) each.on("data", (bytes: Buffer) => (said += bytes.toString()));
    stdout.on("data", () => {
      if (answer !== undefined && said.includes("Type yes") && stdin.writable) stdin.end(`${answer}\n`);
    });
    return { stdin, stdout, stderr, env: {}, said: () => said } as unknown as Terminal & { said: () => string };
  };
  const untouched = (): void => {
    assert.ok(!existsSync(at("enrolled")), "no wrapper");
    assert.ok(!read("authorized_keys").includes("isotherm-collector"), "no key");
    assert.equal(read("known_hosts"), "# ours\n");
    assert.equal(read("hosts.yaml"), "# the fleet\n[]\n");
  };

  test("shows the fingerprint and touches nothing until it is confirmed", async () => {
    const asked = terminal("no");
    await assert.rejects(addHost("cn-07", options, asked), (error) => errorCode(error) === "SSH_HOST_KEY");
    assert.ok(asked.said().includes(fingerprint()), asked.said());
    untouched();
  });

  test("without a terminal it wants --fingerprint, and a wrong one is refused", async () => {
    await assert.rejects(addHost("cn-07", options, terminal()), /--fingerprint is missing/);
    const wrong = { ...options, fingerprint: fingerprint().replace(/.$/, "_") };
    await assert.rejects(addHost("cn-07", wrong, terminal()), (error) => errorCode(error) === "SSH_HOST_KEY");
    untouched();
  });

  test("a key line that would not let the collector in is taken away again", async () => {
    // sshd sees 127.0.0.1 come, and not this.
    const elsewhere = { ...options, fingerprint: fingerprint(), from: "192.0.2.9" };
    const said = terminal();
    await assert.rejects(addHost("cn-07", elsewhere, said), (error) => errorCode(error) === "ENROL_FAILED");
    assert.match(said.said(), /x cn-07: reach: .*authentication methods failed/);
    untouched();
    assert.equal(statSync(at("authorized_keys")).mode & 0o777, 0o600);
  });

  test("confirmed, it installs the wrapper and a restricted key, and writes known_hosts and the inventory", async () => {
    const said = terminal("yes");
    // This machine has no dtrace: the host is in, and the check says what it lacks.
    await assert.rejects(addHost("cn-07", options, said), (error) => errorCode(error) === "CHECK_FAILED");
    assert.match(said.said(), /x cn-07: dtrace: exit status 127/);
    const [people, admin, line] = read("authorized_keys").split("\n");
    assert.deepEqual([people, admin], ["# people", `${administrator.publicKey} somebody`]);
    assert.equal(
      line,
      `restrict,from="127.0.0.1",command="${at("enrolled")}/isotherm-wrapper" ${collector.publicKey} isotherm-collector`,
    );
    assert.equal(statSync(at("enrolled/isotherm-wrapper")).mode & 0o777, 0o755);
    assert.equal(read("known_hosts"), `# ours\n[cn-07]:${bed.port} ${bed.hostKey.split(" ").slice(0, 2).join(" ")}\n`);
    assert.match(read("hosts.yaml"), /^# the fleet\n- name: cn-07\n {2}address: 127\.0\.0\.1\n/);
    const [host] = await hostsNow(await readConfig(at("isotherm.yaml"), {}));
    assert.deepEqual([host?.name, host?.port, host?.platform], ["cn-07", bed.port, "linux"]);
  });

  test("the collector's key may do nothing but ask the wrapper", async () => {
    const known = parseKnownHosts(read("known_hosts"));
    const target = { host: "cn-07", address: "127.0.0.1", port: bed.port, username: options.username };
    const connection = await connect({ ...target, privateKey: collector.privateKey }, known);
    const version = await run(connection, "version");
    assert.match(version.stdout, /^wrapper 2\n/);
    assert.equal((await run(connection, "id")).code, 126);
    connection.close();
  });

  test("once more upgrades the wrapper, and adds no line twice", async () => {
    writeFileSync(at("enrolled/isotherm-wrapper"), "#!/bin/sh\necho wrapper 1\n", { mode: 0o755 });
    const before = ["authorized_keys", "known_hosts", "hosts.yaml"].map(read);
    await assert.rejects(addHost("cn-07", options, terminal()), (error) => errorCode(error) === "CHECK_FAILED");
    assert.match(read("enrolled/isotherm-wrapper"), /^# isotherm-wrapper: what a collector's key may do/m);
    assert.deepEqual(["authorized_keys", "known_hosts", "hosts.yaml"].map(read), before);
  });

  test("a host whose key has changed is refused before anything is sent", async () => {
    const known = read("known_hosts");
    writeFileSync(at("known_hosts"), known.replace(/ssh-ed25519 \S+/, makeKeyPair().publicKey));
    await assert.rejects(addHost("cn-07", options, terminal("yes")), /CHANGED/);
    await assert.rejects(removeHost("cn-07", options, terminal()), /CHANGED/);
    writeFileSync(at("known_hosts"), known);
  });

  test("remove undoes it all, but leaves the wrapper while another collector's key needs it", async () => {
    const second = `restrict,command="${at("enrolled")}/isotherm-wrapper" ${other.publicKey} second`;
    appendFileSync(at("authorized_keys"), `${second}\n`);
    const said = terminal();
    await removeHost("cn-07", options, said);
    assert.match(said.said(), /another key in .* uses it/);
    assert.ok(existsSync(at("enrolled/isotherm-wrapper")));
    assert.equal(read("authorized_keys"), `# people\n${administrator.publicKey} somebody\n${second}\n`);
    assert.equal(read("known_hosts"), "# ours\n");
    assert.match(read("hosts.yaml"), /^# the fleet\n+\[\]\n$/);

    writeFileSync(at("authorized_keys"), `${administrator.publicKey} somebody\n`);
    writeFileSync(at("hosts.yaml"), `- {name: cn-07, address: 127.0.0.1, port: ${bed.port}}\n`);
    writeFileSync(at("known_hosts"), `[cn-07]:${bed.port} ${bed.hostKey}\n`);
    await removeHost("cn-07", options, terminal());
    assert.ok(!existsSync(at("enrolled")), "nobody uses it: it is gone");
  });

  test("remove --local forgets a host that cannot be reached, and remove does not", async () => {
    writeFileSync(at("hosts.yaml"), "- {name: cn-08, address: 127.0.0.1, port: 1}\n");
    writeFileSync(at("known_hosts"), `[cn-08]:1,[cn-08-alias]:1 ${bed.hostKey}\n`);
    await assert.rejects(removeHost("cn-08", options, terminal()), (error) => errorCode(error) === "SSH_CONNECT");
    assert.match(read("hosts.yaml"), /cn-08/);
    await removeHost("cn-08", { ...options, local: true }, terminal());
    assert.equal(read("hosts.yaml"), "[]\n");
    assert.equal(read("known_hosts"), `[cn-08-alias]:1 ${bed.hostKey}\n`, "the line's other names stay");
  });

  test("what would not be safe in a key's line is refused", async () => {
    for (const wrong of [{ folder: '/opt/a"b' }, { folder: "opt" }, { authorizedKeys: "/etc/$(id)" }]) {
      await assert.rejects(addHost("cn-09", { ...options, ...wrong }, terminal("yes")), /expected an absolute path/);
    }
    await assert.rejects(addHost("cn-09;id", options, terminal("yes")), /expected letters, digits/);
  });

  test("check: a host behind the real wrapper, under sshd, is fit; one without dtrace is not", async () => {
    const [shell] = SHELLS;
    assert.ok(shell);
    const fit = bed.install(shell);
    writeFileSync(join(fit.folder, "bin/dtrace"), `#!/bin/sh\n${HEARTBEAT}\n`);
    const bare = bed.install(shell, { settings: { PATH: "/usr/bin:/bin" }, system: "Linux" });
    const known = parseKnownHosts(`[fit]:${bed.port},[bare]:${bed.port} ${bed.hostKey}\n`);
    const hosts = [fit, bare].map((host, i) => ({
      name: i === 0 ? "fit" : "bare",
      platform: i === 0 ? ("smartos" as const) : ("linux" as const),
      target: {
        host: i === 0 ? "fit" : "bare",
        address: "127.0.0.1",
        port: bed.port,
        username: host.username,
        privateKey: host.privateKey,
      },
    }));
    const [good, bad] = await checkAll(hosts, known, 15_000, new PassThrough());
    const states = good?.steps.map(({ name, state }) => `${name} ${state}`) ?? [];
    assert.deepEqual(
      states.filter((each) => !each.startsWith("kstat") && !each.startsWith("zones")),
      ["reach ok", "host key ok", "wrapper ok", "clock ok", "dtrace ok", "metrics ok"],
      JSON.stringify(good),
    );
    const dtrace = bad?.steps.find(({ name }) => name === "dtrace");
    assert.deepEqual([dtrace?.state, dtrace?.brief], ["failed", "none"]);
    await nothingLeft(fit);
    await nothingLeft(bare);
  });
});
