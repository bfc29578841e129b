/**
 * mutants.ts: spools with one deliberate mistake each, which the simulator must notice.
 *
 * Most mistakes are an operation left out, hence a disk that leaves it out.
 */
import type { SpoolFile, SpoolFs } from "../../collectors/spool-fs.ts";
import { POSITION_NAME, SLOT_BYTES } from "../../collectors/spool-position.ts";
import type { Mutant } from "./lives.ts";

const nothing = (): Promise<void> => Promise.resolve();

/** The same disk, but for what `change` gives of each file. */
function files(fs: SpoolFs, change: (file: SpoolFile, name: string) => Partial<SpoolFile>): SpoolFs {
  const changed = async (name: string, file: Promise<SpoolFile>): Promise<SpoolFile> => {
    const plain = await file;
    return { ...plain, ...change(plain, name) };
  };
  return {
    ...bound(fs),
    create: (name) => changed(name, fs.create(name)),
    open: (name) => changed(name, fs.open(name)),
  };
}

function bound(fs: SpoolFs): SpoolFs {
  return {
    list: () => fs.list(),
    read: (name) => fs.read(name),
    readRange: (name, offset, length) => fs.readRange(name, offset, length),
    create: (name) => fs.create(name),
    open: (name) => fs.open(name),
    rename: (from, to) => fs.rename(from, to),
    remove: (name) => fs.remove(name),
    syncDirectory: () => fs.syncDirectory(),
  };
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "no sync of a segment that is full",
    fs: (fs) => files(fs, (_, name) => (name === POSITION_NAME ? {} : { sync: nothing })),
  },
  {
    name: "an append reported before its data is durable",
    fs: (fs) => files(fs, (_, name) => (name === POSITION_NAME ? {} : { datasync: nothing })),
  },
  {
    name: "a segment unlinked before the position is durable",
    fs: (fs) => files(fs, (_, name) => (name === POSITION_NAME ? { datasync: nothing } : {})),
  },
  { name: "no checksum", checksum: () => 0 },
  { name: "a torn tail that is not cut", fs: (fs) => files(fs, () => ({ truncate: nothing })) },
  {
    name: "one slot overwritten in place",
    fs: (fs) =>
      files(fs, (file, name) =>
        name === POSITION_NAME
          ? { write: (bytes, offset) => file.write(bytes, offset === SLOT_BYTES ? 0 : offset) }
          : {},
      ),
  },
  { name: "no sync of the directory", fs: (fs) => ({ ...bound(fs), syncDirectory: nothing }) },
];
