/**
 * arrow-verifier.ts: may a body be decoded: the bytes of POST /v1/batches before anything follows them.
 *
 * apache-arrow's decoder has no verifier and trusts every length: a corrupted one ended or hung the process, and an empty or
 * cut body decoded as a shorter table. This walks the same bytes first and follows nothing that it has not checked.
 *
 *   schema --> dictionary of each text column, in any order, once --> one record batch --> end of stream, end of body
 *
 * Each message is 0xffffffff, the length of its metadata, the metadata (a FlatBuffer), its body; padded to 8 bytes. After it
 * the decoder only makes views of buffers that lie in the body and reads texts of bounded length and number: time and memory in
 * proportion to the body. So it runs in this thread: a worker with a heap limit would guard against nothing that is
 * left, and cost a copy of each batch and a place to wait.
 *
 * Arrow's format: arrow.apache.org/docs/format/Columnar.html, format/Message.fbs.
 */
import { OperationalError } from "../core/errors.ts";
import { COLUMNS, type Column } from "./arrow-columns.ts";
import { Layout } from "./arrow-layout.ts";
import { mismatch, verifySchema } from "./arrow-schema.ts";
import { verifyInstants, verifyKinds, verifyOffsets, verifySameOffsets, verifyTexts } from "./arrow-values.ts";
import { FlatTable, unreadable } from "./flatbuffer-table.ts";

type TextColumn = Column & { readonly shape: "text" };

export const MAX_ROWS = 1_000_000;
/** Bucket entries of a batch; a collector sends at most about a fifth of it. */
export const MAX_ENTRIES = 1_000_000;
/** Over all dictionaries: reading texts is most of a decode's time. Ten columns of a collector's 10,000 rows, all unlike. */
export const MAX_TEXTS = 100_000;

const METADATA_V5 = 4;
const HEADER_SCHEMA = 1;
const HEADER_DICTIONARY = 2;
const HEADER_BATCH = 3;
const MESSAGE = { version: 0, headerType: 1, header: 2, bodyLength: 3, metadata: 4 };
const DICTIONARY = { id: 0, data: 1, delta: 2 };
const END_BYTES = 8;

/**
 * Passes a body that decodeBatch can read, or says why not.
 *
 * @param rows as the sender declared them
 * @throws OperationalError BATCH_UNREADABLE for bytes that are no such stream; BATCH_VERSION, BATCH_SCHEMA, BATCH_ROWS and
 *   BATCH_DAYS for a stream that is no batch; nothing else, whatever the bytes
 */
export function verifyBatch(bytes: Uint8Array, rows: number): void {
  const messages = new Messages(bytes);
  const columns = verifySchema(messages.next(HEADER_SCHEMA, "the schema"));
  if (messages.body.byteLength !== 0) throw unreadable("the schema", "no body");
  // Each pass takes one dictionary away, so there are as many passes as columns.
  const longest = verifyDictionaries(messages, columns);
  const batch = new Layout(messages.next(HEADER_BATCH, "the record batch"), messages.body, COUNTS);
  if (batch.length !== rows || rows < 1 || rows > MAX_ROWS) {
    throw new OperationalError("BATCH_ROWS", `read a batch: expected ${rows} rows, found ${batch.length}`);
  }
  // A writer has no use for a text that no row has.
  if (longest > rows) throw mismatch("the dictionaries", "no more texts than rows");
  verifyColumns(batch, rows);
  messages.finish();
}

/** Arrays and buffers of the columns: a list has its own and its items'; every array has a bitmap of nulls. */
const LISTS = COLUMNS.filter((column) => column.shape === "list").length;
const COUNTS = { nodes: COLUMNS.length + LISTS, buffers: 2 * (COLUMNS.length + LISTS) };

