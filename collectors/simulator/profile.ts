/**
 * profile.ts: where an operation's time goes, as a mixture of lognormal parts, and what the host's state does to each.
 *
 * The theory: an operation is served from a cache (microseconds), or waits for a disk whose queue behaves like M/M/1 (its
 * time grows as 1 / (1 - utilisation)), or for the network, or for a timer that no load moves. Each part is a band of the
 * heatmap. A saturated CPU puts some operations on the run queue; a lost packet puts some on the retransmission timers.
 */

export type PartKind = "cpu" | "disk" | "net" | "timer";

export interface Part {
  readonly kind: PartKind;
  /** Of all operations; a profile's shares add up to 1. */
  readonly share: number;
  readonly medianNs: number;
  /** Deviation of the logarithm: 0.02 is a line, 0.5 a band, 1 a cloud. */
  readonly sigma: number;
  /** Waits for the transaction group that ZFS writes out. */
  readonly sync?: boolean;
}

export interface Profile {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** The state of a host in a second, quantised so that the masses of a mixture can be kept. */
export interface Conditions {
  /** The disk's times are 1.06^disk of what they are on an idle host. */
  readonly disk: number;
  /** 0 (idle) to 12 (saturated). */
  readonly cpu: number;
  /** Of packets, percent. */
  readonly lossPercent: number;
  /** Whether a transaction group is being written. */
  readonly syncing: boolean;
}

/** One number for as much of a state as this profile feels: what its masses are kept under. */
export function conditionsKey(profile: Profile, at: Conditions): number {
  const feels = (kind: PartKind): boolean => profile.parts.some((part) => part.kind === kind);
  const disk = feels("disk") ? at.disk : 0;
  const lossPercent = feels("net") ? at.lossPercent : 0;
  const syncing = at.syncing && profile.parts.some((part) => part.sync === true);
  return ((disk * 16 + at.cpu) * 16 + lossPercent) * 2 + (syncing ? 1 : 0);
}

export function diskFactor(level: number): number {
  return 1.06 ** level;
}

/** The share of operations that find the CPU busy. */
export function cpuWaitShare(level: number): number {
  return 0.6 * (level / 12) ** 3;
}

/** The mixture of a profile under conditions: what is really waited for. */
export function partsUnder(profile: Profile, at: Conditions): Part[] {
  const parts = profile.parts.flatMap((part) => underLoad(part, at));
  const waiting = cpuWaitShare(at.cpu);
  if (waiting < 1e-4) return parts;
  const queued: Part = { kind: "cpu", share: waiting, medianNs: 40_000 * 1.62 ** at.cpu, sigma: 0.7 };
  return [...parts.map((part) => ({ ...part, share: part.share * (1 - waiting) })), queued];
}

function underLoad(part: Part, at: Conditions): Part[] {
  const slower = part.sync === true && at.syncing ? 1.9 : 1;
  switch (part.kind) {
    case "cpu":
      return [{ ...part, medianNs: part.medianNs * slower * (1 + 0.05 * at.cpu) }];
    case "disk":
      return [{ ...part, medianNs: part.medianNs * slower * diskFactor(at.disk) }];
    case "net":
      return at.lossPercent === 0 ? [part] : retransmitted(part, at.lossPercent / 100);
    case "timer":
      return [part];
  }
}

/** Retransmission after 0.4 s, then 1.2 s, then 2.8 s: illumos' tcp_rexmit_interval_initial, doubled each time. */
function retransmitted(part: Part, loss: number): Part[] {
  const late = [400e6, 1200e6, 2800e6].map((waitNs, i): Part => {
    return { kind: "net", share: part.share * loss ** (1 + i * 0.5), medianNs: waitNs, sigma: 0.03 };
  });
  return [{ ...part, share: part.share * (1 - loss) }, ...late];
}
