/**
 * conditions.ts: a predicate as a person builds it: groups of tests, some of which may not be finished yet.
 *
 *   all of: execname is postgres            {"and": [{"eq": ["execname", "postgres"]},
 *           none of: syscall is read    =            {"not": {"eq": ["syscall", "read"]}}]}
 *
 * What is not finished is left out of the predicate, so that a preview never waits for the last word.
 */
import type { MetadataField } from "../../core/api.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import { constantText, parseConstant } from "./constant.ts";

export type Joint = "all" | "any" | "none";

export interface Group {
  readonly joint: Joint;
  readonly parts: readonly Part[];
}

export interface Test {
  readonly field: string;
  /** A comparison of core/predicate.ts: eq, in, prefix... */
  readonly op: string;
  /** As typed; several are separated by commas. */
  readonly text: string;
}

export type Part = Group | Test;

export const EVERY_EVENT: Group = { joint: "all", parts: [] };

export function isGroup(part: Part): part is Group {
  return "joint" in part;
}

/** @returns {} for every event */
export function predicateOf(group: Group, fields: readonly MetadataField[]): PredicateJson {
  return jsonOf(group, fields) ?? {};
}

/** @returns null where nothing in it is finished */
function jsonOf(part: Part, fields: readonly MetadataField[]): PredicateJson | null {
  if (!isGroup(part)) return testJson(part, fields);
  const parts = part.parts.map((each) => jsonOf(each, fields)).filter((each) => each !== null);
  const [first] = parts;
  if (first === undefined) return null;
  if (part.joint === "none") return { not: parts.length === 1 ? first : { or: parts } };
  if (parts.length === 1) return first;
  return { [part.joint === "all" ? "and" : "or"]: parts };
}

function testJson({ field, op, text }: Test, fields: readonly MetadataField[]): PredicateJson | null {
  const type = fields.find(({ name }) => name === field)?.type ?? "string";
  if (op === "in") {
    const values = text.split(",").map((each) => parseConstant(each, type));
    const known = values.filter((each) => each !== null);
    return known.length === 0 ? null : { in: [field, known] };
  }
  const value = parseConstant(text, type);
  return value === null ? null : { [op]: [field, value] };
}

/** Whether every test has a constant that can be read. */
export function isFinished(part: Part, fields: readonly MetadataField[]): boolean {
  if (isGroup(part)) return part.parts.every((each) => isFinished(each, fields));
  return testJson(part, fields) !== null;
}

/** What a predicate would have been built from. @returns EVERY_EVENT for {} and for what is no predicate */
export function groupOf(json: unknown, fields: readonly MetadataField[]): Group {
  const part = partOf(json, fields);
  if (part === null) return EVERY_EVENT;
  return isGroup(part) ? part : { joint: "all", parts: [part] };
}

function partOf(json: unknown, fields: readonly MetadataField[]): Part | null {
  if (typeof json !== "object" || json === null) return null;
  const [entry] = Object.entries(json);
  if (entry === undefined) return null;
  const [op, operand] = entry as [string, unknown];
  if (op === "and" || op === "or") {
    const parts = Array.isArray(operand) ? operand.map((each) => partOf(each, fields)).filter((p) => p !== null) : [];
    return { joint: op === "and" ? "all" : "any", parts };
  }
  if (op === "not") {
    const inner = partOf(operand, fields);
    if (inner === null) return null;
    return { joint: "none", parts: isGroup(inner) && inner.joint === "any" ? inner.parts : [inner] };
  }
  if (!Array.isArray(operand)) return null;
  const [field, value] = operand as [unknown, unknown];
  const type = fields.find(({ name }) => name === field)?.type ?? "string";
  const values = Array.isArray(value) ? value : [value];
  return { field: String(field), op, text: values.map((each) => constantText(each, type)).join(", ") };
}

/** A predicate in words, for a list: `execname is postgres and latency is at least 10 ms`; "" for every event. */
export function predicateText(
  json: unknown,
  fields: readonly MetadataField[],
  words: ReadonlyMap<string, string>,
): string {
  const text = (part: Part): string => {
    if (!isGroup(part)) return `${part.field} ${words.get(part.op) ?? part.op} ${part.text}`;
    const parts = part.parts.map((each) => (isGroup(each) && each.parts.length > 1 ? `(${text(each)})` : text(each)));
    return part.joint === "none" ? `not (${parts.join(" or ")})` : parts.join(part.joint === "all" ? " and " : " or ");
  };
  return text(groupOf(json, fields));
}
