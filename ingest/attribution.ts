/**
 * attribution.ts: whose is each row.
 *
 * The tenant of a row is decided here, from the zone map valid at the window's time, and never read from the batch: a
 * collector cannot give a row to somebody. Coverage rows belong to nobody ("").
 */
import { KIND_WINDOW, QUARANTINE, type AttributedBatch, type Batch } from "../core/window.ts";

/** @returns the tenant's id, or QUARANTINE */
export type OwnerAt = (host: string, zone: string, atMs: number) => string;

/** @returns the batch with tenants, and how many rows went to quarantine */
export function attribute(batch: Batch, ownerAt: OwnerAt): { attributed: AttributedBatch; quarantined: number } {
  const values: string[] = [""];
  const codeOf = new Map<string, number>([["", 0]]);
  const codes = new Int32Array(batch.rows);
  // Rows of one window repeat host and zone, and windows of one host repeat its zones: each is asked for once a column.
  const answers = new Map<number, { readonly ts: number; readonly code: number }>();
  const zones = batch.zone.values.length;
  let quarantined = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (batch.kind[row] !== KIND_WINDOW) continue;
    const host = batch.host.codes[row] ?? -1;
    const zone = batch.zone.codes[row] ?? -1;
    const ts = batch.ts[row] ?? 0;
    let answer = answers.get(host * zones + zone);
    if (answer?.ts !== ts) {
      const tenant = ownerAt(batch.host.values[host] ?? "", batch.zone.values[zone] ?? "", ts * 1000);
      let code = codeOf.get(tenant);
      if (code === undefined) {
        code = values.push(tenant) - 1;
        codeOf.set(tenant, code);
      }
      answer = { ts, code };
      answers.set(host * zones + zone, answer);
    }
    codes[row] = answer.code;
    if (values[answer.code] === QUARANTINE) quarantined += 1;
  }
  return { attributed: { ...batch, tenant: { codes, values } }, quarantined };
}
