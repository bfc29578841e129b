/**
 * shapes-fleet.ts: answers about boards, and about the fleet as its operators see it.
 */
import { Type } from "typebox";
import { number, object, orNull, text } from "./shape-parts.ts";

const CONDITION = object({
  field: Type.String({ maxLength: 64 }),
  not: Type.Boolean({ description: "none of the values" }),
  values: Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 256 }),
});

export const BoardPanel = object({
  metric: Type.String({ maxLength: 100 }),
  decomposition: Type.Array(Type.String({ maxLength: 64 }), {
    maxItems: 16,
    description: "fields that an instrumentation for it must have",
  }),
  // Of both types at once, since it is sent too: of a union null would become "".
  by: Type.Unsafe<string | null>({
    type: ["string", "null"],
    maxLength: 64,
    description: "the key of its lines or hues; null: all together",
  }),
  where: Type.Array(CONDITION, { maxItems: 16, description: "all of these hold" }),
});

export const BoardInfo = object({
  id: text(),
  owner: text("operator, or a tenant's id"),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  panels: Type.Array(BoardPanel, { maxItems: 24 }),
  rangeSec: Type.Integer({ minimum: 5, maximum: 34_560_000 }),
  createdMs: number(),
  changedMs: number(),
});

export const ZoneInfo = object({
  zone: text(),
  alias: text(),
  host: text(),
  state: text("as the host reports it"),
  owner: text("the owner's uuid"),
  ownerName: orNull(Type.String(), "null: it has no account"),
  sinceMs: number("0: as long as anybody knows"),
});

export const FleetInfo = object({
  fromTs: number(),
  toTs: number(),
  hosts: Type.Array(
    object({
      host: text(),
      newestTs: orNull(Type.Number(), "begin of the newest window that was watched"),
      delayMs: orNull(Type.Number(), "from a window's end to its arrival, of the last minute's the 95th percentile"),
      whole: number("windows"),
      partial: number("windows"),
      gaps: number("windows"),
      dropped: number("events known to be lost"),
      reason: text("of the gaps, the most frequent"),
    }),
  ),
  streams: Type.Array(
    object({
      stream: text(),
      seq: number(),
      batches: number(),
      rows: number(),
      receivedMs: number("of the newest batch"),
    }),
  ),
});
