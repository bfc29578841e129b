/**
 * alerts-page.tsx: what fires and why, the rules that say so, who is told, and who is left in peace. A tenant's page is of its own; operators see all.
 *
 * All of it is asked for again while one looks. What was there stays when the connection goes, and the header says so.
 */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { AlertRuleInfo } from "../../core/alerts/api.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import type { Metadata } from "../../core/api.ts";
import { InputError } from "../../core/errors.ts";
import { readAlerting } from "../api/alerts.ts";
import { ask } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, serverNow } from "../clock.ts";
import type { PageProps } from "../page-props.ts";
import { messageOf, PageFrame, useProblems } from "../page-frame.tsx";
import type { KeyGroup } from "../panels/help.tsx";
import { press, useKeyboard } from "../panels/use-keyboard.ts";
import { useColours } from "../use-colours.ts";
import { usePage } from "../view/use-page.ts";
import { summaryOf } from "./alert-state.ts";
import { FiringSection } from "./firing-section.tsx";
import { groundOf, type Ground } from "./ground.ts";
import { HooksSection } from "./hooks-section.tsx";
import { RuleEditor } from "./rule-editor.tsx";
import { RulesSection } from "./rules-section.tsx";
import { SilencesSection } from "./silences-section.tsx";
import "../style/instrument.css";
import "../style/alerts.css";

const EVERY_MS = 2000;
const GROUND_EVERY_MS = 20_000;

const HELP: readonly KeyGroup[] = [
  {
    name: "rules",
    keys: [
      ["n", "a new rule"],
      ["/", "search what is measured, in its form"],
      ["r", "try it: where it would have fired"],
      ["enter", "save it, from any field"],
    ],
  },
];

export function AlertsPage({ session, onSignedOut }: PageProps) {
  const { shared, params, change, move } = usePage("alerts", ["draft", "rule", "open"]);
  useColours(shared.theme);
  const { notice, setNotice, fail } = useProblems(onSignedOut);
  const [turn, setTurn] = useState(0);
  const known = usePolled("ground", GROUND_EVERY_MS, readGround);
  const { answer, error } = usePolled(`alerting ${turn}`, EVERY_MS, async (signal) => ({
    ...(await readAlerting(signal)),
    atSec: serverNow(),
  }));
  const problem = error ?? known.error;
  useEffect(() => {
    if (problem !== null) fail(problem);
    else if (answer !== null) setNotice(null);
  }, [problem]);
  const again = useCallback(() => {
    setNotice(null);
    setTurn((before) => before + 1);
  }, []);
  const rules = useMemo(() => rulesOf(answer?.rules ?? []), [answer?.rules]);
  useKeyboard({ n: () => pressUnlessChoosing("n"), r: () => pressUnlessChoosing("r"), "/": () => press("/") });
  const motion = error !== null ? "disconnected" : answer === null ? "connecting" : "live";
  const ground = known.answer;
  const isOperator = session.role === "operator";
  const mayWrite = session.scope === "write";
  const isShown = ({ owner }: { readonly owner: string }): boolean => shared.tenant === null || owner === shared.tenant;
  const editing = answer?.rules.find(({ id }) => id === params.get("rule")) ?? null;
  const text = params.get("draft");
  const edit = (draft: string, rule: string | null): void => {
    move({}, { draft, rule });
    window.scrollTo({ top: 0 });
  };
  return (
    <PageFrame
      page="alerts"
      {...{ session, onSignedOut, shared, notice, motion }}
      tenants={ground?.tenants ?? []}
      onNotice={setNotice}
      onChange={change}
      help={HELP}
    >
      {answer === null || ground === null ? (
        <p class="whole-page quiet">
          {problem === null ? "reading what fires …" : `could not read what fires: ${messageOf(problem)}; trying again`}
        </p>
      ) : (
        <main class="alerts">
          <p class="summary" data-summary>
            {summaryOf(
              answer.alerts.filter(isShown),
              answer.rules.filter(isShown).length,
              answer.rules.filter((each) => isShown(each) && each.problem !== "" && rules.get(each.id)?.paused !== true)
                .length,
            )}{" "}
            <span class="quiet">
              {error === null ? "" : "no connection; "}as of {clockText(answer.atSec, shared.zone)}
              {!mayWrite && "; this token may look but not change anything"}
            </span>
          </p>
          {text !== null && mayWrite && (
            <RuleEditor
              key={params.get("rule") ?? "new"}
              {...{ ground, session, shared, editing, text, fail }}
              hooks={answer.hooks}
              onText={(draft) => change({}, { draft })}
              onSaved={(saved) => {
                change({}, { draft: null, rule: null, open: saved.id });
                again();
              }}
              onCancel={() => change({}, { draft: null, rule: null })}
            />
          )}
          <FiringSection
            alerts={answer.alerts.filter(isShown)}
            hasRules={answer.rules.some(isShown)}
            {...{ rules, ground, shared, isOperator, mayWrite, fail }}
            onChanged={again}
          />
          <RulesSection
            list={answer.rules.filter(isShown)}
            alerts={answer.alerts}
            {...{ rules, ground, shared, isOperator, mayWrite, fail }}
            open={params.get("open")}
            onOpen={(open) => change({}, { open })}
            onAdd={() => edit("", null)}
            onEdit={({ rule, id }) => edit(JSON.stringify(rule), id)}
            onCopy={({ rule }) => edit(JSON.stringify({ ...rule, name: "" }), null)}
            onChanged={again}
          />
          <SilencesSection
            list={answer.silences.filter(isShown)}
            {...{ ground, shared, isOperator, mayWrite, fail }}
            onChanged={again}
          />
          <HooksSection
            list={answer.hooks.filter(isShown)}
            {...{ ground, shared, isOperator, mayWrite, fail }}
            onChanged={again}
          />
        </main>
      )}
    </PageFrame>
  );
}

/** Letters are a list's type-ahead while one chooses in it. */
function pressUnlessChoosing(key: string): boolean {
  if (document.activeElement instanceof HTMLSelectElement) return false;
  press(key);
  return true;
}

/** Rules by id; one that a newer program has stored is left out. */
function rulesOf(list: readonly AlertRuleInfo[]): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const { id, rule } of list) {
    try {
      rules.set(id, parseRule(rule));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return rules;
}

async function readGround(signal: AbortSignal): Promise<Ground> {
  const [metadata, { tenants }, { instrumentations }] = await Promise.all([
    ask("GET", "/v1/metadata", { signal }),
    ask("GET", "/v1/tenants", { signal }),
    ask("GET", "/v1/instrumentations", { signal }),
  ]);
  return groundOf(metadata as unknown as Metadata, instrumentations, tenants);
}
