/**
 * engine-fixture.ts: what the tests of the embedded engine share: an engine on a temporary directory, and waiting for a
 * condition instead of sleeping.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StoreClient, createStoreClient } from "../../store/client.ts";
import { type Engine, startEngine } from "../../store/engine.ts";

export interface TestInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly signal?: AbortSignal;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly client: StoreClient;
  readonly dataDir: string;
  /** ClickHouse's HTTP interface without any client: authorised, with `parameters` in the URL. */
  http(parameters: Record<string, string>, init?: TestInit): Promise<Response>;
  close(): Promise<void>;
}

export async function startTestEngine(): Promise<TestEngine> {
  const dataDir = mkdtempSync(join(tmpdir(), "isotherm-engine-"));
  const engine = await startEngine({ dataDir, memoryBytes: 2 ** 30, threads: 2 });
  const client = createStoreClient(engine);
  return {
    engine,
    client,
    dataDir,
    http: (parameters, init = {}) =>
      fetch(`${engine.url}/?${new URLSearchParams(parameters).toString()}`, {
        method: "POST",
        ...init,
        headers: { "X-ClickHouse-User": engine.username, "X-ClickHouse-Key": engine.password, ...init.headers },
      }),
    close: async () => {
      await client.close();
      await engine.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs until it is killed. */
export const ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";
