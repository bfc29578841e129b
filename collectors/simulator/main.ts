/**
 * main.ts: a simulated fleet as a process of its own, for the demo and the benches; spoken to over IPC.
 *
 *   parent                                    this process
 *   {type: "start", options}            ──▶
 *                                       ◀──  {type: "ready", hosts: [{name, port, hostKey}], tenants: [{id, name}]}
 *   {type: "incident", incident}        ──▶
 *   disconnects, SIGTERM, SIGINT        ──▶   ends within a second
 */
import { startFleet, type Fleet } from "./fleet.ts";
import type { Incident, PlainFleetOptions } from "./options.ts";

export type FleetOrder =
  | { readonly type: "start"; readonly options: PlainFleetOptions }
  | { readonly type: "incident"; readonly incident: Incident };

export interface FleetReady {
  readonly type: "ready";
  readonly hosts: readonly { readonly name: string; readonly port: number; readonly hostKey: string }[];
  readonly tenants: readonly { readonly id: string; readonly name: string }[];
}

const MAX_CLOSE_MS = 800;

let fleet: Fleet | undefined;
let ending = false;

async function start(options: PlainFleetOptions): Promise<void> {
  fleet = await startFleet({ ledger: false, ...options });
  const hosts = fleet.hosts.map(({ name, port, hostKey }) => ({ name, port, hostKey }));
  const ready: FleetReady = { type: "ready", hosts, tenants: fleet.tenants };
  process.send?.(ready);
}

function end(): void {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(0), MAX_CLOSE_MS).unref();
  void (fleet?.close() ?? Promise.resolve()).finally(() => process.exit(0));
}

process.on("message", (order: FleetOrder) => {
  if (order.type === "start" && fleet === undefined) void start(order.options);
  else if (order.type === "incident") fleet?.addIncident(order.incident);
});
process.on("disconnect", end);
process.on("SIGTERM", end);
process.on("SIGINT", end);
