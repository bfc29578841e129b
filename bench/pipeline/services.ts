/**
 * services.ts: engine, ingest and query API for a bench, in a process of their own. One order, then it serves until the bench ends.
 */
import { startServices } from "../../cli/services.ts";
import { silentLog } from "../../server/log.ts";
import { zoneName } from "../peers/workload.ts";
import type { ServicesOrder, ServicesReady } from "./processes.ts";

process.once("message", (message) => void serve(message as ServicesOrder));

async function serve({ dataDir, hosts, zones, distinctHosts, collectors }: ServicesOrder): Promise<void> {
  const services = await startServices({
    ...{ host: "127.0.0.1", port: 0, webDir: null, simulated: true, signInCode: null, log: silentLog(), dataDir },
    // Once a minute they would fall into one stage or another.
    rollups: false,
  });
  process.once("disconnect", () => void services.close().then(() => process.exit(0)));
  const { tokens, ownership } = services.state;
  const nowMs = Date.now();
  for (let host = 0; host < hosts; host++) {
    const seen = Array.from({ length: zones }, (_, zone) => ({
      name: zoneName(host % distinctHosts, zone),
      owner: `owner-${zone % 10}`,
      alias: "",
      state: "running" as const,
    }));
    await ownership.report(hostName(host), seen, nowMs);
  }
  const made: string[] = [];
  for (let at = 0; at < collectors; at++) made.push(await tokens.create("collector", "", `bench-${at}`));
  const { url, username, password, database } = services.engine;
  const ready: ServicesReady = {
    ingestUrl: services.ingest.url,
    tokens: made,
    enginePid: services.engine.pid ?? 0,
    store: { url, username, password, database },
  };
  process.send?.(ready);
}

function hostName(host: number): string {
  return `cn-${String(host).padStart(3, "0")}`;
}
