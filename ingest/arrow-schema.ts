/**
 * arrow-schema.ts: is a stream's schema exactly that of a batch.
 *
 * The version is read first, so that a collector of another version is told that, and not which column it lacks. Slots and
 * numbers are those of Arrow's format/Schema.fbs. What the decoder would read and our writer never writes (metadata on a field,
 * features) must be absent: then there is nothing in it to be wrong.
 */
import { OperationalError } from "../core/errors.ts";
import { WIRE_VERSION } from "../core/window.ts";
import { COLUMNS, type Column } from "./arrow-columns.ts";
import { type FlatTable } from "./flatbuffer-table.ts";

const TYPE_INT = 2;
const TYPE_UTF8 = 5;
const TYPE_TIMESTAMP = 10;
const TYPE_LIST = 12;

const SCHEMA = { endianness: 0, fields: 1, metadata: 2, features: 3 };
const PAIR = { key: 0, value: 1 };
const FIELD = { name: 0, nullable: 1, typeId: 2, type: 3, dictionary: 4, children: 5, metadata: 6 };
const INT = { bits: 0, signed: 1 };
const TIMESTAMP = { unit: 0, zone: 1 };
const ENCODING = { id: 0, index: 1, ordered: 2, kind: 3 };

/** @returns the text column of each dictionary id */
export function verifySchema(schema: FlatTable): Map<number, Column & { shape: "text" }> {
  verifyVersion(schema);
  if (schema.short(SCHEMA.endianness) !== 0 || schema.has(SCHEMA.features))
    throw mismatch("the schema", "little-endian");
  const count = schema.count(SCHEMA.fields, 4);
  if (count !== COLUMNS.length) throw mismatch("the schema", `${COLUMNS.length} columns, found ${count}`);
  const dictionaries = new Map<number, Column & { shape: "text" }>();
  COLUMNS.forEach((column, i) => {
    const place = `column ${column.name}`;
    const field = schema.tableAt(SCHEMA.fields, i, place);
    verifyField(field, column.name, place);
    if (column.shape === "text") {
      const id = verifyText(field, place);
      if (dictionaries.has(id)) throw mismatch(place, "a dictionary of its own");
      dictionaries.set(id, column);
      return;
    }
    if (field.has(FIELD.dictionary)) throw mismatch(place, "no dictionary");
    if (column.shape === "list") verifyList(field, column, place);
    else verifyLeaf(field, column, place);
  });
  return dictionaries;
}

function verifyVersion(schema: FlatTable): void {
  const count = schema.count(SCHEMA.metadata, 4);
  const pair = count === 1 ? schema.tableAt(SCHEMA.metadata, 0, "the schema's version") : undefined;
  const version = pair?.text(PAIR.key) === "isotherm.wire" ? pair.text(PAIR.value) : "none";
  if (version === String(WIRE_VERSION)) return;
  // What is not a number is not worth repeating in an answer and a log.
  const found = /^\d{1,9}$/.test(version) ? version : "none";
  throw new OperationalError("BATCH_VERSION", `read a batch of wire version ${found}, expected ${WIRE_VERSION}`);
}

function verifyField(field: FlatTable, name: string, place: string): void {
  if (field.text(FIELD.name) !== name) throw mismatch(place, `the name ${name} at its position`);
  if (field.byte(FIELD.nullable) !== 0) throw mismatch(place, "not nullable");
  if (field.has(FIELD.metadata)) throw mismatch(place, "no metadata");
}

function verifyText(field: FlatTable, place: string): number {
  verifyType(field, TYPE_UTF8, "dictionary-encoded text", place);
  verifyChildren(field, 0, place);
  if (!field.has(FIELD.dictionary)) throw mismatch(place, "dictionary-encoded text");
  const encoding = field.table(FIELD.dictionary, place);
  if (encoding.byte(ENCODING.ordered) !== 0 || encoding.short(ENCODING.kind) !== 0) {
    throw mismatch(place, "a plain dictionary");
  }
  verifyInt(encoding.table(ENCODING.index, place), 4, true, place);
  return encoding.long(ENCODING.id);
}

function verifyList(field: FlatTable, column: Column & { shape: "list" }, place: string): void {
  verifyType(field, TYPE_LIST, "lists", place);
  verifyChildren(field, 1, place);
  const item = field.tableAt(FIELD.children, 0, place);
  verifyField(item, "item", place);
  if (item.has(FIELD.dictionary)) throw mismatch(place, "no dictionary");
  verifyLeaf(item, column, place);
}

function verifyLeaf(field: FlatTable, column: Exclude<Column, { shape: "text" }>, place: string): void {
  verifyChildren(field, 0, place);
  if (column.shape !== "instant") {
    verifyInt(verifyType(field, TYPE_INT, "integers", place), column.bytes, column.signed, place);
    return;
  }
  const type = verifyType(field, TYPE_TIMESTAMP, "instants", place);
  if (type.short(TIMESTAMP.unit) !== 0 || type.text(TIMESTAMP.zone) !== "UTC") throw mismatch(place, "seconds in UTC");
}

function verifyType(field: FlatTable, id: number, expected: string, place: string): FlatTable {
  if (field.byte(FIELD.typeId) !== id) throw mismatch(place, expected);
  return field.table(FIELD.type, place);
}

function verifyInt(type: FlatTable, bytes: number, signed: boolean, place: string): void {
  if (type.int(INT.bits) !== 8 * bytes || type.byte(INT.signed) !== (signed ? 1 : 0)) {
    throw mismatch(place, `${signed ? "signed" : "unsigned"} integers of ${8 * bytes} bits`);
  }
}

/** Nesting is capped by this: a list has one child, and nothing else has any. */
function verifyChildren(field: FlatTable, count: number, place: string): void {
  if (field.count(FIELD.children, 4) !== count) throw mismatch(place, `${count} child columns`);
}

export function mismatch(place: string, expected: string): OperationalError {
  return new OperationalError("BATCH_SCHEMA", `read ${place} of a batch: expected ${expected}`);
}
