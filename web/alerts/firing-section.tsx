/**
 * firing-section.tsx: what fires now, what may soon, and what was resolved lately: since when, at which value against which threshold, and a way to look.
 */
import { useState } from "preact/hooks";
import type { AlertInfo } from "../../core/alerts/api.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import { clockText, dateText, durationText, serverNow, type Zone } from "../clock.ts";
import { keyName } from "../panels/names.ts";
import type { Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";
import { alertLink } from "./alert-link.ts";
import { inOrder, marksOf, otherLabels } from "./alert-state.ts";
import { keyText, measuredBy, ownerText, type Ground } from "./ground.ts";
import { conditionText, thresholdText, valueText } from "./rule-words.ts";
import { SilenceNow } from "./silence-now.tsx";

interface Props {
  readonly alerts: readonly AlertInfo[];
  readonly rules: ReadonlyMap<string, Rule>;
  readonly ground: Ground;
  readonly shared: Shared;
  readonly isOperator: boolean;
  readonly mayWrite: boolean;
  readonly hasRules: boolean;
  readonly onChanged: () => void;
  readonly fail: (error: unknown) => void;
}

export function FiringSection(props: Props) {
  const all = inOrder(props.alerts);
  const now = all.filter(({ status }) => status !== "resolved");
  const over = all.filter(({ status }) => status === "resolved");
  return (
    <section aria-label="what fires" data-firing={now.length}>
      <h2>fires now</h2>
      {now.length === 0 ? (
        <p class="quiet">
          {props.hasRules ? "Nothing fires, and nothing is pending." : "Nothing can fire: there are no rules yet."}
        </p>
      ) : (
        <AlertTable {...props} alerts={now} />
      )}
      {over.length > 0 && (
        <details class="where over">
          <summary>{over.length === 1 ? "one that was resolved" : `${over.length} that were resolved`}</summary>
          <AlertTable {...props} alerts={over} />
        </details>
      )}
    </section>
  );
}

function AlertTable(props: Props) {
  return (
    <div class="table-box">
      <table class="table alerts-table">
        <TableHead
          columns={[
            "state",
            "alert",
            { number: "value" },
            "threshold",
            { number: "since" },
            "labels",
            { hidden: "look at it, silence it" },
          ]}
        />
        <tbody>
          {props.alerts.map((alert) => (
            <AlertRow {...props} key={alert.fingerprint} alert={alert} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AlertRow(props: Props & { readonly alert: AlertInfo }) {
  const { alert, rules, ground, shared, isOperator, mayWrite, onChanged, fail } = props;
  const [silencing, setSilencing] = useState(false);
  const rule = rules.get(alert.rule);
  const measured = rule === undefined ? null : measuredBy(ground, rule.instrumentation);
  const marks = marksOf(alert, serverNow() * 1000);
  const key = keyText(ground, rule?.per ?? null, alert.key);
  const said = alert.annotations["summary"] ?? alert.annotations["description"] ?? "";
  return (
    <>
      <tr
        data-alert={alert.name}
        data-alert-key={alert.key ?? ""}
        data-status={alert.status}
        class={silencing ? "open" : ""}
      >
        <td>
          <span class={`dot ${alert.status}${alert.isSilenced ? " silenced" : ""}`}>{alert.status}</span>
          {marks.length > 0 && <span class="quiet marks"> {marks.join(", ")}</span>}
        </td>
        <th scope="row">
          <b>{alert.name}</b> {key}
          {isOperator && alert.owner !== "operator" && <span class="quiet"> {ownerText(ground, alert.owner)}</span>}
          <span class="quiet row-note">
            {said !== "" ? said : rule === undefined ? "" : conditionText(rule.condition, measured)}
          </span>
        </th>
        <td class="number" data-value>
          {rule === undefined ? (alert.value ?? "–") : valueText(alert.value, rule.condition, measured)}
        </td>
        <td class="quiet bar">{rule === undefined ? "" : thresholdText(rule.condition, measured)}</td>
        <td class="number" data-label="since">
          <Since alert={alert} zone={shared.zone} />
        </td>
        <td>
          <Labels alert={alert} ground={ground} />
        </td>
        <td class="actions">
          {rule !== undefined && (
            <a class="word link" href={linkOf(alert, rule, props)}>
              view
            </a>
          )}
          {mayWrite && alert.status !== "resolved" && (
            <button type="button" class="word link" aria-expanded={silencing} onClick={() => setSilencing(!silencing)}>
              silence
            </button>
          )}
        </td>
      </tr>
      {silencing && (
        <tr class="opened">
          <td colSpan={7}>
            <SilenceNow
              alert={alert}
              aliases={ground.aliases}
              onDone={() => {
                setSilencing(false);
                onChanged();
              }}
              onCancel={() => setSilencing(false)}
              fail={fail}
            />
          </td>
        </tr>
      )}
    </>
  );
}

function Since({ alert, zone }: { readonly alert: AlertInfo; readonly zone: Zone }) {
  const sec = alert.sinceMs / 1000;
  return (
    <time dateTime={new Date(alert.sinceMs).toISOString()} title={`${dateText(sec, zone)} ${clockText(sec, zone)}`}>
      {durationText(serverNow() - sec)}
    </time>
  );
}

function Labels({ alert, ground }: { readonly alert: AlertInfo; readonly ground: Ground }) {
  const labels = otherLabels(alert);
  return (
    <ul class="labels">
      {labels.map(([name, value]) => (
        <li key={name}>
          <span class="quiet">{name} </span>
          {name === "tenant" ? ownerText(ground, value) : keyName(name, value, ground.aliases)}
        </li>
      ))}
    </ul>
  );
}

function linkOf(alert: AlertInfo, rule: Rule, { ground, shared }: Props): string {
  const { key, startsMs, sinceMs, endsMs } = alert;
  const stretch = { key, fromTs: (startsMs ?? sinceMs) / 1000, toTs: endsMs === null ? null : endsMs / 1000 };
  return alertLink(rule, stretch, measuredBy(ground, rule.instrumentation), shared, serverNow());
}
