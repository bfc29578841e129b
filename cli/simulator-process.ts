/**
 * simulator-process.ts: the simulated fleet as a child process, so that its work does not stand in the way of what watches it.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FleetOrder, FleetReady } from "../collectors/simulator/main.ts";
import type { Incident, PlainFleetOptions } from "../collectors/simulator/options.ts";
import { OperationalError } from "../core/errors.ts";

export interface Simulator {
  readonly hosts: FleetReady["hosts"];
  readonly tenants: FleetReady["tenants"];
  incident(incident: Incident): void;
  close(): Promise<void>;
}

/**
 * @param signal ends a start that is under way
 * @throws OperationalError SIMULATOR_FAILED
 */
export async function startSimulator(options: PlainFleetOptions, signal?: AbortSignal): Promise<Simulator> {
  signal?.throwIfAborted();
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = fileURLToPath(new URL(`../collectors/simulator/main.${extension}`, import.meta.url));
  // A group of its own: Ctrl-C goes to the whole foreground group, and the collector is to see its hosts leave last.
  const child = fork(main, { detached: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const abort = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  const ready = await started(child, options).finally(() => signal?.removeEventListener("abort", abort));
  return {
    hosts: ready.hosts,
    tenants: ready.tenants,
    incident: (incident) => void child.send({ type: "incident", incident } satisfies FleetOrder),
    close: () => ended(child),
  };
}

function started(child: ChildProcess, options: PlainFleetOptions): Promise<FleetReady> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as FleetReady));
    child.once("error", (cause) => reject(new OperationalError("SIMULATOR_FAILED", "start the simulator", { cause })));
    child.once("exit", (code) =>
      reject(new OperationalError("SIMULATOR_FAILED", `start the simulator: exit status ${String(code)}`)),
    );
    child.send({ type: "start", options } satisfies FleetOrder);
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 1_500);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
