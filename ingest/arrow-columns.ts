/**
 * arrow-columns.ts: the columns that a batch must have, in their order: wire/batch.ts's schema as the verifier needs it.
 *
 * Written a second time on purpose: a verifier that asked the encoder what to expect would follow its mistakes. A test holds
 * the two together, as every encoded batch must pass.
 */
import { MAX_KEYS } from "../core/window.ts";

/** A row's value: a number of `bytes`, a code into a dictionary of texts, or a list of numbers of `bytes`. */
export type Column =
  | { readonly name: string; readonly shape: "number"; readonly bytes: number; readonly signed: boolean }
  | { readonly name: string; readonly shape: "instant" }
  | { readonly name: string; readonly shape: "text"; readonly maxBytes: number }
  | { readonly name: string; readonly shape: "list"; readonly bytes: number; readonly signed: boolean };

/** Names of zones, hosts, processes: DTrace is asked for strings of 128 bytes, and UTF-8's replacements may grow them. */
const MAX_NAME_BYTES = 256;
/** Losses by kind as JSON: a dozen kinds, each with a name and a number, is more than a name may be. */
const MAX_DETAIL_BYTES = 4096;

export const COLUMNS: readonly Column[] = [
  number("kind", 1, false),
  text("spec"),
  text("enabling"),
  text("host"),
  number("tick", 4, false),
  { name: "ts", shape: "instant" },
  text("zone"),
  ...Array.from({ length: MAX_KEYS }, (_, i) => text(`k${i + 1}`)),
  { name: "bucket", shape: "list", bytes: 2, signed: true },
  { name: "count", shape: "list", bytes: 4, signed: false },
  number("value", 8, true),
  text("status"),
  text("reason"),
  number("dropped", 8, false),
  number("events", 8, false),
  number("ended_ms", 8, true),
  number("received_ms", 8, true),
  number("elapsed_ns", 8, false),
  { name: "detail", shape: "text", maxBytes: MAX_DETAIL_BYTES },
];

function number(name: string, bytes: number, signed: boolean): Column {
  return { name, shape: "number", bytes, signed };
}

function text(name: string): Column {
  return { name, shape: "text", maxBytes: MAX_NAME_BYTES };
}
