/**
 * spool-fs.ts: the few file operations that the durable spool needs, so that a simulated disk can stand in for a real one.
 *
 * Names are relative to the spool's directory. Nothing is durable before the sync that covers it: `datasync` and `sync` for a
 * file's bytes and size, `syncDirectory` for names. A write that failed may have happened in part. Only "no such file" counts
 * as absent; every other failure to read is an error, since an empty answer would be taken for an empty spool.
 */
import { mkdirSync } from "node:fs";
import { type FileHandle, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../core/errors.ts";

export interface SpoolFile {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** fdatasync(2): the bytes, and the size where it changed. */
  datasync(): Promise<void>;
  /** fsync(2). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SpoolFs {
  list(): Promise<readonly { readonly name: string; readonly isFile: boolean }[]>;
  /** @returns undefined only if there is no such file */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Fewer bytes than asked for where the file ends early. */
  readRange(name: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A new, empty file; an old one of that name is emptied. */
  create(name: string): Promise<SpoolFile>;
  open(name: string): Promise<SpoolFile>;
  rename(from: string, to: string): Promise<void>;
  /** What is not there is removed already. */
  remove(name: string): Promise<void>;
  syncDirectory(): Promise<void>;
}

export function nodeSpoolFs(directory: string): SpoolFs {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(directory, name);
  return {
    list: async () =>
      (await readdir(directory, { withFileTypes: true })).map((each) => ({ name: each.name, isFile: each.isFile() })),
    read: async (name) => {
      try {
        return new Uint8Array(await readFile(path(name)));
      } catch (error) {
        if (errorCode(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    readRange: async (name, offset, length) => {
      const file = await open(path(name), "r");
      try {
        const bytes = new Uint8Array(length);
        let got = 0;
        while (got < length) {
          const { bytesRead } = await file.read(bytes, got, length - got, offset + got);
          if (bytesRead === 0) break;
          got += bytesRead;
        }
        return bytes.subarray(0, got);
      } finally {
        await file.close();
      }
    },
    create: async (name) => new NodeFile(await open(path(name), "w", 0o600)),
    open: async (name) => new NodeFile(await open(path(name), "r+")),
    rename: (from, to) => rename(path(from), path(to)),
    remove: async (name) => {
      await unlink(path(name)).catch((error: unknown) => {
        if (errorCode(error) !== "ENOENT") throw error;
      });
    },
    syncDirectory: async () => {
      const handle = await open(directory, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

class NodeFile implements SpoolFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    // A disk that is nearly full takes a part first and fails at the rest.
    for (let at = 0; at < bytes.length;) {
      at += (await this.#handle.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
    }
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes);
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
