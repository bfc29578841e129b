/**
 * spool-open.ts: the durable spool of a directory on this machine, for one process at a time.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { OperationalError } from "../core/errors.ts";
import { crc32 } from "./segment-checksum.ts";
import { DurableSpool, type DurableSpoolOptions } from "./spool-durable.ts";
import { nodeSpoolFs } from "./spool-fs.ts";
import { lockSpool, type SpoolLock } from "./spool-lock.ts";
import { readWatched } from "./spool-recovery.ts";

export interface OpenSpoolOptions extends Omit<DurableSpoolOptions, "fs" | "newStream"> {
  readonly directory: string;
  /** Part of the stream's name; a directory keeps the name that it was made with. */
  readonly collector: string;
}

export interface OpenSpool {
  readonly spool: DurableSpool;
  /** Writes what is left, ends, and lets another process in. */
  close(): Promise<void>;
}

/** @throws OperationalError SPOOL_IN_USE, SPOOL_UNREADABLE */
export async function openSpool({ directory, collector, ...options }: OpenSpoolOptions): Promise<OpenSpool> {
  const lock = takeLock(directory);
  try {
    const newStream = (): string => `${collector}-${randomBytes(6).toString("hex")}`;
    const spool = await DurableSpool.open({ ...options, newStream, fs: nodeSpoolFs(directory) });
    return {
      spool,
      close: async () => {
        await spool.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The newest column that the spool of a directory knows of (epoch seconds); 0: none, or there is no spool. */
export async function newestSpooledTs(directory: string): Promise<number> {
  if (!existsSync(directory)) return 0;
  return (await readWatched(nodeSpoolFs(directory), crc32)).newestTs;
}

function takeLock(directory: string): SpoolLock {
  try {
    return lockSpool(directory);
  } catch (cause) {
    if (cause instanceof OperationalError) throw cause;
    throw new OperationalError("SPOOL_UNREADABLE", `open the spool ${directory}`, { cause });
  }
}
