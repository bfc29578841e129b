/**
 * rule-details.tsx: one rule, opened: when it fired, key by key, over the days before; and what it says to whom.
 */
import { useEffect, useState } from "preact/hooks";
import type { AlertRuleDetail, AlertRuleInfo } from "../../core/alerts/api.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import { readRule } from "../api/alerts.ts";
import { ApiError } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, dateText, serverNow, spanText } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import { predicateText } from "../panels/predicate-text.ts";
import type { Shared } from "../view/route.ts";
import { alertLink } from "./alert-link.ts";
import { keyText, type Ground, type Measured } from "./ground.ts";
import { windowsText } from "./rule-words.ts";
import { StretchesList } from "./stretches-list.tsx";
import { TimeStrip, type Lane } from "./time-strip.tsx";

interface Props {
  readonly info: AlertRuleInfo;
  readonly rule: Rule | null;
  readonly measured: Measured | null;
  readonly ground: Ground;
  readonly shared: Shared;
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 4000;
const DAY_SEC = 86_400;
const SPANS = [3600, DAY_SEC, 7 * DAY_SEC, 30 * DAY_SEC] as const;
const MAX_LANES = 12;

export function RuleDetails(props: Props) {
  const { info, rule, fail } = props;
  const { answer, error } = usePolled(`${info.id} ${info.changedMs}`, EVERY_MS, async (signal) =>
    readRule(info.id, signal),
  );
  const gone = error instanceof ApiError && error.status === 404;
  useEffect(() => {
    if (error !== null && !gone) fail(error);
  }, [error]);
  if (rule === null) return <p class="quiet">This page cannot read it: a newer program has stored it.</p>;
  return (
    <div class="rule-details">
      {gone ? (
        <p class="quiet">It has been deleted.</p>
      ) : answer === null ? (
        <p class="quiet">reading when it fired …</p>
      ) : (
        <History {...props} rule={rule} detail={answer} />
      )}
      <Said {...props} rule={rule} />
    </div>
  );
}

type Ready = Props & { readonly rule: Rule };

function History({ rule, measured, ground, shared, detail }: Ready & { readonly detail: AlertRuleDetail }) {
  const [seconds, setSeconds] = useState<number>(() => firstSpan(detail));
  const nowSec = serverNow();
  const whole = { fromTs: nowSec - seconds, toTs: nowSec };
  const stretches = detail.firings
    .map(({ key, startsMs, endsMs }) => {
      const stretch = { key, fromTs: startsMs / 1000, toTs: endsMs === null ? null : endsMs / 1000 };
      return {
        ...stretch,
        label: keyText(ground, rule.per, key),
        href: alertLink(rule, stretch, measured, shared, nowSec),
      };
    })
    .filter((each) => (each.toTs ?? nowSec) >= whole.fromTs);
  const labels = [...new Set(stretches.map(({ label }) => label))];
  const lanes: readonly Lane[] = labels.slice(0, MAX_LANES).map((label) => ({
    label,
    stretches: stretches.filter((each) => each.label === label).map((each) => ({ ...each, toTs: each.toTs ?? nowSec })),
  }));
  const times =
    stretches.length === 0 ? "not fired" : stretches.length === 1 ? "fired once" : `fired ${stretches.length} times`;
  const said = `It has ${times} in the last ${spanText(seconds)}.`;
  return (
    <div class="history" data-history={stretches.length}>
      <div class="try-head">
        <p>{said}</p>
        <Choice
          label="how far back"
          options={SPANS.map((each) => ({
            value: String(each),
            text: spanText(each),
            title: `the last ${spanText(each)}`,
          }))}
          chosen={[String(seconds)]}
          onPick={(value) => setSeconds(Number(value))}
        />
      </div>
      <TimeStrip
        whole={whole}
        lanes={lanes.length === 0 ? [{ label: "", stretches: [] }] : lanes}
        zone={shared.zone}
        label={said}
      />
      {labels.length > MAX_LANES && <p class="quiet">and {labels.length - MAX_LANES} keys more</p>}
      <StretchesList zone={shared.zone} stretches={[...stretches].sort((a, b) => b.fromTs - a.fromTs)} />
    </div>
  );
}

/** The shortest that shows all there is; a week where there is nothing. */
function firstSpan({ firings }: AlertRuleDetail): number {
  const first = Math.min(...firings.map(({ startsMs }) => startsMs / 1000));
  return firings.length === 0 ? 7 * DAY_SEC : (SPANS.find((each) => serverNow() - each <= first) ?? 30 * DAY_SEC);
}

function Said({ info, rule, measured, ground, shared }: Ready) {
  const where = predicateText(rule.where, measured?.metric.fields ?? []);
  const rows: readonly (readonly [string, string])[] = [
    ["where", where],
    ["windows", windowsText(rule.condition)],
    ["tenant", rule.tenant === null ? "" : (ground.tenants.find(({ id }) => id === rule.tenant)?.name ?? rule.tenant)],
    ...Object.entries(rule.labels),
    ...Object.entries(rule.annotations),
    ["tells", rule.hooks.length === 0 ? "every hook" : rule.hooks.join(", ")],
    ["no data", NO_DATA[rule.onNoData]],
    ["changed", `${dateText(info.changedMs / 1000, shared.zone)} ${clockText(info.changedMs / 1000, shared.zone)}`],
    ["id", info.id],
  ];
  return (
    <dl class="facts said">
      {rows
        .filter(([, text]) => text !== "")
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}

const NO_DATA: Readonly<Record<Rule["onNoData"], string>> = {
  hold: "leaves it as it is",
  fire: "counts as bad",
  resolve: "counts as good",
};
