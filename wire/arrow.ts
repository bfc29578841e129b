/**
 * arrow.ts: the one door to apache-arrow in Node (the browser has its own, web/arrow.ts, which only decodes).
 */
export {
  Data,
  Dictionary,
  Field,
  Float64,
  Int16,
  Int32,
  Int64,
  List,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampSecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  Vector,
  makeData,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
} from "apache-arrow";
export type { DataType } from "apache-arrow";
