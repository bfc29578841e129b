/**
 * from-selection.ts: a rule made of a selection: as many events in its values, of its keys, in as short a time.
 *
 * In the first bundle, since the selection's panel is: nothing in here needs more than what the view has.
 */
import type { InstrumentationInfo } from "../../core/api.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import type { Region } from "../view/region.ts";

/** Windows that are kept in memory (core/alerts/rule.ts), so that the rule is as quick as any. */
const WINDOWS_SEC = [600, 300, 60, 30, 10, 5, 1];

export interface Selected {
  readonly instrumentation: Pick<InstrumentationInfo, "id" | "granularitySec">;
  readonly region: Region;
  readonly where: PredicateJson | null;
  /** For operators: of this tenant alone. */
  readonly tenant: string | null;
  /** Events in the selection; null: not known yet. */
  readonly count: number | null;
  /** What it is called until somebody calls it otherwise. */
  readonly name: string;
}

/** What POST /v1/alerts/rules would take. It fires on half as many as there were: whoever selects something wants to hear of the like of it. */
export function ruleOfSelection({ instrumentation, region, where, tenant, count, name }: Selected): object {
  const { id, granularitySec } = instrumentation;
  const seconds = region.to - region.from;
  const windowSec =
    WINDOWS_SEC.find((each) => each <= seconds && each % granularitySec === 0) ?? Math.max(granularitySec, 1);
  const above = count === null ? 0 : Math.floor(((count / seconds) * windowSec) / 2);
  return {
    ...{ name, instrumentation: id, tenant, where: where ?? {} },
    condition: { kind: "mass", low: region.low, high: region.high, as: "count", windowSec, above },
    everySec: Math.max(10, granularitySec),
  };
}
