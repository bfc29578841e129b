/**
 * group.ts: when a hook is told, and of what: alerts with the same labels together, changes after a short wait, what still fires again
 * after the repeat interval.
 *
 * It compares what is (the alerts of a group) with what the hook was told last, and says what to tell it now. So nothing is lost
 * by a crash between a change and its telling, and nothing is told twice: whoever looks next finds the same difference, or none.
 */

export interface Grouping {
  /** Labels that a group has in common. */
  readonly groupBy: readonly string[];
  /** A new group waits for others to join. */
  readonly groupWaitSec: number;
  /** Between two tellings of changes in one group. */
  readonly groupIntervalSec: number;
  readonly repeatSec: number;
  readonly sendResolved: boolean;
}

/** An alert as a hook is told of it. */
export interface Member {
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly startsMs: number;
  /** When it came to be so. */
  readonly sinceMs: number;
}

/** What a hook was told last of a group. */
export interface Told {
  readonly id: string;
  readonly atMs: number;
  readonly members: readonly Pick<Member, "fingerprint" | "status" | "startsMs">[];
}

/** The labels of a group, in the order of `groupBy`; equal groups have equal keys. */
export function groupKeyOf({ groupBy }: Grouping, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(groupBy.map((name) => [name, Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""]));
}

/**
 * @param alerts of the group, without silenced ones; resolved ones as long as they are known
 * @returns what to tell now; null: nothing, or not yet
 */
export function toTell(
  hook: Grouping,
  alerts: readonly Member[],
  told: Told | undefined,
  nowMs: number,
): Member[] | null {
  const before = new Map((told?.members ?? []).map((member) => [member.fingerprint, member]));
  const wasFiring = ({ fingerprint, startsMs }: Member): boolean => {
    const was = before.get(fingerprint);
    return was?.status === "firing" && was.startsMs === startsMs;
  };
  const firing = alerts.filter(({ status }) => status === "firing");
  const resolved = hook.sendResolved ? alerts.filter((each) => each.status === "resolved" && wasFiring(each)) : [];
  const news = [...firing.filter((each) => !wasFiring(each)), ...resolved];
  const members = [...firing, ...resolved];
  if (news.length > 0) {
    const isNew = ![...before.values()].some(({ status }) => status === "firing");
    const dueMs = isNew
      ? Math.min(...news.map(({ sinceMs }) => sinceMs)) + hook.groupWaitSec * 1000
      : (told?.atMs ?? 0) + hook.groupIntervalSec * 1000;
    return nowMs >= dueMs ? members : null;
  }
  if (firing.length === 0 || told === undefined) return null;
  return nowMs >= told.atMs + hook.repeatSec * 1000 ? members : null;
}
