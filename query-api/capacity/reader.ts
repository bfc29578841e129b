/**
 * reader.ts: whose zones a capacity question is about, and what they are called: the same for a request and for a report that nobody
 * waits for.
 */
import { isLiving } from "../../store/tenants.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { QueryContext } from "../context.ts";
import type { Names } from "./growth.ts";
import type { Reads } from "./hourly.ts";
import type { FindView } from "./limits.ts";
import { findView } from "./sources.ts";

export type ReaderParts = Pick<
  QueryContext,
  "store" | "instrumentations" | "ownership" | "tenants" | "expectedFor" | "nowSec"
>;

export interface CapacityReader {
  readonly reads: Reads;
  readonly find: FindView;
  readonly names: Names;
  /** The tenant's name, or "all". */
  readonly of: string;
}

/** @param tenant whose rows; null: everybody's, which only an operator's token may ask for */
export function capacityReader(
  { store, instrumentations, ownership, tenants, expectedFor, nowSec }: ReaderParts,
  principal: TokenRow,
  tenant: string | null,
  signal: AbortSignal,
): CapacityReader {
  const own = ownership.current().filter(({ owner }) => tenant === null || owner === tenant);
  const aliases = new Map(own.map(({ zone, alias }) => [zone, alias]));
  const nameOf = (id: string): string => {
    const row = tenants.get(id);
    return isLiving(row) ? row.name : id;
  };
  return {
    reads: { store, expected: expectedFor(tenant), nowSec: nowSec(), signal, kept: new Map() },
    find: (need) => findView(instrumentations, principal, tenant, need),
    names: {
      labelOf: (by, key) => {
        if (by === "zone") return aliases.get(key) ?? key;
        return by === "tenant" ? nameOf(key) : key;
      },
      zonesOf: (id) => own.filter(({ owner }) => owner === id).length,
    },
    of: tenant === null ? "all" : nameOf(tenant),
  };
}
