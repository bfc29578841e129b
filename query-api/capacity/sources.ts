/**
 * sources.ts: which instrumentation answers for a resource, and what its numbers mean.
 *
 * A capacity question names a resource; this knows the metrics behind it. An instrumentation will do if it counts everything (no
 * predicate), in scalars, with the keys that are needed; the one that has been there longest is taken, since it has most history.
 */
import type { CapacityBy, Resource } from "../../core/capacity.ts";
import { InputError } from "../../core/errors.ts";
import { TRUE, type Predicate } from "../../core/predicate.ts";
import type { TokenRow } from "../../store/tokens.ts";
import { specOf, type Instrumentations } from "../instrumentations.ts";
import { columnOf } from "../sql.ts";
import type { View } from "../view.ts";

/** A metric that is needed, and how. */
export interface Need {
  readonly metric: string;
  /** Discrete fields that it must be decomposed by. */
  readonly keys?: readonly string[];
  /** The numeric field whose distribution is needed. */
  readonly numeric?: string;
  readonly where?: Predicate;
}

export interface ResourceInfo {
  readonly unit: string;
  readonly use: Need;
  /** What a zone may use. */
  readonly limit?: Need;
  readonly wait?: Need;
  readonly bys: readonly CapacityBy[];
  /** Of a device: the field that names it, and what else tells two of a host apart. */
  readonly device: readonly string[];
}

const equal = (field: string, value: string): Predicate => ({ op: "eq", field, value });

export const RESOURCES: Readonly<Record<Resource, ResourceInfo>> = {
  cpu: {
    unit: "%",
    use: { metric: "cpu.usage" },
    limit: { metric: "cpu.cap" },
    wait: { metric: "cpu.waittime" },
    bys: ["zone", "tenant", "host"],
    device: [],
  },
  memory: {
    unit: "bytes",
    use: { metric: "memory.rss" },
    limit: { metric: "memory.rss_limit" },
    bys: ["zone", "tenant", "host"],
    device: [],
  },
  pool: {
    unit: "bytes",
    use: { metric: "zfs.pool", keys: ["space", "zpool"], where: equal("space", "allocated") },
    bys: ["device"],
    device: ["zpool"],
  },
  disk: { unit: "%", use: { metric: "disk.busy", keys: ["disk"] }, bys: ["device"], device: ["disk"] },
  nic: {
    unit: "bytes/s",
    use: { metric: "nic.phys", keys: ["direction", "nic"] },
    bys: ["device"],
    device: ["nic", "direction"],
  },
};

export const POOL_SPACE: Need = { metric: "zfs.pool", keys: ["space", "zpool"] };
export const NIC_SPEED: Need = { metric: "nic.phys_speed", keys: ["nic"] };
export const HOST_MEMORY: Need = { metric: "memory.host", keys: ["space"], where: equal("space", "total") };
export const CPUS: Need = { metric: "cpu.cpus", numeric: "utilization" };
export const DISKS: Need = { metric: "disk.busy", numeric: "busytime" };

/** @returns null where nobody measures it, or the caller may not see who does */
export function findView(
  instrumentations: Pick<Instrumentations, "visibleTo">,
  principal: TokenRow,
  tenant: string | null,
  { metric, keys = [], numeric, where = TRUE }: Need,
): View | null {
  const [found] = instrumentations
    .visibleTo(principal)
    .filter((row) => row.metric === metric)
    .map((instrumentation) => ({ instrumentation, ...specOf(instrumentation) }))
    .filter(
      ({ spec }) =>
        spec.predicate.op === "true" &&
        spec.numeric === (numeric ?? null) &&
        keys.every((key) => spec.keys.includes(key)),
    )
    .sort(
      (a, b) =>
        a.instrumentation.createdMs - b.instrumentation.createdMs ||
        (a.instrumentation.id < b.instrumentation.id ? -1 : 1),
    );
  return found === undefined ? null : { ...found, tenant, where };
}

/**
 * What rows are added up by, as SQL.
 *
 * @throws InputError naming `by` where the resource has no such key
 */
export function keySql(view: View, resource: Resource, by: CapacityBy): string {
  const { bys, device } = RESOURCES[resource];
  if (!bys.includes(by)) {
    const message = `expected ${bys.join(", ")} of ${resource}`;
    throw new InputError("read capacity", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
  }
  if (by !== "device") return `toString(${by})`;
  const names = device.map((field) => `' ', toString(${columnOf(view, field)})`);
  return `concat(toString(host), ${names.join(", ")})`;
}
