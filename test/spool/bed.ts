/**
 * bed.ts: a spool in a directory of its own on the real file system, for the tests.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { DurableSpool, type DurableSpoolOptions } from "../../collectors/spool-durable.ts";
import type { FrozenBatch } from "../../collectors/spool.ts";
import { nodeSpoolFs } from "../../collectors/spool-fs.ts";
import type { SpoolLoss } from "../../collectors/spool-loss.ts";
import { coverageRow } from "./rows.ts";
import { until } from "../until.ts";

export function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "isotherm-spool-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Bed {
  readonly spool: DurableSpool;
  readonly losses: SpoolLoss[];
  readonly troubles: string[];
}

export async function bed(path: string, options: Partial<DurableSpoolOptions> = {}): Promise<Bed> {
  const losses: SpoolLoss[] = [];
  const troubles: string[] = [];
  const spool = await DurableSpool.open({
    fs: nodeSpoolFs(path),
    newStream: () => `c-${Math.random().toString(16).slice(2, 10)}`,
    capacityBytes: 1e9,
    groupMs: 0,
    retryMs: 5,
    onReady: () => undefined,
    onLoss: (loss) => losses.push(loss),
    onTrouble: (error) => troubles.push(error.code),
    ...options,
  });
  return { spool, losses, troubles };
}

export function append(spool: DurableSpool, mark: number, size = 50): number {
  return spool.append(new Uint8Array(size).fill(mark), 1, [coverageRow(mark)]);
}

/** Delivers all. @returns the first byte of each batch */
export async function drain(spool: DurableSpool): Promise<number[]> {
  const marks: number[] = [];
  while (spool.length > 0) {
    let batch: FrozenBatch | undefined;
    await until("the next batch", () => (batch = spool.head()) !== undefined || spool.length === 0);
    if (batch === undefined) break;
    marks.push(batch.bytes[0] ?? -1);
    spool.remove(batch);
  }
  return marks;
}
