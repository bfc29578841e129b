import { Fleet } from "../../collectors/simulator/fleet.ts";
import { syscallOps } from "../../collectors/simulator/models/syscall-ops.ts";
import { Decomposition } from "../../collectors/simulator/decomposition.ts";
import { printFrame } from "../../collectors/simulator/frame.ts";
import { CLIENT, makeHead } from "./client.ts";
const n = +process.argv[2]!,
  keys = process.argv[3]!.split(",");
const f = new Fleet({ hosts: n, clientPublicKey: CLIENT.public, seed: 3 });
const ds = f.hosts.map(() => new Decomposition(makeHead({ keys }), syscallOps));
let bytes = 0,
  rows = 0,
  ev = 0;
const cpu = () => {
  const u = process.cpuUsage();
  return (u.user + u.system) / 1000;
};
const T = +process.argv[4]!;
let last = cpu();
for (let s = 0; s < T; s++) {
  f.hosts.forEach((h, i) => {
    const e = h.events.of(syscallOps, 1_768_000_000 + s);
    ds[i]!.add(e);
    const r = ds[i]!.take();
    bytes += Buffer.from(printFrame("a", s, 1n, r, ds[i]!.scheme, 1).rows).length;
    rows += r.length;
    for (const x of r) ev += x.value;
  });
  if ((s + 1) % (T / 4) === 0) {
    const c = cpu();
    console.log(keys.length, "cpu ms/host-tick", ((c - last) / n / (T / 4)).toFixed(3));
    last = c;
  }
}
console.log("rows", rows / n / T, "kB", (bytes / n / T / 1000).toFixed(1), "events", (ev / n / T).toFixed(0));
process.exit();