/** A dictionary is one array of texts: bitmap, offsets, bytes. @returns the most texts of one */
function verifyDictionaries(messages: Messages, columns: Map<number, TextColumn>): number {
  let longest = 0;
  let all = 0;
  while (columns.size > 0) {
    const header = messages.next(HEADER_DICTIONARY, "a dictionary");
    const id = header.long(DICTIONARY.id);
    const column = columns.get(id);
    if (column === undefined) throw mismatch("a dictionary", "the id of a column still without one");
    columns.delete(id);
    const place = `the dictionary of ${column.name}`;
    if (header.byte(DICTIONARY.delta) !== 0) throw mismatch(place, "no delta");
    const layout = new Layout(header.table(DICTIONARY.data, place), messages.body, { nodes: 1, buffers: 3 });
    const texts = layout.array(place);
    if (texts !== layout.length) throw mismatch(place, `${layout.length} texts`);
    longest = Math.max(longest, texts);
    all += texts;
    if (all > MAX_TEXTS) throw mismatch(place, `at most ${MAX_TEXTS} texts in all dictionaries`);
    const offsets = layout.buffer(4 * (texts + 1), place);
    const at = layout.buffer(verifyOffsets(layout.body, offsets, texts, column.maxBytes, place), place);
    verifyTexts(layout.body, offsets, texts, at, place);
    layout.finish(place);
  }
  return longest;
}

function verifyColumns(batch: Layout, rows: number): void {
  const lists: number[] = [];
  for (const column of COLUMNS) {
    const place = `column ${column.name}`;
    if (batch.array(place) !== rows) throw mismatch(place, `${rows} rows`);
    if (column.shape === "list") lists.push(verifyList(batch, column, rows, place));
    else if (column.shape === "instant") verifyInstants(batch.body, batch.buffer(8 * rows, place), rows);
    else {
      const at = batch.buffer((column.shape === "text" ? 4 : column.bytes) * rows, place);
      if (column.name === "kind") verifyKinds(batch.body, at, rows);
    }
  }
  batch.finish("the record batch");
  const [bucket = 0, count = 0] = lists;
  verifySameOffsets(batch.body, bucket, count, rows);
}

/** @returns where the list's offsets begin */
function verifyList(batch: Layout, column: Column & { shape: "list" }, rows: number, place: string): number {
  const offsets = batch.buffer(4 * (rows + 1), place);
  const entries = verifyOffsets(batch.body, offsets, rows, MAX_ENTRIES, place);
  if (entries > MAX_ENTRIES) throw mismatch(place, `at most ${MAX_ENTRIES} entries`);
  if (batch.array(place) !== entries) throw mismatch(place, `${entries} entries`);
  batch.buffer(column.bytes * entries, place);
  return offsets;
}

/** The messages of a stream, one after the other. */
class Messages {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** Of the message that came last. */
  body: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = this.body = this.#slice(0, bytes.byteLength);
  }

  /** The header of the next message, which must be of this type. */
  next(headerType: number, place: string): FlatTable {
    const bytes = this.#marker(place);
    if (bytes <= 0 || bytes % 8 !== 0) throw unreadable(place, "metadata padded to 8 bytes");
    const message = FlatTable.root(this.#take(bytes, place), place);
    if (message.short(MESSAGE.version) !== METADATA_V5) throw unreadable(place, "Arrow metadata of version 5");
    if (message.byte(MESSAGE.headerType) !== headerType) throw unreadable("a message", place);
    if (message.has(MESSAGE.metadata)) throw mismatch(place, "no metadata of its own");
    const bodyBytes = message.long(MESSAGE.bodyLength);
    if (bodyBytes % 8 !== 0) throw unreadable(place, "a body padded to 8 bytes");
    this.body = this.#take(bodyBytes, place);
    return message.table(MESSAGE.header, place);
  }

  /** The end must be marked, since a body cut between two messages would look whole; and nothing may follow it. */
  finish(): void {
    const end = "the end";
    if (this.#marker(end) !== 0) throw unreadable(end, "one record batch");
    if (this.#at !== this.#bytes.byteLength) throw unreadable(end, "no bytes after it");
  }

  #marker(place: string): number {
    const marker = this.#take(END_BYTES, place);
    if (marker.getInt32(0, true) !== -1) throw unreadable(place, "a continuation marker");
    return marker.getInt32(4, true);
  }

  #take(bytes: number, place: string): DataView {
    if (bytes > this.#view.byteLength - this.#at) throw unreadable(place, "all of its bytes");
    this.#at += bytes;
    return this.#slice(this.#at - bytes, bytes);
  }

  #slice(at: number, bytes: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, bytes);
  }
}
