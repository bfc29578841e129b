/**
 * hues.ts: which keys of a heatmap are told apart: those asked for, or the largest of the range; all others are one.
 */
import { InputError } from "../core/errors.ts";
import type { StoreClient } from "../store/client.ts";
import { readBreakdown } from "./breakdown.ts";
import type { Hues } from "./grid-read.ts";
import type { Range } from "./sql.ts";
import { keysOf, type View } from "./view.ts";

/** Nobody tells more hues apart. */
export const MAX_HUES = 20;
const USUAL_HUES = 5;

export interface HuesRequest {
  readonly by: string | undefined;
  readonly keys: readonly string[] | undefined;
  readonly top: number | undefined;
}

/** @returns undefined where no key was asked for */
export async function chooseHues(
  store: StoreClient,
  view: View,
  range: Range,
  { by, keys, top = USUAL_HUES }: HuesRequest,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Hues | undefined> {
  if (by === undefined) {
    if (keys === undefined) return undefined;
    throw new InputError("read hues", [{ field: "by", code: "REQUIRED", message: "expected the field of `keys`" }]);
  }
  if (!keysOf(view.spec).includes(by)) {
    const message = `expected one of its keys: ${keysOf(view.spec).join(", ")}`;
    throw new InputError("read hues", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
  }
  if (keys !== undefined) return { by, keys: [...new Set(keys)] };
  const { parts } = await readBreakdown(store, view, { by, range, limit: top }, nowSec, signal);
  return { by, keys: parts.map(({ key }) => key) };
}
