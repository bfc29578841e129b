/**
 * pages.ts: lists that are held in memory, page by page: a cursor names the entry that the page before ended with, by what the list is in the
 * order of, so that entries that come and go in between neither repeat nor hide another.
 *
 * It holds no right: it says where in the caller's own list to go on, and a forged one is a place like any other.
 */
import { Type } from "typebox";
import { InputError } from "../core/errors.ts";

/** What a list is in the order of, with the id that tells equal ones apart. */
export type Place = readonly [key: string | number, id: string];

export const MAX_PAGE = 500;

const CURSOR = Type.Optional(Type.String({ maxLength: 1000, description: "`next` of the page before" }));
const LIMIT = Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: `default ${MAX_PAGE}` }));

/** Parameters of a list by name. */
export const BY_NAME = { after: CURSOR, limit: LIMIT };
/** Parameters of a list with the newest first. */
export const NEWEST_FIRST = { before: CURSOR, limit: LIMIT };

export interface Asked {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit?: number | undefined;
}

/**
 * One page.
 *
 * @param placeOf by name: ascending, asked for by `after`; by time: descending, asked for by `before`
 * @throws InputError naming a cursor that is none
 */
export function pageOf<T>(
  all: readonly T[],
  placeOf: (each: T) => Place,
  { after, before, limit = MAX_PAGE }: Asked,
): { readonly page: T[]; readonly next: string | null } {
  const from = after !== undefined ? placeIn(after, "after") : before !== undefined ? placeIn(before, "before") : null;
  const sorted = all.map((each) => ({ each, place: placeOf(each) })).sort((a, b) => compare(a.place, b.place));
  const left = from === null ? sorted : sorted.filter(({ place }) => compare(place, from) > 0);
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const next = left.length > limit && last !== undefined ? cursorOf(last.place) : null;
  return { page: page.map(({ each }) => each), next };
}

/** Numbers are times, of which the newest come first; text is in the order of its code units. */
function compare([a, aId]: Place, [b, bId]: Place): number {
  if (typeof a === "number" && typeof b === "number" && a !== b) return b - a;
  const [left, right] = a === b ? [aId, bId] : [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place), "utf8").toString("base64url");
}

/** Where the newest first go on. @throws InputError naming `before` */
export function timeIn(cursor: string): readonly [atMs: number, id: string] {
  const [atMs, id] = placeIn(cursor, "before");
  return [Number(atMs), id];
}

/** `after` is in a list by name, `before` in one by time. */
function placeIn(cursor: string, field: "after" | "before"): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(place) && place.length === 2) {
      const [key, id] = place as unknown[];
      if (typeof id === "string" && id.length <= 64) {
        if (field === "after" && typeof key === "string") return [key, id];
        if (field === "before" && typeof key === "number" && Number.isSafeInteger(key) && key >= 0) return [key, id];
      }
    }
  } catch {
    // No JSON: no cursor.
  }
  const message = "expected `next` of an earlier page";
  throw new InputError("read a page", [{ field, code: "BAD_CURSOR", message }]);
}
