/**
 * admission-tenants.ts: how many keys a tenant's windows may have, now.
 *
 * A tenant that brings more rows or bytes than its quota is never answered 429, for its rows share batches with those of
 * others, who would wait with it. Its windows keep fewer keys instead, and the rest as one: less detail for who floods, exact totals for
 * all, and nothing late. What is left is bounded by its zones and instrumentations, of which operators decide.
 */
import { KIND_WINDOW, OPERATOR, type AttributedBatch } from "../core/window.ts";
import { QuotaBook, type Rates } from "./quota.ts";

export interface TenantLimits {
  /** Distinct keys in one window of a spec: one tick on one host. */
  readonly keysPerWindow: number;
  /** The same while the tenant is over its quota. */
  readonly keysOverQuota: number;
  readonly rowsPerSec: number;
  readonly bytesPerSec: number;
}

export const TENANT_LIMITS: TenantLimits = {
  keysPerWindow: 2_000,
  keysOverQuota: 10,
  rowsPerSec: 50_000,
  bytesPerSec: 16 * 1024 * 1024,
};

/** What a row takes in the columns beside its entries, and an entry: bucket and count. */
const ROW_BYTES = 120;
const ENTRY_BYTES = 6;

export class TenantQuotas {
  #limits: TenantLimits;
  readonly #quotas: QuotaBook;

  constructor(limits: TenantLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#quotas = new QuotaBook(ratesOf(limits), now);
  }

  /** Other limits from now on. */
  limit(limits: TenantLimits): void {
    this.#limits = limits;
    this.#quotas.setRates(ratesOf(limits));
  }

  /** @param tenant "" on coverage rows, which have no keys */
  readonly capOf = (tenant: string): number => {
    const { keysPerWindow, keysOverQuota } = this.#limits;
    if (tenant === "") return Infinity;
    return this.isOver(tenant) ? keysOverQuota : keysPerWindow;
  };

  isOver(tenant: string): boolean {
    return this.#quotas.waitMs(tenant) > 0;
  }

  /** Charges each tenant for its rows of a batch that was stored. The global zones' are the operators' own. */
  charge({ rows, kind, tenant, offsets }: AttributedBatch): void {
    const rowsOf = new Float64Array(tenant.values.length);
    const entriesOf = new Float64Array(tenant.values.length);
    for (let row = 0; row < rows; row++) {
      if (kind[row] !== KIND_WINDOW) continue;
      const code = tenant.codes[row] ?? 0;
      rowsOf[code] = (rowsOf[code] ?? 0) + 1;
      entriesOf[code] = (entriesOf[code] ?? 0) + (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
    }
    tenant.values.forEach((name, code) => {
      const own = rowsOf[code] ?? 0;
      if (own === 0 || name === OPERATOR) return;
      this.#quotas.charge(name, { rows: own, bytes: own * ROW_BYTES + (entriesOf[code] ?? 0) * ENTRY_BYTES });
    });
  }
}

function ratesOf({ rowsPerSec, bytesPerSec }: TenantLimits): Rates {
  return { rowsPerSec, bytesPerSec, keysPerSec: Infinity };
}
