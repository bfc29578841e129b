/**
 * address.ts: a view as the part of the address after `#`, and back.
 *
 * The fragment never reaches a server or its logs. Whatever cannot be read falls back to the default, so that an old or a
 * mistyped link still opens. What says how somebody signed in (arrival.ts) is no part of a view.
 */
import type { Against } from "../../core/api.ts";
import { COLOURINGS } from "../../core/heatmap/colour-scale.ts";
import { PERS } from "../heatmap/picture.ts";
import type { Range } from "./range.ts";
import { readRegion, readValues, writeRegion } from "./region.ts";
import type { Term } from "./terms.ts";
import { DEFAULT_VIEW, PERCENTILES, type View } from "./view.ts";

/** @param hash with or without its `#` */
export function readAddress(hash: string): View {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const percentiles = params.get("lines");
  const chosen = percentiles?.split(",");
  return {
    metric: params.get("metric"),
    instrumentation: params.get("i"),
    by: params.get("by"),
    where: params.getAll("where").flatMap(readTerm),
    range: readRange(params),
    tenant: params.get("tenant"),
    theme: oneOf(params.get("theme"), ["auto", "dark", "light"], DEFAULT_VIEW.theme),
    zone: oneOf(params.get("zone"), ["utc", "local"], DEFAULT_VIEW.zone),
    colouring: oneOf(params.get("colour"), COLOURINGS, DEFAULT_VIEW.colouring),
    per: oneOf(params.get("per"), PERS, DEFAULT_VIEW.per),
    axis: oneOf(params.get("axis"), ["log", "linear", null], null),
    percentiles: chosen === undefined ? DEFAULT_VIEW.percentiles : PERCENTILES.filter((each) => chosen.includes(each)),
    values: readValues(params.get("low"), params.get("high")),
    hues: readList(params.get("hue")),
    selection: readRegion(params.get("sel")),
    against: oneOf(params.get("against"), AGAINST, DEFAULT_VIEW.against),
    other: readRegion(params.get("other")),
  };
}

/** @returns without `#`; only what differs from the default */
export function writeAddress(view: View): string {
  const parts: [string, string][] = [];
  const put = (name: string, value: string | null): void => {
    if (value !== null) parts.push([name, value]);
  };
  put("metric", view.metric);
  put("i", view.instrumentation);
  put("by", view.by);
  for (const term of view.where) put("where", writeTerm(term));
  if (view.range.kind === "fixed") {
    put("from", view.range.from.toString());
    put("to", view.range.to.toString());
  } else if (!same(view.range, DEFAULT_VIEW.range)) put("last", view.range.seconds.toString());
  put("tenant", view.tenant);
  put("theme", view.theme === DEFAULT_VIEW.theme ? null : view.theme);
  put("zone", view.zone === DEFAULT_VIEW.zone ? null : view.zone);
  put("colour", view.colouring === DEFAULT_VIEW.colouring ? null : view.colouring);
  put("per", view.per === DEFAULT_VIEW.per ? null : view.per);
  put("axis", view.axis);
  put("lines", same(view.percentiles, DEFAULT_VIEW.percentiles) ? null : view.percentiles.join(","));
  put("low", view.values?.low?.toString() ?? null);
  put("high", view.values?.high?.toString() ?? null);
  put("hue", view.hues.length === 0 ? null : view.hues.map(encodeURIComponent).join(","));
  put("sel", view.selection === null ? null : writeRegion(view.selection));
  put("against", view.against === DEFAULT_VIEW.against ? null : view.against);
  put("other", view.other === null ? null : writeRegion(view.other));
  return parts
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A/g, ":").replace(/%2C/g, ",")}`)
    .join("&");
}

const AGAINST: readonly Against[] = ["rest", "hour", "day", "week", "selection"];

/** `execname:postgres,node`; `zonename!:uuid` for all but it. Values are encoded, so a comma only ever separates. */
function writeTerm(term: Term): string {
  return `${term.field}${term.not ? "!" : ""}:${term.values.map(encodeURIComponent).join(",")}`;
}

function readTerm(text: string): Term[] {
  const match = /^([a-z][a-z0-9_]*)(!?):(.+)$/i.exec(text);
  if (match === null) return [];
  const [, field = "", not = "", values = ""] = match;
  const list = readList(values);
  return list.length === 0 ? [] : [{ field, not: not === "!", values: list }];
}

function readList(text: string | null): readonly string[] {
  if (text === null) return [];
  try {
    return text.split(",").map(decodeURIComponent);
  } catch {
    // A stray % is all that can go wrong: the list is unreadable, the rest of the link is not.
    return [];
  }
}

function readRange(params: URLSearchParams): Range {
  const [from, to, last] = ["from", "to", "last"].map((name) => Number(params.get(name) ?? Number.NaN));
  if (from !== undefined && to !== undefined && from > 0 && to > from) return { kind: "fixed", from, to };
  if (last !== undefined && last >= 1) return { kind: "last", seconds: Math.round(last) };
  return DEFAULT_VIEW.range;
}

function oneOf<T extends string | null>(text: string | null, allowed: readonly T[], otherwise: T): T {
  return allowed.find((each) => each === text) ?? otherwise;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
