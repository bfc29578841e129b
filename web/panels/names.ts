/**
 * names.ts: keys as people call them: a zone by its alias, a tenant by its name, nothing by a dash.
 */
import type { TenantInfo } from "../../core/api.ts";

/** Zone names (uuids on SmartOS) to aliases, over all tenants that one may see. */
export function zoneAliases(tenants: readonly TenantInfo[]): ReadonlyMap<string, string> {
  return new Map(
    tenants.flatMap((tenant) => tenant.zones.map((zone) => [zone.name, zone.alias || zone.name] as const)),
  );
}

export function keyName(field: string, value: string, aliases: ReadonlyMap<string, string>): string {
  if (value === "") return "–";
  return field === "zonename" ? (aliases.get(value) ?? value) : value;
}

/** A line of a series: its key's name. @param by what the lines are of; null: one line of everything */
export function lineName(
  by: string | null,
  { key, isOther }: { readonly key: string; readonly isOther: boolean },
  aliases: ReadonlyMap<string, string>,
): string {
  if (isOther) return "other";
  return by === null ? "total" : keyName(by, key, aliases);
}

/** `zonename` reads as "zone" in a sentence; other fields are their own names. */
export function fieldName(field: string): string {
  return field === "zonename" ? "zone" : field;
}

/** "operators", or the tenant's name. @param owner of an instrumentation, a rule, a hook */
export function ownerName(owner: string, tenants: readonly TenantInfo[]): string {
  return owner === "operator" ? "operators" : (tenants.find(({ id }) => id === owner)?.name ?? owner);
}
