/**
 * A real Alertmanager: what fires here fires there, with its labels, and ends there.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HookTest } from "../../core/alerts/api.ts";
import { HOSTS, startBed, startTelling, ZONES } from "../alerts/bed.ts";
import { until } from "../until.ts";

const PROGRAM = ["/usr/bin/prometheus-alertmanager", "/usr/bin/alertmanager"].find((path) => existsSync(path));
const SKIP = PROGRAM === undefined ? "prometheus-alertmanager is not installed" : false;

interface ManagerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorURL: string;
  readonly status: { readonly state: string };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe("an Alertmanager", () => {
  test("is posted what fires, and told when it ends", { skip: SKIP }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "isotherm-test-"));
    const port = await freePort();
    const config = join(dir, "alertmanager.yml");
    await writeFile(config, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    const manager = spawn(
      PROGRAM ?? "",
      [
        `--config.file=${config}`,
        `--storage.path=${dir}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      { stdio: "ignore" },
    );
    const ended = new Promise((end) => manager.once("exit", end));
    const url = `http://127.0.0.1:${port}`;
    await until(
      "Alertmanager is ready",
      async () => ((await fetch(`${url}/-/ready`).catch(() => null))?.ok === true ? true : undefined),
      20_000,
    );
    const alertsThere = async (): Promise<ManagerAlert[]> =>
      (await (await fetch(`${url}/api/v2/alerts`)).json()) as ManagerAlert[];
    let count = 100;
    const bed = await startBed({ allowTargets: [`127.0.0.1:${port}`] });
    const stop = startTelling(bed, () => ({ seconds: [{ host: HOSTS[0], zone: ZONES[0], latencyNs: 2000, count }] }));
    try {
      const hook = await bed.api.operator.post<{ id: string }>("/v1/alerts/hooks", {
        name: "manager",
        kind: "alertmanager",
        url,
      });
      const tested = await bed.api.operator.post<HookTest>(`/v1/alerts/hooks/${hook.id}/test`, {});
      assert.deepEqual({ ok: tested.ok, problem: tested.problem }, { ok: true, problem: "" });
      await bed.api.operator.post("/v1/alerts/rules", {
        ...{
          name: "busy",
          instrumentation: bed.instrumentation,
          per: "zonename",
          everySec: 1,
          labels: { severity: "page" },
        },
        ...{
          condition: { kind: "rate", windowSec: 2, above: 50 },
          annotations: { summary: "{{ key }} has {{ value }}" },
        },
      });
      const there = await until(
        "the alert is there",
        async () => (await alertsThere()).find(({ labels }) => labels["alertname"] === "busy"),
        30_000,
      );
      assert.deepEqual(there.labels, { alertname: "busy", severity: "page", zonename: ZONES[0] });
      assert.equal(there.annotations["summary"], "web-0 has 100 operations/s");
      assert.match(there.generatorURL, new RegExp(`/#i=${bed.instrumentation}`));
      assert.equal(there.status.state, "active");
      count = 1;
      await until(
        "it has ended there",
        async () => ((await alertsThere()).some(({ labels }) => labels["alertname"] === "busy") ? undefined : true),
        30_000,
      );
    } finally {
      await stop();
      await bed.close();
      manager.kill("SIGTERM");
      await ended;
      await rm(dir, { recursive: true, force: true });
    }
  });
});
