/**
 * engine-scratch.ts: the engine's directory for pipes and for rows on their way in, in memory where the system has it.
 *
 * Its name holds a digest of the data directory and a random part. Whoever has the engine's lock on the data directory
 * owns all directories with that digest, and removes those that a killed engine left behind.
 */
import { createHash } from "node:crypto";
import { accessSync, constants, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface Scratch {
  readonly dir: string;
  /** To be called by the owner of the data directory only. */
  removeOthers(): void;
  remove(): void;
}

/** @param fallback a directory of ours, for systems without a memory file system */
export function makeScratch(dataDir: string, fallback: string): Scratch {
  const base = writable("/dev/shm") ? "/dev/shm" : fallback;
  const digest = createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, 16);
  const prefix = `isotherm-${digest}-`;
  // mkdtemp makes a new directory with mode 0700, so nobody can have prepared it.
  const dir = mkdtempSync(join(base, prefix));
  const remove = (path: string): void => {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else's directory of the same name: it takes no harm, and neither do we.
    }
  };
  return {
    dir,
    removeOthers: () => {
      for (const name of readdirSync(base)) {
        if (name.startsWith(prefix) && join(base, name) !== dir) remove(join(base, name));
      }
    },
    remove: () => remove(dir),
  };
}

function writable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
