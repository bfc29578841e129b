/**
 * The spool on the real file system: damaged and foreign files, failing and full disks, the bound.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { nodeSpoolFs, type SpoolFile, type SpoolFs } from "../../collectors/spool-fs.ts";
import { POSITION_NAME, SLOT_BYTES } from "../../collectors/spool-position.ts";
import { append, bed, directory, drain } from "./bed.ts";
import { FaultFs } from "./fault-fs.ts";
import { until } from "../until.ts";

/** Three batches in a segment, closed. */
async function three(t: TestContext): Promise<{ path: string; name: string; bytes: Buffer }> {
  const path = directory(t);
  const { spool } = await bed(path);
  for (const mark of [1, 2, 3]) append(spool, mark);
  await spool.flushed();
  await spool.close();
  const name = segments(path)[0] ?? "";
  return { path, name, bytes: readFileSync(join(path, name)) };
}

/** The real file system without its waits, for what is tried hundreds of times. */
function withoutSync(path: string): SpoolFs {
  const plain = nodeSpoolFs(path);
  const nothing = (): Promise<void> => Promise.resolve();
  const quick = async (opened: Promise<SpoolFile>): Promise<SpoolFile> => {
    const file = await opened;
    return {
      write: (bytes, offset) => file.write(bytes, offset),
      truncate: (bytes) => file.truncate(bytes),
      datasync: nothing,
      sync: nothing,
      close: () => file.close(),
    };
  };
  const [create, open] = [(name: string) => quick(plain.create(name)), (name: string) => quick(plain.open(name))];
  return { ...plain, create, open, syncDirectory: nothing };
}

function segments(path: string): string[] {
  return readdirSync(path)
    .filter((name) => name.startsWith("segment-"))
    .sort();
}

async function marks(path: string): Promise<{ marks: number[]; lost: number[]; damaged: number }> {
  const { spool, losses } = await bed(path, { fs: withoutSync(path) });
  const got = await drain(spool);
  await new Promise((resolve) => setImmediate(resolve));
  const { damaged } = spool.report;
  await spool.close();
  return { marks: got, lost: losses.flatMap(({ coverage }) => coverage.map(({ tick }) => tick)), damaged };
}

/** What a start finds in a directory with these files. */
async function found(t: TestContext, saved: Awaited<ReturnType<typeof three>>, bytes: Uint8Array, position: Buffer) {
  const path = directory(t);
  writeFileSync(join(path, saved.name), bytes);
  writeFileSync(join(path, POSITION_NAME), position);
  return marks(path);
}

