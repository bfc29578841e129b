/**
 * capacity-page.tsx: months rather than minutes: who grows, when a limit is reached, what is left where, who disturbs whom.
 *
 * What is a host's is for operators, and only where they look at all tenants: what a tenant may not know is not shown, not even as
 * something that is hidden. The whole state of the page is its address.
 */
import { useEffect, useState } from "preact/hooks";
import type { CapacityGrowth } from "../../core/capacity.ts";
import { capacityPath } from "../api/capacity.ts";
import { useCatalogue } from "../api/use-catalogue.ts";
import { PageFrame, useProblems } from "../page-frame.tsx";
import type { PageProps } from "../page-props.ts";
import type { KeyGroup } from "../panels/help.tsx";
import { press, useKeyboard } from "../panels/use-keyboard.ts";
import { useColours } from "../use-colours.ts";
import { usePage } from "../view/use-page.ts";
import { CapacitySentence } from "./capacity-sentence.tsx";
import { ConsumersSection } from "./consumers-section.tsx";
import { GrowthSection } from "./growth-section.tsx";
import { HostsSection } from "./hosts-section.tsx";
import { HoursSection } from "./hours-section.tsx";
import { measure } from "./measuring.ts";
import { MonthsSection } from "./months-section.tsx";
import { NeighboursSection } from "./neighbours-section.tsx";
import { NAMES, ownOf, readQuestion, type Question } from "./question.ts";
import { ReportsSection } from "./reports-section.tsx";
import { ShapeSection } from "./shape-section.tsx";
import { useAnswer } from "./use-answer.ts";
import { WhenNear } from "./when-near.tsx";
import "../style/capacity.css";

const ITEMS = 20;

const HELP: readonly KeyGroup[] = [
  {
    name: "capacity",
    keys: [
      ["/", "choose the resource"],
      ["j k", "the next, the one before"],
      ["arrows", "read single days (forecast focused)"],
      ["page up, down", "30 days at once"],
      ["p", "the page to be printed"],
      ["drag sideways", "look closer at the heatmap"],
      ["double click", "all of it again"],
    ],
  },
];

export function CapacityPage(props: PageProps) {
  const { session, onSignedOut } = props;
  const { shared, params, ...page } = usePage("capacity", NAMES);
  const { zone, tenant } = shared;
  const isOperator = session.role === "operator" && tenant === null;
  const mayWrite = session.scope === "write";
  const question = readQuestion(params, isOperator);
  const colours = useColours(shared.theme);
  const { catalogue, error, reload } = useCatalogue(session);
  const { notice, setNotice, fail } = useProblems(onSignedOut);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (error !== null) fail(error);
  }, [error]);
  const { resource, by, days, ahead, rank, limit, item } = question;
  const change = (some: Partial<Question>): void => page.change({}, ownOf(some));
  const move = (some: Partial<Question>): void => page.move({}, ownOf(some));
  const asked = { resource, by, from: -days * 86_400, horizonDays: ahead, rank, items: ITEMS, limit, tenant };
  const path = capacityPath("growth", asked);
  const growth = useAnswer<CapacityGrowth>(path, onSignedOut);
  const step = (by_: number): void => {
    const items = growth.answer?.items ?? [];
    const at = Math.max(
      0,
      items.findIndex(({ key }) => key === item),
    );
    const next = items[Math.min(items.length - 1, Math.max(0, at + by_))];
    if (next !== undefined) change({ item: next.key });
  };
  useKeyboard({
    "/": () => press("/"),
    j: () => step(1),
    k: () => step(-1),
    p: () => press("p"),
  });
  const onMeasure = (metrics: readonly string[], fields?: readonly string[]): void => {
    measure(metrics, isOperator, fields).then(() => {
      setNotice(null);
      setTurn((before) => before + 1);
      reload();
      growth.again();
    }, fail);
  };
  const section = { question, zone, isOperator, mayWrite, change, onMeasure, onSignedOut };
  const printPath = capacityPath("report", {
    from: asked.from,
    horizonDays: ahead,
    items: ITEMS,
    tenant,
    format: "html",
  });
  return (
    <PageFrame
      page="capacity"
      {...{ session, onSignedOut, shared, notice }}
      tenants={catalogue?.tenants ?? []}
      onNotice={setNotice}
      onChange={page.change}
      help={HELP}
    >
      <main>
        <CapacitySentence {...{ question, isOperator, printPath, change, move }} />
        <div class="capacity" key={turn}>
          <GrowthSection {...section} asked={growth} path={path} />
          {isOperator && <WhenNear rows={3}>{() => <HostsSection {...section} />}</WhenNear>}
          <WhenNear rows={12}>
            {() => (
              <div class="pair">
                <ConsumersSection {...section} tenant={tenant} />
                <HoursSection {...section} tenant={tenant} />
              </div>
            )}
          </WhenNear>
          {isOperator && <WhenNear rows={6}>{() => <NeighboursSection {...section} />}</WhenNear>}
          {isOperator && (
            <WhenNear rows={11}>{() => <ShapeSection {...section} colours={colours} moveShape={move} />}</WhenNear>
          )}
          <WhenNear rows={12}>
            {() => (
              <MonthsSection {...section} tenant={tenant} instrumentations={catalogue?.instrumentations ?? null} />
            )}
          </WhenNear>
          <WhenNear rows={3}>
            {() => (
              <ReportsSection
                scope={{
                  ...{ tenant: session.role === "operator" ? tenant : null },
                  ...{ rangeDays: days, horizonDays: ahead, items: ITEMS },
                }}
                tenantName={(id) => catalogue?.tenants.find((each) => each.id === id)?.name ?? id}
                {...{ zone, mayWrite, fail }}
              />
            )}
          </WhenNear>
        </div>
      </main>
    </PageFrame>
  );
}
