/**
 * zone-lists.ts: the zones of a host as `zoneadm list -p` and `vmadm lookup -j` print them.
 */
import { runsAt, type SimZone } from "./zone.ts";

/** zoneid:zonename:state:zonepath:uuid:brand:ip-type:zonedid; a colon within a field is escaped. */
export function zoneList(zones: readonly SimZone[], nowMs: number): string {
  return zones
    .filter((zone) => runsAt(zone, nowMs))
    .map((zone) => {
      const isGlobal = zone.name === "global";
      const fields = isGlobal
        ? [zone.id, "global", "running", "/", "", "liveimg", "shared", 0]
        : [zone.id, zone.name, "running", `/zones/${zone.name}`, zone.uuid, "joyent", "excl", zone.id];
      return fields.map((field) => String(field).replaceAll(":", "\\:")).join(":") + "\n";
    })
    .join("");
}

/** A JSON array, indented by two as vmadm's; the global zone is no VM. */
export function vmList(zones: readonly SimZone[], nowMs: number): string {
  const vms = zones
    .filter((zone) => runsAt(zone, nowMs) && zone.name !== "global")
    .map((zone) => ({
      uuid: zone.uuid,
      owner_uuid: zone.ownerUuid,
      zoneid: zone.id,
      zonename: zone.name,
      alias: zone.alias,
      brand: "joyent",
      state: "running",
    }));
  return `${JSON.stringify(vms, null, 2)}\n`;
}
