/**
 * key-cap.ts: how many keys one tenant may have in one window of a spec: the largest, and all others as one.
 *
 * A zone whose processes take a new name each would else fill the store's dictionaries, and everybody's pictures, with names
 * that nobody asked for. Beyond the cap, rows are merged: bucket by bucket, so that every total and every distribution over
 * all keys stays exact; only which of the small keys it was is lost. One merged row for each zone, since zones are made by
 * operators and are few. Its fields are OTHER_KEY where the window has texts; a real key that reads so is stored with one more pair
 * of parentheses, so that nothing else ever has that spelling. The largest are kept, and of equals the first by text, so that
 * the order of rows decides nothing. How many were merged is said in the window's coverage (`merged_keys` in its detail).
 */
import { KIND_COVERAGE, KIND_WINDOW, OTHER_KEY, type AttributedBatch, type DictColumn } from "../core/window.ts";
import { gather, type MergedRow } from "./key-cap-columns.ts";
import { Pairs } from "./pairs.ts";

export interface CappedBatch {
  readonly batch: AttributedBatch;
  /** Distinct keys that became part of an "other". */
  readonly mergedKeys: number;
}

/** Rows of one tenant in one window. */
interface Group {
  readonly window: number;
  readonly tenant: number;
  readonly rows: number[];
}

/** @param capOf the number of keys that a tenant's windows may have */
export function capKeys(batch: AttributedBatch, capOf: (tenant: string) => number): CappedBatch {
  const escaped = escapeKeys(batch);
  const caps = escaped.tenant.values.map(capOf);
  // Nearly every batch has fewer rows of a tenant than one of its windows may have keys.
  if (rowsByTenant(escaped).every((rows, code) => rows <= (caps[code] ?? 0))) return { batch: escaped, mergedKeys: 0 };
  const windows = windowsOf(escaped);
  const large = groupsOf(escaped, windows).filter(({ tenant, rows }) => rows.length > (caps[tenant] ?? 0));
  const merged = new Map<number, MergedRow>();
  const gone = new Set<number>();
  const mergedIn = new Map<number, number>();
  for (const group of large) {
    const keys = keysOf(escaped, group.rows);
    const cap = caps[group.tenant] ?? 0;
    if (keys.length <= cap) continue;
    keys.sort((a, b) => b.total - a.total || compareTexts(escaped, a.rows[0] ?? 0, b.rows[0] ?? 0));
    const losers = keys.slice(cap).flatMap((key) => key.rows);
    for (const row of mergedRows(escaped, group.rows, losers)) merged.set(row.at, row);
    for (const row of losers) gone.add(row);
    mergedIn.set(group.window, (mergedIn.get(group.window) ?? 0) + keys.length - cap);
  }
  if (gone.size === 0) return { batch: escaped, mergedKeys: 0 };
  const told = tellCoverage(escaped, windows, mergedIn);
  let mergedKeys = 0;
  for (const keys of mergedIn.values()) mergedKeys += keys;
  return { batch: gather(told, gone, merged), mergedKeys };
}

/** How many rows each tenant has, by its code. */
function rowsByTenant({ tenant }: AttributedBatch): Uint32Array {
  const rows = new Uint32Array(tenant.values.length);
  for (const code of tenant.codes) rows[code] = (rows[code] ?? 0) + 1;
  return rows;
}

/** Real keys that read like the reserved one, with one more pair of parentheses. */
function escapeKeys(batch: AttributedBatch): AttributedBatch {
  if (!batch.keys.some((column) => column.values.some(readsLikeOther))) return batch;
  const keys = batch.keys.map(({ codes, values }) => ({
    codes,
    values: values.map((text) => (readsLikeOther(text) ? `(${text})` : text)),
  }));
  return { ...batch, keys };
}

/** OTHER_KEY itself, in any number of further pairs of parentheses. */
function readsLikeOther(text: string): boolean {
  if (!text.endsWith(")") || text.length < OTHER_KEY.length) return false;
  const depth = (text.length - OTHER_KEY.length) / 2;
  return Number.isInteger(depth) && text === `${"(".repeat(depth)}${OTHER_KEY}${")".repeat(depth)}`;
}

