import { fork } from "node:child_process";
import { once } from "node:events";
import ssh2 from "/work/main/node_modules/ssh2/lib/index.js";
import { CLIENT, makeHead, programText } from "/work/main/test/simulator/client.ts";
async function go(hosts: number, heads: () => any[], kstat: boolean, secs: number, label: string) {
  const child = fork("/work/main/test/simulator/fp.mts", {
    execArgv: ["--import", "/work/main/node_modules/tsx/dist/esm/index.mjs"],
  });
  child.send({ type: "start", options: { hosts, clientPublicKey: CLIENT.public, ledger: false, seed: 3 } });
  const [r] = (await once(child, "message")) as any;
  let bytes = 0;
  const cs: any[] = [];
  for (const h of r.hosts) {
    const c = new (ssh2 as any).Client();
    cs.push(c);
    c.on("error", () => {});
    c.connect({
      host: "127.0.0.1",
      port: h.port,
      username: "x",
      privateKey: CLIENT.private,
      algorithms: { cipher: ["aes256-gcm@openssh.com"] },
    });
    await once(c, "ready");
    c.setNoDelay(true);
    for (const head of heads()) {
      c.exec(`run ${head.nonce}`, (e: any, ch: any) => {
        ch.write(`${programText(head)}@program-end ${head.nonce}\n`);
        ch.on("data", (d: any) => (bytes += d.length));
        ch.stderr.resume();
        setInterval(() => ch.write("\n"), 2000);
      });
    }
    if (kstat)
      c.exec("kstat zones::: zone_vfs::: memory_cap::: caps::: link:::", (e: any, ch: any) => {
        ch.on("data", (d: any) => (bytes += d.length));
        ch.stderr.resume();
        setInterval(() => ch.write("\n"), 2000);
      });
  }
  await new Promise((r) => setTimeout(r, 8000));
  const cpu = async () => {
    child.send({ type: "cpu" });
    return ((await once(child, "message")) as any)[0];
  };
  const a = await cpu();
  const b0 = bytes;
  const t = Date.now();
  await new Promise((r) => setTimeout(r, secs * 1000));
  const b = await cpu();
  const dt = (Date.now() - t) / 1000;
  const used = (b.cpu.user + b.cpu.system - a.cpu.user - a.cpu.system) / 1e6 / dt;
  console.log(
    label,
    hosts,
    "hosts: core",
    (used * 100).toFixed(1) + "%",
    "per host tick ms",
    ((used * 1000) / hosts).toFixed(2),
    "kB/s",
    ((bytes - b0) / dt / 1000).toFixed(0),
    "rss MB",
    (b.rss / 1e6).toFixed(0),
  );
  child.disconnect(); await new Promise(r=>setTimeout(r,3000));
  await new Promise((r) => setTimeout(r, 500));
}
const z = (o = {}) =>
  makeHead({
    nonce: [...crypto.getRandomValues(new Uint8Array(16))].map((x) => x.toString(16).padStart(2, "0")).join(""),
    ...o,
  });
if(!process.argv[2]) await go(3, () => [z({ keys: ["zonename", "execname", "syscall"] })], true, 12, "full decomposition + kstat");
if(!process.argv[2]) await go(3, () => [z({ keys: ["zonename", "execname"] })], true, 12, "by execname + kstat");
if(!process.argv[2]) await go(3, () => [z({ keys: ["zonename", "execname"] })], false, 12, "by execname");
if (process.argv[2])
  await go(+process.argv[2], () => [z({ keys: ["zonename", "execname"] })], false, 12, "by execname");
process.exit();
