/**
 * reach.ts: whether what a rule looks back at is kept for so long: of a window that is longer than that, a part would be taken for a part that
 * nobody watched, and of past days that have been let go there would never be enough.
 */
import { windowsOf, type Rule } from "../../core/alerts/rule.ts";
import { InputError } from "../../core/errors.ts";

const DAY_SEC = 86_400;

/** @throws InputError naming the window, or the days, that reach too far back */
export function checkReach(rule: Rule, retentionSec: number, path: string): void {
  const at = path === "" ? "condition" : `${path}.condition`;
  const { condition } = rule;
  const kept = `how long its instrumentation's data are kept`;
  const errors: { field: string; code: string; message: string }[] = [];
  if ((windowsOf(condition)[0] ?? 0) > retentionSec) {
    const field = `${at}.${condition.kind === "burn" ? "windows" : "windowSec"}`;
    errors.push({ field, code: "BAD_WINDOW", message: `expected at most ${retentionSec} s, ${kept}` });
  }
  if (condition.kind === "shape" && condition.minDays * DAY_SEC > retentionSec) {
    const most = Math.floor(retentionSec / DAY_SEC);
    errors.push({ field: `${at}.minDays`, code: "BAD_WINDOW", message: `expected at most ${most} days, ${kept}` });
  }
  if (errors.length > 0) throw new InputError(`check the alert rule ${rule.name}`, errors);
}
