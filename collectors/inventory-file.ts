/**
 * inventory-file.ts: hosts from a file that is looked at once a second.
 *
 * Looked at rather than watched by the kernel: editors and configuration managers put another file in its place, and network
 * file systems tell nobody. A file is taken once two looks in a row find it the same, so that one that is being written is not;
 * one that does not parse is not taken either, and what it said last holds (inventory.ts).
 */
import { readFile, stat } from "node:fs/promises";
import type { InventoryHost, InventorySource } from "./inventory.ts";

export interface FileSourceOptions {
  readonly path: string;
  /** @throws where the text is no list of hosts */
  readonly parse: (text: string) => readonly InventoryHost[];
  readonly everyMs?: number;
}

export function fileSource({ path, parse, everyMs = 1_000 }: FileSourceOptions): InventorySource {
  let seen = "";
  let before = "";
  return {
    name: path,
    list: async () => {
      seen = await stampOf(path);
      return parse(await readFile(path, "utf8"));
    },
    watch: (changed) => {
      let looking = false;
      const timer = setInterval(() => {
        if (looking) return;
        looking = true;
        void stampOf(path).then((stamp) => {
          looking = false;
          const isSettled = stamp === before;
          before = stamp;
          if (stamp === seen || !isSettled) return;
          // At once, so that what is read next is compared with the file as it is then.
          seen = stamp;
          changed();
        });
      }, everyMs);
      return () => clearInterval(timer);
    },
  };
}

/** Which file it is and when it was written; "" where there is none. Never rejects. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}
