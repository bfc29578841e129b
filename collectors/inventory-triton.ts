/**
 * inventory-triton.ts: hosts and the owners of zones from a Triton data centre: CNAPI (GET /servers) and VMAPI (GET /vms).
 *
 *   CNAPI  each server that is set up: `hostname`, and the address of its admin network in `sysinfo`
 *   VMAPI  each active VM: `uuid`, `owner_uuid`; it names owners where a host's own vmadm may not be asked
 *
 * Both are asked again every `everyMs`, in pages. A server that is set up stays in the inventory while it is down: what it does
 * not report is missing, not gone. An answer is taken whole or not at all.
 * Sources: the documentation of sdc-cnapi and sdc-vmapi; `sysinfo(8)` of SmartOS for "Network Interfaces" and "NIC Names".
 */
import { OperationalError } from "../core/errors.ts";
import type { InventoryHost, InventorySource } from "./inventory.ts";

export interface TritonSourceOptions {
  readonly cnapiUrl: string;
  /** Absent: owners are those that the hosts' vmadm names. */
  readonly vmapiUrl?: string;
  readonly everyMs: number;
  readonly port: number;
  readonly username: string;
  readonly pageSize?: number;
  readonly timeoutMs?: number;
}

type Json = Readonly<Record<string, unknown>>;

const PAGE = 500;
const MAX_PAGES = 1_000;
const TIMEOUT_MS = 30_000;
const MAX_NAME = 128;

export function tritonSource(options: TritonSourceOptions): InventorySource {
  const { cnapiUrl, vmapiUrl, everyMs, pageSize = PAGE, timeoutMs = TIMEOUT_MS } = options;
  let owners: ReadonlyMap<string, string> = new Map();
  return {
    name: cnapiUrl,
    list: async () => {
      const servers = await pages(`${cnapiUrl}/servers?setup=true&extras=sysinfo`, pageSize, timeoutMs);
      if (vmapiUrl !== undefined) {
        const fields = "uuid,owner_uuid,server_uuid,alias,state";
        owners = ownersOf(await pages(`${vmapiUrl}/vms?state=active&fields=${fields}`, pageSize, timeoutMs));
      }
      return servers.flatMap((server) => hostOf(server, options));
    },
    watch: (changed) => {
      const timer = setInterval(changed, everyMs);
      return () => clearInterval(timer);
    },
    ownerOf: (zone) => owners.get(zone),
  };
}

/** @throws OperationalError TRITON_UNAVAILABLE */
async function pages(url: string, pageSize: number, timeoutMs: number): Promise<Json[]> {
  const all = new Map<string, Json>();
  for (let page = 0; page < MAX_PAGES; page++) {
    const before = all.size;
    const rows = await ask(`${url}&limit=${pageSize}&offset=${page * pageSize}`, timeoutMs);
    // By id: a list that changes between two pages may repeat some.
    for (const row of rows) all.set(text(row["uuid"]), row);
    // A server that knows no pages sends the whole list each time: nothing new is its end.
    if (rows.length < pageSize || all.size === before) return [...all.values()];
  }
  throw unavailable(url, new Error(`more than ${MAX_PAGES} pages`));
}

async function ask(url: string, timeoutMs: number): Promise<Json[]> {
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const list: unknown = await response.json();
    if (!Array.isArray(list)) throw new Error("expected a JSON array");
    return list.filter(isObject);
  } catch (cause) {
    throw unavailable(url, cause);
  }
}

function unavailable(url: string, cause: unknown): OperationalError {
  return new OperationalError("TRITON_UNAVAILABLE", `ask ${url}`, { cause });
}

/** None where the server is not set up, or has no name that can be one. */
function hostOf(server: Json, { port, username }: TritonSourceOptions): InventoryHost[] {
  const name = text(server["hostname"]);
  if (server["setup"] !== true || !/^[A-Za-z0-9._-]+$/.test(name) || name.length > MAX_NAME) return [];
  const address = adminAddress(server);
  return [{ name, port, username, platform: "smartos", ...(address === undefined ? {} : { address }) }];
}

/** The first interface that has the admin network. */
function adminAddress({ sysinfo }: Json): string | undefined {
  const interfaces = isObject(sysinfo) ? sysinfo["Network Interfaces"] : undefined;
  if (!isObject(interfaces)) return undefined;
  for (const each of Object.values(interfaces)) {
    if (!isObject(each)) continue;
    const names = each["NIC Names"];
    const address = text(each["ip4addr"]);
    if (Array.isArray(names) && names.includes("admin") && address !== "") return address;
  }
  return undefined;
}

function ownersOf(vms: readonly Json[]): Map<string, string> {
  const named = vms.map((vm): [string, string] => [text(vm["uuid"]), text(vm["owner_uuid"])]);
  return new Map(named.filter(([uuid, owner]) => uuid !== "" && owner !== ""));
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 256) : "";
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