/** Each row's window, numbered from 0; coverage rows have that of the window that they tell of. */
function windowsOf({ rows, spec, enabling, host, tick, ts }: AttributedBatch): Int32Array {
  const windows = new Int32Array(rows);
  const pairs = new Pairs();
  for (let row = 0; row < rows; row++) {
    // Rows of one window follow each other.
    const isSame =
      row > 0 &&
      tick[row] === tick[row - 1] &&
      ts[row] === ts[row - 1] &&
      enabling.codes[row] === enabling.codes[row - 1] &&
      spec.codes[row] === spec.codes[row - 1] &&
      host.codes[row] === host.codes[row - 1];
    if (isSame) {
      windows[row] = windows[row - 1] ?? 0;
      continue;
    }
    let id = pairs.id(0, spec.codes[row] ?? 0);
    for (const part of [enabling.codes[row], host.codes[row], tick[row], ts[row]]) id = pairs.id(id, part ?? 0);
    windows[row] = id;
  }
  return windows;
}

function groupsOf({ rows, kind, tenant }: AttributedBatch, windows: Int32Array): Group[] {
  const groups = new Map<number, Group>();
  const tenants = tenant.values.length;
  for (let row = 0; row < rows; row++) {
    if (kind[row] !== KIND_WINDOW) continue;
    const window = windows[row] ?? 0;
    const code = tenant.codes[row] ?? 0;
    const id = window * tenants + code;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { window, tenant: code, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()];
}

interface Key {
  total: number;
  readonly rows: number[];
}

/** The rows of a group by their key: zone and the other fields. */
function keysOf(batch: AttributedBatch, rows: readonly number[]): Key[] {
  // A column with one text tells nothing apart, and most have one.
  const columns = [batch.zone, ...batch.keys].filter((column) => column.values.length > 1);
  const pairs = new Pairs();
  const keys = new Map<number, Key>();
  for (const row of rows) {
    let id = 0;
    for (const column of columns) id = pairs.id(id, column.codes[row] ?? 0);
    const key = keys.get(id);
    const total = totalOf(batch, row);
    if (key === undefined) keys.set(id, { total, rows: [row] });
    else {
      key.total += total;
      key.rows.push(row);
    }
  }
  return [...keys.values()];
}

/** What makes a key large: its count, or its scalar. */
function totalOf({ offsets, count, value }: AttributedBatch, row: number): number {
  let total = Math.abs(Number(value[row] ?? 0n));
  const end = offsets[row + 1] ?? 0;
  for (let at = offsets[row] ?? 0; at < end; at++) total += count[at] ?? 0;
  return total;
}

function compareTexts(batch: AttributedBatch, a: number, b: number): number {
  for (const { codes, values } of [batch.zone, ...batch.keys]) {
    const one = values[codes[a] ?? 0] ?? "";
    const other = values[codes[b] ?? 0] ?? "";
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** One row for each zone among the losers, in the place of the zone's first. */
function mergedRows(batch: AttributedBatch, all: readonly number[], losers: readonly number[]): MergedRow[] {
  const fields = batch.keys.map((column) => all.some((row) => (column.values[column.codes[row] ?? 0] ?? "") !== ""));
  const byZone = new Map<number, number[]>();
  for (const row of losers) {
    const zone = batch.zone.codes[row] ?? 0;
    const rows = byZone.get(zone);
    if (rows === undefined) byZone.set(zone, [row]);
    else rows.push(row);
  }
  return [...byZone.values()].map((rows) => ({ at: rows.reduce((a, b) => Math.min(a, b)), rows, fields }));
}

/** Says in the coverage of each window how many of its keys were merged. */
function tellCoverage(
  batch: AttributedBatch,
  windows: Int32Array,
  mergedIn: ReadonlyMap<number, number>,
): AttributedBatch {
  const values = [...batch.detail.values];
  const codes = batch.detail.codes.slice();
  for (let row = 0; row < batch.rows; row++) {
    const merged = mergedIn.get(windows[row] ?? -1);
    if (batch.kind[row] !== KIND_COVERAGE || merged === undefined) continue;
    const text = withMerged(values[codes[row] ?? 0] ?? "", merged);
    const known = values.indexOf(text);
    codes[row] = known < 0 ? values.push(text) - 1 : known;
  }
  const detail: DictColumn = { codes, values };
  return { ...batch, detail };
}

function withMerged(detail: string, merged: number): string {
  return JSON.stringify({ ...parsed(detail), merged_keys: merged });
}

function parsed(detail: string): object {
  if (detail === "") return {};
  try {
    const value: unknown = JSON.parse(detail);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Not ours to lose: it is kept as text.
  }
  return { detail };
}
