/**
 * arrow-specials.ts: damage that chance does not find: each body of these must be refused, and by which code.
 */
import { BatchBuilder } from "../../core/batch-builder.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { BODIES, SEC, batchOf, messagesOf, regionsAt, type Body } from "./arrow-mutants.ts";

const WHOLE = BODIES[0] as Body;
const { bytes, rows } = WHOLE;
const REGIONS = 52;
const END = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

export const SPECIALS: readonly (Body & { readonly code: string })[] = [
  refused("an empty body", new Uint8Array(0), "BATCH_UNREADABLE"),
  refused("only the end", END, "BATCH_UNREADABLE"),
  refused("text", Buffer.from("hello, this is not arrow"), "BATCH_UNREADABLE"),
  refused("zeros", new Uint8Array(4096), "BATCH_UNREADABLE"),
  refused("Arrow's file format", Buffer.concat([Buffer.from("ARROW1\0\0"), bytes]), "BATCH_UNREADABLE"),
  ...messagesOf(bytes)
    .flatMap(({ from, bodyAt }, i) => [
      refused(`cut before message ${i}`, bytes.subarray(0, from), "BATCH_UNREADABLE"),
      refused(`cut before message ${i}, with the end put back`, join(bytes.subarray(0, from), END), "BATCH_UNREADABLE"),
      refused(`cut before the body of message ${i}`, bytes.subarray(0, bodyAt - 1), "BATCH_UNREADABLE"),
    ])
    .slice(0, -3),
  refused("without its end", bytes.subarray(0, -8), "BATCH_UNREADABLE"),
  refused("without half of its end", bytes.subarray(0, -4), "BATCH_UNREADABLE"),
  refused("one byte after its end", join(bytes, Buffer.of(0)), "BATCH_UNREADABLE"),
  refused("two ends", join(bytes, END), "BATCH_UNREADABLE"),
  refused("doubled", join(bytes, bytes), "BATCH_UNREADABLE"),
  refused("its record batch twice", twiceTheBatch(), "BATCH_UNREADABLE"),
  refused("two columns over the same bytes", aliased(), "BATCH_UNREADABLE"),
  refused("a dictionary's offsets fall", patched(5, { 4: 18, 8: 9 }), "BATCH_SCHEMA"),
  refused("a dictionary's offsets begin above 0", patched(5, { 0: 1 }), "BATCH_SCHEMA"),
  refused("a dictionary's texts end too late", patched(5, { 12: 10_000 }), "BATCH_SCHEMA"),
  refused("a dictionary has a text twice", patched(5, { 30: 0x30207373 }), "BATCH_SCHEMA"),
  refused("a text is not UTF-8", patched(6, { 16: 0xff }), "BATCH_SCHEMA"),
  refused("an offset is within a character", patched(6, { 4: 7, 8: 9 }), "BATCH_SCHEMA"),
  refused("a row has more buckets than counts", inBuffer(31, 4, 2), "BATCH_SCHEMA"),
  refused("a row is of no kind", inBuffer(1, 0, 2), "BATCH_SCHEMA"),
  batch("a text with and without a byte order mark", { zone: "\ufeffz" }, "BATCH_SCHEMA"),
  { ...refused("fewer rows than declared", bytes, "BATCH_ROWS"), rows: rows + 1 },
  { ...refused("more rows than declared", bytes, "BATCH_ROWS"), rows: rows - 1 },
  batch("a name of 257 bytes", { zone: "z".repeat(257) }, "BATCH_SCHEMA"),
  batch("rows of two days", { ts: SEC + 86_400 }, "BATCH_DAYS"),
  tooManyTexts(),
  version("2"),
  version("x"),
];

function refused(name: string, body: Uint8Array, code: string): Body & { code: string } {
  return { name, bytes: body, rows, code };
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function twiceTheBatch(): Uint8Array {
  const last = messagesOf(bytes).at(-2)?.from ?? 0;
  return join(bytes.subarray(0, -8), bytes.subarray(last));
}

/** The buffer of one column of numbers is said to lie where an earlier one of the same length does. */
function aliased(): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = regionsAt(bytes, REGIONS);
  // The last two columns of 64 bits before `detail`: each has an empty bitmap and then its numbers.
  const [earlier, later] = [at + 16 * (REGIONS - 5), at + 16 * (REGIONS - 3)];
  copy.copy(copy, later, earlier, earlier + 16);
  return copy;
}

/** Words of the body of a message: of its fifth, the texts "process 0", "process 1" and ""; of its sixth, "é世🙂" and "". */
function patched(message: number, words: Readonly<Record<number, number>>): Uint8Array {
  const copy = Buffer.from(bytes);
  const { bodyAt } = messagesOf(bytes)[message] as { bodyAt: number };
  for (const [at, word] of Object.entries(words)) copy.writeUInt32LE(word, bodyAt + Number(at));
  return copy;
}

/**
 * A byte of a buffer of the record batch: the first, 1, has the kinds; 13 columns of 2 buffers come before bucket's 4; of
 * count's 4 the second, 31, has its offsets: 0, 3, 6, 6.
 */
function inBuffer(buffer: number, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  const { bodyAt } = messagesOf(bytes).at(-2) as { bodyAt: number };
  copy.writeUInt8(value, bodyAt + copy.readUInt32LE(regionsAt(bytes, REGIONS) + 16 * buffer) + at);
  return copy;
}

function batch(name: string, change: { zone?: string; ts?: number }, code: string): Body & { code: string } {
  const row = {
    spec: "s",
    enabling: "e",
    host: "h",
    tick: 1,
    ts: SEC,
    zone: "z",
    keys: [],
    bucket: [],
    count: [],
    value: 1,
  };
  const builder = new BatchBuilder();
  builder.addWindow(row);
  builder.addWindow({ ...row, ...change });
  return { name, bytes: encodeBatch(builder.finish()), rows: 2, code };
}

/** Each of ten columns has another text in each row: more than a batch may have, though no dictionary is too long. */
function tooManyTexts(): Body & { code: string } {
  const builder = new BatchBuilder();
  const count = 10_001;
  for (let i = 0; i < count; i++) {
    const text = String(i);
    const names = { spec: text, enabling: text, host: text, zone: text, keys: Array.from({ length: 6 }, () => text) };
    builder.addWindow({ ...names, tick: 1, ts: SEC, bucket: [], count: [], value: 1 });
  }
  const built = encodeBatch(builder.finish());
  return { name: "more texts than may be", bytes: built, rows: count, code: "BATCH_SCHEMA" };
}

function version(digit: string): Body & { code: string } {
  const copy = Buffer.from(encodeBatch(batchOf(1, 1)));
  // "1" is the only text of one byte, 49, with its length before it and zeros after, in the schema.
  const at = copy.indexOf(Buffer.from([1, 0, 0, 0, 49, 0, 0, 0]));
  copy.write(digit, at + 4, "latin1");
  return { name: `version ${digit}`, bytes: copy, rows: 2, code: "BATCH_VERSION" };
}
