/**
 * peer.ts: another store, started on a temporary folder and a free port, and what it costs: CPU seconds and bytes on disk.
 *
 * Debian's packages `prometheus` and `victoria-metrics`; one that is not installed is left out of the figures, and said so.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Peer {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly directory: string;
  close(): Promise<void>;
}

/** Linux's USER_HZ, in which /proc counts. */
const TICKS_PER_SEC = 100;

/** CPU seconds of a process and of the children that it has waited for. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces: fields are counted from behind it. proc(5): utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
}

/** Bytes of all files below a folder. */
export function diskBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** @returns null where Debian's package is not installed */
export async function startPrometheus(): Promise<Peer | null> {
  return startPeer("Prometheus", "/usr/bin/prometheus", async (directory, port) => {
    const config = join(directory, "prometheus.yml");
    await writeFile(config, "global: {}\n");
    return [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--web.enable-admin-api",
      "--enable-feature=native-histograms",
      "--log.level=error",
    ];
  });
}

/** @returns null where Debian's package is not installed */
export async function startVictoria(): Promise<Peer | null> {
  return startPeer("VictoriaMetrics", "/usr/bin/victoria-metrics", (directory, port) =>
    Promise.resolve([
      `-storageDataPath=${join(directory, "data")}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      "-retentionPeriod=10y",
      "-loggerLevel=ERROR",
      "-search.disableCache",
    ]),
  );
}

async function startPeer(
  name: string,
  program: string,
  argumentsOf: (directory: string, port: number) => Promise<string[]>,
): Promise<Peer | null> {
  if (!existsSync(program)) return null;
  const directory = await mkdtemp(join(tmpdir(), "isotherm-peer-"));
  const port = await freePort();
  const child = spawn(program, await argumentsOf(directory, port), { stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/api/v1/query?query=1`, child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  return {
    name,
    url,
    pid,
    directory,
    close: async () => {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (child.exitCode !== null) throw new Error(`${url}: the process ended with status ${child.exitCode}`);
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`${url}: no answer within 30 s`);
}
