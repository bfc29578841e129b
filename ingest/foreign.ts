/**
 * foreign.ts: a batch without the rows of hosts that another collector speaks for (store/claims.ts).
 *
 * Not the whole batch is refused: one host that is by mistake in the configuration of two collectors would then hold up all hosts of
 * the second. Its rows are counted and left out, coverage too, since the first collector's says how the host really is.
 */
import { textAt } from "../core/batch-builder.ts";
import type { AttributedBatch } from "../core/window.ts";
import { gather } from "./key-cap-columns.ts";

export function withoutHosts(batch: AttributedBatch, hosts: readonly string[]): AttributedBatch {
  if (hosts.length === 0) return batch;
  const gone = new Set<number>();
  for (let row = 0; row < batch.rows; row++) if (hosts.includes(textAt(batch.host, row))) gone.add(row);
  return gone.size === 0 ? batch : gather(batch, gone, new Map());
}
