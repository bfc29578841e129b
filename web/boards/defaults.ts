/**
 * defaults.ts: the boards to begin with: one for each way in which people look: as a tenant, as an operator, at a host, at a zone.
 *
 * Each begins with what was slow, then says what was used, and who waited. What a reader may not use is left out.
 */
import type { BoardPanel, MetricInfo } from "../../core/api.ts";

export const ROLES = ["tenant", "operator", "host", "zone"] as const;
export type BoardRole = (typeof ROLES)[number];

export const ROLE_WORDS: Readonly<Record<BoardRole, string>> = {
  tenant: "my zones",
  operator: "the fleet",
  host: "one host",
  zone: "one zone",
};

const panel = (metric: string, decomposition: readonly string[], by: string | null): BoardPanel => ({
  ...{ metric, decomposition, by },
  where: [],
});

const BOARDS: Readonly<Record<BoardRole, readonly BoardPanel[]>> = {
  tenant: [
    panel("syscall.ops", ["execname", "latency"], "execname"),
    panel("cpu.usage", [], "zonename"),
    panel("fs.slow_ops", ["latency"], "zonename"),
    panel("cpu.waittime", [], "zonename"),
    panel("memory.rss", [], "zonename"),
    panel("nic.vnic", [], "zonename"),
  ],
  operator: [
    panel("syscall.ops", ["execname", "latency"], "zonename"),
    panel("cpu.usage", [], "zonename"),
    panel("cpu.waittime", [], "zonename"),
    panel("fs.slow_ops", ["latency"], "zonename"),
    panel("zfs.zone_wait", [], "zonename"),
    panel("disk.busy", ["disk"], "disk"),
  ],
  host: [
    panel("syscall.ops", ["execname", "latency"], "zonename"),
    panel("cpu.usage", [], "zonename"),
    panel("cpu.waittime", [], "zonename"),
    panel("zfs.zone_wait", [], "zonename"),
    panel("zfs.zone_bytes", [], "zonename"),
    panel("memory.rss", [], "zonename"),
  ],
  zone: [
    panel("syscall.ops", ["execname", "latency"], "execname"),
    panel("cpu.usage", ["cpumode"], "cpumode"),
    panel("cpu.waittime", [], null),
    panel("fs.logical_rwops", ["optype"], "optype"),
    panel("zfs.zone_wait", [], null),
    panel("memory.rss", [], null),
  ],
};

/** @param metrics those that the reader may use */
export function defaultBoard(role: BoardRole, metrics: readonly MetricInfo[]): readonly BoardPanel[] {
  return BOARDS[role].filter(({ metric, decomposition }) => {
    const known = metrics.find(({ name }) => name === metric);
    return known !== undefined && decomposition.every((field) => known.fields.some(({ name }) => name === field));
  });
}
