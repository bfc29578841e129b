/**
 * hook-uses.ts: which rules and saved reports name a hook, so that none is deleted under them: what they find would reach nobody.
 *
 * The stored JSON is read, and not what this program makes of it: a rule that a newer program has stored names its hooks too.
 */
import type { AlertHookRow, AlertRuleRow } from "../../store/alerts.ts";
import type { ReportRow } from "../../store/reports.ts";

/** So many are named in words; of the others their number is told. */
const MAX_NAMED = 5;

/** The rules and reports of the hook's owner that name it: "the rule slow reads", "the report monday". */
export function usesOf(
  { owner, name }: Pick<AlertHookRow, "owner" | "name">,
  rules: readonly AlertRuleRow[],
  reports: readonly ReportRow[],
): string[] {
  const isTheirs = (row: { readonly owner: string; readonly deletedMs: number }): boolean =>
    row.deletedMs === 0 && row.owner === owner;
  const ofRules = rules.flatMap((row) => {
    const rule = row.rule as { readonly name?: string; readonly hooks?: readonly string[] };
    return isTheirs(row) && rule.hooks?.includes(name) === true ? [`the rule ${rule.name ?? row.id}`] : [];
  });
  const ofReports = reports.flatMap((row) => {
    const report = row.report as { readonly name?: string; readonly hook?: string | null };
    return isTheirs(row) && report.hook === name ? [`the report ${report.name ?? row.id}`] : [];
  });
  return [...ofRules.sort(), ...ofReports.sort()];
}

/** "the rule a, the rule b and the report c name it"; "and 7 more" where there are many. */
export function usesText(uses: readonly string[]): string {
  const named = uses.slice(0, MAX_NAMED);
  const all = uses.length > named.length ? [...named, `${uses.length - named.length} more`] : named;
  const [only = "", ...others] = all;
  if (others.length === 0) return `${only} names it`;
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1) ?? ""} name it`;
}
