/**
 * machine.ts: what a figure was measured on, for the head of every bench's output.
 */
import { cpus, loadavg, release, totalmem, type } from "node:os";

export function machine(): string {
  const list = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const load = loadavg()
    .map((each) => each.toFixed(1))
    .join(" ");
  return `${list.length} x ${list[0]?.model.trim() ?? "unknown CPU"}, ${gib} GiB, ${type()} ${release()}, Node ${process.version}, load ${load}`;
}

/** The value that a fraction `q` of the values do not exceed. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}
