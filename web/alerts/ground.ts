/**
 * ground.ts: what a rule is read against: the instrumentation that it names, the metric of that, whose it is, zones by their aliases.
 */
import type { InstrumentationSummary, Metadata, MetadataMetric, TenantInfo } from "../../core/api.ts";
import type { UnitGround } from "../../core/alerts/unit.ts";
import { keyName, zoneAliases, ownerName } from "../panels/names.ts";

export interface Ground {
  readonly metadata: Metadata;
  readonly instrumentations: readonly InstrumentationSummary[];
  readonly tenants: readonly TenantInfo[];
  readonly aliases: ReadonlyMap<string, string>;
}

/** What one rule measures. */
export interface Measured extends UnitGround {
  readonly info: InstrumentationSummary;
  readonly metric: MetadataMetric;
}

export function groundOf(
  metadata: Metadata,
  instrumentations: readonly InstrumentationSummary[],
  tenants: readonly TenantInfo[],
): Ground {
  return { metadata, instrumentations, tenants, aliases: zoneAliases(tenants) };
}

/** Null where the instrumentation is gone, or measures what this page does not know. */
export function measuredBy({ metadata, instrumentations }: Ground, id: string): Measured | null {
  const info = instrumentations.find((each) => each.id === id);
  const metric = metadata.metrics.find(({ name }) => name === info?.metric);
  if (info === undefined || metric === undefined) return null;
  return { info, metric, numeric: info.numeric, isLinear: info.scheme?.startsWith("lquantize") === true };
}

/** `syscall.ops latency by zone, execname` */
export function measuredText({ metric, keys, numeric }: InstrumentationSummary): string {
  const by = keys.map((key) => (key === "zonename" ? "zone" : key)).join(", ");
  return `${metric}${numeric === null ? "" : ` ${numeric}`}${by === "" ? "" : ` by ${by}`}`;
}

export function ownerText({ tenants }: Ground, owner: string): string {
  return ownerName(owner, tenants);
}

/** The value of a rule's key as people call it. */
export function keyText({ aliases }: Ground, per: string | null, key: string | null): string {
  return per === null || key === null ? "" : keyName(per, key, aliases);
}
