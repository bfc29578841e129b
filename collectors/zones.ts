/**
 * zones.ts: a host's zones and their owners, from `zoneadm list -p` and `vmadm lookup -j`.
 *
 * zoneadm says which zones there are and in which state; vmadm says whose they are. A zone that vmadm does not know (a
 * native zone made by hand) has no owner and its rows go to quarantine, never to somebody else.
 */
import { OperationalError } from "../core/errors.ts";
import { QUARANTINE } from "../core/window.ts";

export interface HostZone {
  readonly name: string;
  readonly owner: string;
  readonly alias: string;
  readonly state: string;
}

/** Whose a zone is, from elsewhere than its host; undefined: not known. */
export type OwnerOf = (zone: string) => string | undefined;

export const NOBODY_KNOWS: OwnerOf = () => undefined;

interface Vm {
  readonly zonename?: unknown;
  readonly uuid?: unknown;
  readonly owner_uuid?: unknown;
  readonly alias?: unknown;
  readonly state?: unknown;
}

/**
 * @param ownerOf asked for zones to which vmadm gives no owner
 * @throws OperationalError ZONES_UNREADABLE
 */
export function readZones(zoneadm: string, vmadm: string, ownerOf = NOBODY_KNOWS): HostZone[] {
  const vms = new Map(parseVms(vmadm).map((vm) => [text(vm.zonename ?? vm.uuid), vm]));
  return zoneadm
    .split("\n")
    .filter((line) => line !== "")
    .map(splitFields)
    .filter(([, name]) => name !== undefined && name !== "" && name !== "global")
    .map(([, name = "", state = ""]) => {
      const vm = vms.get(name);
      const owner = text(vm?.owner_uuid) || text(ownerOf(name));
      return { name, state, owner: owner === "" ? QUARANTINE : owner, alias: text(vm?.alias) };
    });
}

function parseVms(vmadm: string): Vm[] {
  try {
    const list: unknown = JSON.parse(vmadm);
    if (!Array.isArray(list)) throw new Error("expected a JSON array");
    return list.filter((each): each is Vm => typeof each === "object" && each !== null);
  } catch (cause) {
    throw new OperationalError("ZONES_UNREADABLE", "read the answer of vmadm lookup -j", { cause });
  }
}

/** Splits at colons that no backslash protects (zoneadm(8)). */
function splitFields(line: string): string[] {
  const fields = [""];
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? "";
    if (character === ":") {
      fields.push("");
      continue;
    }
    const taken = character === "\\" && i + 1 < line.length ? (line[++i] ?? "") : character;
    fields.push(`${fields.pop() ?? ""}${taken}`);
  }
  return fields;
}

/** Text of at most 256 characters without controls: aliases are a tenant's choice. */
function text(value: unknown): string {
  if (typeof value !== "string") return "";
  // eslint-disable-next-line no-control-regex -- controls are what is to be removed
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "").slice(0, 256);
}