describe("a spool's files", () => {
  test("keep earlier batches when the last is cut at any byte", async (t) => {
    const saved = await three(t);
    const position = readFileSync(join(saved.path, POSITION_NAME));
    const lastStart = saved.bytes.lastIndexOf("ISB1");
    for (let end = lastStart; end < saved.bytes.length; end++) {
      const result = await found(t, saved, saved.bytes.subarray(0, end), position);
      assert.deepEqual(result, { marks: [1, 2], lost: [], damaged: 0 }, `cut at ${end}`);
    }
  });

  test("keep earlier batches and name the lost ones when any byte is flipped", async (t) => {
    const saved = await three(t);
    const position = readFileSync(join(saved.path, POSITION_NAME));
    const starts = [...saved.bytes.toString("latin1").matchAll(/ISB1/g)].map(({ index }) => index);
    for (let at = 0; at < saved.bytes.length; at++) {
      const bytes = Buffer.from(saved.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      const hit = starts.filter((start) => start <= at).length;
      const result = await found(t, saved, bytes, position);
      // A flipped header takes the whole segment; its batches name the windows.
      const kept = [1, 2, 3].filter((mark) => mark < hit);
      const lost = [1, 2, 3].filter((mark) => mark > hit);
      assert.deepEqual(result, { marks: kept, lost, damaged: 0 }, `flipped at ${at}`);
    }
  });

  test("take no junk behind the last batch for a batch", async (t) => {
    const saved = await three(t);
    const position = readFileSync(join(saved.path, POSITION_NAME));
    const junk = [Buffer.alloc(5000), Buffer.from("ISB1"), Buffer.alloc(300, "ISB1"), saved.bytes.subarray(-30)];
    for (const each of junk) {
      const result = await found(t, saved, Buffer.concat([saved.bytes, each]), position);
      assert.deepEqual(result, { marks: [1, 2, 3], lost: [], damaged: 0 });
    }
  });

  test("are told from files of others, which stay", async (t) => {
    const { path } = await three(t);
    for (const name of ["segment-1", "segment-000000000000000x", "core", "segment-9999999999999999"]) {
      writeFileSync(join(path, name), "junk");
    }
    mkdirSync(join(path, "segment-0000000000000007"));
    assert.deepEqual((await marks(path)).marks, [1, 2, 3]);
    assert.equal(readFileSync(join(path, "core"), "utf8"), "junk");
  });

  test("lose no more than the rest of a damaged segment, which is kept aside", async (t) => {
    const path = directory(t);
    const { spool } = await bed(path, { segmentBytes: 900 });
    for (const mark of [1, 2, 3, 4, 5, 6]) append(spool, mark);
    await spool.flushed();
    await spool.close();
    const first = segments(path)[0] ?? "";
    assert.ok(segments(path).length > 1);
    const bytes = readFileSync(join(path, first));
    const inFirst = bytes.toString("latin1").split("ISB1").length - 1;
    assert.ok(inFirst >= 2);
    bytes[bytes.indexOf("ISB1", bytes.indexOf("ISB1") + 1) + 30] = 0xff;
    writeFileSync(join(path, first), bytes);
    const { spool: again, losses } = await bed(path);
    assert.deepEqual(await drain(again), [1, ...[2, 3, 4, 5, 6].slice(inFirst - 1)]);
    assert.deepEqual([again.report.damaged, again.report.lost], [1, inFirst - 1]);
    await until("the segment is put aside", () => readdirSync(path).includes(`aside-${first}`));
    assert.equal(losses[0]?.reason, "spool_corrupt");
    await again.close();
  });

  test("say that a segment is missing", async (t) => {
    const path = directory(t);
    const { spool } = await bed(path, { segmentBytes: 200 });
    for (const mark of [1, 2, 3]) append(spool, mark);
    await spool.flushed();
    await spool.close();
    rmSync(join(path, segments(path)[1] ?? ""));
    const { spool: again } = await bed(path);
    assert.deepEqual([again.report.damaged, again.report.lost], [1, 1]);
    assert.deepEqual(await drain(again), [1, 3]);
    await again.close();
  });

  const positions: [name: string, spoil: (file: string) => void][] = [
    ["its first slot is bad", (file) => spoil(file, 40)],
    ["its second slot is bad", (file) => spoil(file, SLOT_BYTES + 40)],
    ["both slots are bad", (file) => [40, SLOT_BYTES + 40].forEach((at) => spoil(file, at))],
    ["it is cut short", (file) => truncateSync(file, 10)],
    ["it is gone", (file) => rmSync(file)],
    [
      "it is a directory",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ];
  for (const [name, spoilIt] of positions) {
    test(`deliver all, under the same stream, when the position's file: ${name}`, async (t) => {
      const { path } = await three(t);
      const before = await bed(path);
      await until("the first batch", () => before.spool.head() !== undefined);
      const stream = before.spool.head()?.stream;
      await before.spool.close();
      spoilIt(join(path, POSITION_NAME));
      const { spool } = await bed(path);
      await until("the first batch after", () => spool.head() !== undefined);
      assert.equal(spool.head()?.stream, stream);
      assert.deepEqual(await drain(spool), [1, 2, 3]);
      await spool.close();
    });
  }

  test("that cannot be read are an error and not an empty spool", async (t) => {
    const { path } = await three(t);
    for (const victim of [POSITION_NAME, segments(path)[0]]) {
      const plain = nodeSpoolFs(path);
      const broken = Object.assign(new Error("i/o error"), { code: "EIO" });
      const fs: SpoolFs = { ...plain, read: (name) => (name === victim ? Promise.reject(broken) : plain.read(name)) };
      await assert.rejects(bed(path, { fs }), { code: "SPOOL_UNREADABLE", cause: broken });
    }
    assert.deepEqual((await marks(path)).marks, [1, 2, 3]);
  });
});

describe("a spool on a full disk", () => {
  test("hands out batches from memory, keeps within its bounds, and recovers by itself", async (t) => {
    const disk = new FaultFs(seeded(1));
    const { spool, losses, troubles } = await bed(directory(t), { fs: disk, memoryBytes: 2000, segmentBytes: 1000 });
    for (const mark of [1, 2, 3]) append(spool, mark);
    await spool.flushed();
    disk.failing = { code: "ENOSPC", kinds: ["create", "write"] };
    for (let mark = 4; mark < 100; mark++) append(spool, mark);
    await until("a full disk is told, and room is made", () => troubles.includes("SPOOL_FULL") && spool.bytes < 3000);
    disk.failing = { code: "ENOSPC", kinds: ["create"] };
    const got: number[] = [];
    await until("all but the last are out", () => {
      const batch = spool.head();
      if (batch !== undefined) {
        got.push(batch.bytes[0] ?? 0);
        spool.remove(batch);
      }
      return spool.length < 3;
    });
    disk.failing = undefined;
    append(spool, 100);
    await until("the last is in", () => disk.operations > 0 && spool.length > 0);
    await spool.flushed();
    got.push(...(await drain(spool)));
    const lost = losses.flatMap(({ coverage }) => coverage.map(({ tick }) => tick));
    assert.deepEqual(
      [...got, ...lost].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i + 1),
      "each is either delivered or told as lost",
    );
    assert.ok(got.includes(100));
    await spool.close();
  });
});

describe("a spool over its bound", () => {
  test("drops the oldest but never the one under way, and does not bring them back", async (t) => {
    const path = directory(t);
    const { spool, losses } = await bed(path, { capacityBytes: 1000, segmentBytes: 400 });
    append(spool, 1);
    await until("the first batch", () => spool.head() !== undefined);
    for (let mark = 2; mark <= 20; mark++) append(spool, mark);
    await spool.flushed();
    await until("the oldest are dropped", () => losses.length > 0 && spool.bytes <= 1000);
    const lost = losses.map(({ coverage }) => coverage[0]?.tick);
    assert.deepEqual(
      lost,
      Array.from({ length: lost.length }, (_, i) => i + 2),
    );
    const left = spool.length;
    await spool.close();
    const again = await bed(path);
    const got = await drain(again.spool);
    assert.equal(got.length, left);
    assert.deepEqual(got, [1, ...Array.from({ length: left - 1 }, (_, i) => lost.length + 2 + i)]);
    assert.equal(again.spool.report.damaged, 0);
    await again.spool.close();
  });

  test("says before each batch which number was delivered last", async (t) => {
    const { spool } = await bed(directory(t), { capacityBytes: 700 });
    const first = append(spool, 1);
    await until("the first batch", () => spool.head() !== undefined);
    for (let mark = 2; mark <= 9; mark++) append(spool, mark);
    await spool.flushed();
    const head = spool.head();
    if (head !== undefined) spool.remove(head);
    await until("the next batch", () => spool.head() !== undefined);
    assert.equal(spool.head()?.after, first);
    assert.ok((spool.head()?.seq ?? 0) > first + 1);
    await spool.close();
  });
});

function spoil(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}
