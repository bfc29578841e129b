/**
 * rules-section.tsx: the rules: how each stands, in words what it says, how often it is asked, whose it is; open one for its history.
 */
import { useState } from "preact/hooks";
import type { AlertInfo, AlertRuleInfo } from "../../core/alerts/api.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import { deleteRule, saveRule } from "../api/alerts.ts";
import { durationText } from "../clock.ts";
import { fieldName } from "../panels/names.ts";
import type { Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";
import { AskedTwice } from "../panels/asked-twice.tsx";
import { countsOf } from "./alert-state.ts";
import { measuredBy, ownerText, type Ground } from "./ground.ts";
import { RuleDetails } from "./rule-details.tsx";
import { conditionText, durationWords } from "./rule-words.ts";

interface Props {
  readonly list: readonly AlertRuleInfo[];
  /** Rules that can be read, by id. */
  readonly rules: ReadonlyMap<string, Rule>;
  readonly alerts: readonly AlertInfo[];
  readonly ground: Ground;
  readonly shared: Shared;
  readonly isOperator: boolean;
  readonly mayWrite: boolean;
  readonly open: string | null;
  readonly onOpen: (id: string | null) => void;
  readonly onAdd: () => void;
  readonly onEdit: (info: AlertRuleInfo) => void;
  readonly onCopy: (info: AlertRuleInfo) => void;
  readonly onChanged: () => void;
  readonly fail: (error: unknown) => void;
}

export function RulesSection(props: Props) {
  const { list, isOperator, mayWrite, onAdd } = props;
  return (
    <section aria-label="rules" data-rules={list.length}>
      <h2>
        rules <span class="quiet">{list.length === 0 ? "" : list.length}</span>
        {mayWrite && (
          <button type="button" class="word link" data-key="n" title="a new rule (n)" onClick={onAdd}>
            + rule
          </button>
        )}
      </h2>
      {list.length === 0 ? (
        <p class="quiet">
          No rule yet. A rule says what is measured, when that is bad, and for how long; a selection in the view can be
          made into one: “alert on this”.
        </p>
      ) : (
        <div class="table-box">
          <table class="table rules">
            <TableHead
              columns={[
                "rule",
                "state",
                "fires on",
                "of",
                "for each",
                { number: "every" },
                isOperator && "owner",
                { hidden: "actions" },
              ]}
            />
            <tbody>
              {list.map((info) => (
                <RuleRow {...props} key={info.id} info={info} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function RuleRow(props: Props & { readonly info: AlertRuleInfo }) {
  const { info, rules, alerts, ground, isOperator, mayWrite, open, onOpen, onEdit, onCopy, onChanged, fail } = props;
  const [asked, setAsked] = useState(false);
  const rule = rules.get(info.id);
  const measured = rule === undefined ? null : measuredBy(ground, rule.instrumentation);
  const isOpen = open === info.id;
  const name = rule?.name ?? info.id;
  const remove = (): void => {
    setAsked(false);
    deleteRule(info.id).then(onChanged, fail);
  };
  const pause = (paused: boolean): void => {
    saveRule(info.id, { ...info.rule, paused }).then(onChanged, fail);
  };
  return (
    <>
      <tr data-rule={name} data-rule-id={info.id} class={isOpen ? "open" : ""}>
        <th scope="row">
          <button
            type="button"
            class="word opener"
            aria-expanded={isOpen}
            onClick={() => onOpen(isOpen ? null : info.id)}
          >
            <i aria-hidden="true">{isOpen ? "▾" : "▸"}</i>
            {name}
          </button>
        </th>
        <td class="rule-state">
          <RuleState info={info} rule={rule} alerts={alerts.filter((each) => each.rule === info.id)} />
        </td>
        <td class="says">
          {rule === undefined ? (
            <span class="quiet">a newer program has stored it</span>
          ) : (
            <>
              {conditionText(rule.condition, measured)}
              <span class="quiet"> {durationWords(rule, measured)}</span>
            </>
          )}
        </td>
        <td class="quiet">{measured === null ? "gone" : [measured.info.metric, measured.numeric ?? ""].join(" ")}</td>
        <td data-label="for each" class={rule === undefined || rule.per === null ? "none" : ""}>
          {rule === undefined || rule.per === null ? (
            <span class="quiet">–</span>
          ) : rule.per === "hostname" ? (
            "host"
          ) : (
            fieldName(rule.per)
          )}
        </td>
        <td class="number" data-label="every">
          {rule === undefined ? "" : durationText(rule.everySec)}
        </td>
        {isOperator && (
          <td>
            {ownerText(ground, info.owner)}
            {info.fromFile && <span class="quiet"> file</span>}
          </td>
        )}
        <td class="actions">
          {mayWrite && rule !== undefined && !info.fromFile && (
            <>
              {!asked && (
                <>
                  <button type="button" class="word link" onClick={() => onEdit(info)}>
                    edit
                  </button>
                  <button type="button" class="word link" onClick={() => pause(!rule.paused)}>
                    {rule.paused ? "enable" : "pause"}
                  </button>
                </>
              )}
              <AskedTwice
                word="delete"
                sure="delete it"
                keep="keep it"
                asked={asked}
                onAsk={setAsked}
                onSure={remove}
              />
            </>
          )}
          {mayWrite && rule !== undefined && info.fromFile && (
            <button type="button" class="word link" onClick={() => onCopy(info)}>
              copy
            </button>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={isOperator ? 8 : 7}>
            <RuleDetails {...props} info={info} rule={rule ?? null} measured={measured} />
          </td>
        </tr>
      )}
    </>
  );
}

interface StateProps {
  readonly info: AlertRuleInfo;
  readonly rule: Rule | undefined;
  readonly alerts: readonly AlertInfo[];
}

function RuleState({ info, rule, alerts }: StateProps) {
  const { firing, pending, silenced } = countsOf(alerts);
  const unknown = alerts.filter((each) => each.unknownSinceMs !== null && each.status !== "resolved").length;
  if (rule?.paused === true) return <span class="dot paused">paused</span>;
  const words = [
    ...(firing > 0
      ? [`${firing} firing${silenced === 0 ? "" : silenced === firing ? ", silenced" : ` (${silenced} silenced)`}`]
      : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(unknown > 0 ? [`${unknown} no data`] : []),
  ];
  const state = firing > 0 ? "firing" : pending > 0 ? "pending" : "calm";
  return (
    <>
      <span
        class={`dot ${info.problem !== "" ? "broken" : state}${firing > 0 && silenced === firing ? " silenced" : ""}`}
        data-rule-state={state}
      >
        {words.length === 0 ? (info.problem === "" ? "calm" : "not evaluated") : words.join(", ")}
      </span>
      {info.problem !== "" && <span class="problem why"> {info.problem}</span>}
    </>
  );
}
