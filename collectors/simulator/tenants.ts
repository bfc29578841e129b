/**
 * tenants.ts: who owns the simulated zones: three with names and uuids that never change, then as many more as are wanted.
 */
import { uuidOf } from "./random.ts";

export interface Tenant {
  /** What zones carry as owner_uuid. */
  readonly id: string;
  readonly name: string;
}

const NAMED: readonly Tenant[] = [
  { id: "ac3e0000-5eed-4000-8000-000000000001", name: "acme" },
  { id: "910be000-5eed-4000-8000-000000000002", name: "globex" },
  { id: "1417ec00-5eed-4000-8000-000000000003", name: "initech" },
];

export function makeTenants(count: number): Tenant[] {
  return Array.from({ length: count }, (_, i) => NAMED[i] ?? { id: uuidOf(0x7e4a47, i), name: `tenant-${i + 1}` });
}
