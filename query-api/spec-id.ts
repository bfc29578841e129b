/**
 * spec-id.ts: the name of what is counted. Equal specs have equal ids, in every process and for ever, because rows are
 * stored under it.
 */
import { createHash } from "node:crypto";
import { canonicalSpec, type Spec } from "../core/instrumentation.ts";

/** @returns 16 hex digits: of 2^64, so that a million specs collide with a chance of one in forty million */
export function specId(spec: Spec): string {
  return createHash("sha256").update(canonicalSpec(spec)).digest("hex").slice(0, 16);
}
