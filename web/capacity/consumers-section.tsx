/**
 * consumers-section.tsx: who uses most of the resource: mean, 95th percentile, peak, and share of all.
 */
import type { CapacityConsumers } from "../../core/capacity.ts";
import { formatQuantity, formatShare } from "../../core/units.ts";
import { capacityPath } from "../api/capacity.ts";
import { Menu } from "../panels/menu.tsx";
import { Bar, Missing, Section, Waiting } from "./parts.tsx";
import { RECENT } from "./question.ts";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";
import { RESOURCE_WORDS } from "./words.ts";

const SHOWN = 10;

export function ConsumersSection(props: SectionProps & { readonly tenant: string | null }) {
  const { question, tenant, change, mayWrite, onMeasure, onSignedOut } = props;
  const { resource, by, recent } = question;
  const path = capacityPath("consumers", { resource, by, from: -recent * 86_400, items: SHOWN, tenant });
  const asked = useAnswer<CapacityConsumers>(path, onSignedOut);
  const { answer } = asked;
  return (
    <Section
      title={`top consumers of ${RESOURCE_WORDS[resource]}`}
      note="in the last"
      controls={
        <Menu
          title="recent days"
          label={`${recent} days`}
          options={[...new Set([...RECENT, recent])].map((each) => ({
            ...{ id: String(each), label: `${each} days`, selected: each === recent },
          }))}
          onPick={({ id }) => change({ recent: Number(id) })}
        />
      }
      path={path}
      fileName={`consumers-${resource}`}
    >
      <Waiting asked={asked} rows={SHOWN} />
      {answer !== null && answer.items.length > 0 && <ConsumersTable consumers={answer} />}
      {answer?.items.length === 0 && answer.missing.length === 0 && (
        <p class="quiet">Nothing was measured in this time.</p>
      )}
      {answer !== null && (
        <Missing metrics={answer.missing} mayWrite={mayWrite} onMeasure={(metrics) => onMeasure(metrics)} />
      )}
    </Section>
  );
}

function ConsumersTable({ consumers: { by, unit, total, items, other } }: { readonly consumers: CapacityConsumers }) {
  const most = items[0]?.mean ?? 0;
  return (
    <div class="table-box">
      <table class="table consumers">
        <thead>
          <tr>
            <th scope="col">{by}</th>
            <th scope="col" class="bars">
              <span class="for-screen-readers">beside the largest</span>
            </th>
            {["mean", "95th", "peak", "share"].map((name) => (
              <th scope="col" class="number" key={name} title={TITLES[name]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map(({ key, label, mean, p95, peak }) => (
            <tr key={key} data-consumer={label}>
              <th scope="row" title={key}>
                {label}
              </th>
              <td class="bars">
                <Bar share={most === 0 ? 0 : mean / most} />
              </td>
              <td class="number">{formatQuantity(mean, unit)}</td>
              <td class="number">{formatQuantity(p95, unit)}</td>
              <td class="number">{formatQuantity(peak, unit)}</td>
              <td class="number">{total === null ? "–" : formatShare(mean, total)}</td>
            </tr>
          ))}
          {other !== null && other > 0 && (
            <tr class="quiet">
              <th scope="row">all others</th>
              <td class="bars" />
              <td class="number">{formatQuantity(other, unit)}</td>
              <td />
              <td />
              <td class="number">{total === null ? "–" : formatShare(other, total)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

const TITLES: Readonly<Record<string, string>> = {
  ...{ mean: "of the hours that are known", "95th": "95 of 100 hours use no more", peak: "the busiest hour" },
  share: "of what all use together",
};
