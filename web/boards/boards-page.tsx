/**
 * boards-page.tsx: several panels on one time axis, with one crosshair.
 *
 * The address has the board's id, or the role of a default one, with the host or the zone that it is of; and, where somebody has
 * changed it, its panels: a link shows what one sees, saved or not.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type {
  BoardInfo,
  BoardPanel,
  InstrumentationSummary,
  MetricInfo,
  SessionInfo,
  TenantInfo,
  ZoneInfo,
} from "../../core/api.ts";
import { ask } from "../api/client.ts";
import { readMetrics } from "../api/resources.ts";
import { usePolled } from "../api/use-polled.ts";
import { serverNow } from "../clock.ts";
import { Crosshair } from "../heatmap/crosshair.ts";
import { messageOf, PageFrame, useProblems } from "../page-frame.tsx";
import type { PageProps } from "../page-props.ts";
import type { Motion } from "../panels/header.tsx";
import type { Option } from "../panels/menu.tsx";
import { TIME_KEYS, type KeyGroup } from "../panels/help.tsx";
import { zoneAliases } from "../panels/names.ts";
import { useKeyboard } from "../panels/use-keyboard.ts";
import { useColours } from "../use-colours.ts";
import { writeAddress } from "../view/address.ts";
import { between, instantsOf, scaled, shifted, spanOfRange, type Range } from "../view/range.ts";
import type { Region } from "../view/region.ts";
import type { Shared } from "../view/route.ts";
import { whereOf } from "../view/terms.ts";
import { usePage } from "../view/use-page.ts";
import { DEFAULT_VIEW } from "../view/view.ts";
import { columnsFor } from "../views/shared.ts";
import { BoardBar } from "./board-bar.tsx";
import { BoardPanelView } from "./board-panel.tsx";
import { answererOf, isHeatmap, numericOf, ofZones, panelText, readPanel, requestFor, sameBoard } from "./board.ts";
import { defaultBoard, ROLES, type BoardRole } from "./defaults.ts";
import { questionKey, useBoardData, type BoardData, type Question } from "./use-board-data.ts";
import "../style/boards.css";

const LIST_EVERY_MS = 10_000;

const HELP: readonly KeyGroup[] = [
  {
    name: "boards",
    keys: [
      ...TIME_KEYS,
      ["arrows", "move the crosshair (panel focused)"],
      ["drag sideways", "zoom all panels to a time"],
      ["drag across", "open a selection in the view"],
      ["esc", "back"],
    ],
  },
];

interface Known {
  readonly boards: readonly BoardInfo[];
  readonly metrics: readonly MetricInfo[];
  readonly tenants: readonly TenantInfo[];
  readonly zones: readonly { readonly zone: string; readonly alias: string; readonly host: string | null }[];
  readonly instrumentations: readonly InstrumentationSummary[];
}

export function BoardsPage(props: PageProps) {
  const { session, onSignedOut } = props;
  const page = usePage("boards", ["board", "of", "panel"]);
  const { shared, params, change, move } = page;
  const problems = useProblems(onSignedOut);
  const [turn, setTurn] = useState(0);
  const [motion, setMotion] = useState<Motion>("connecting");
  const { answer, error } = usePolled(`boards ${turn}`, LIST_EVERY_MS, async (signal) => readKnown(session, signal));
  useEffect(() => {
    if (error !== null) problems.fail(error);
  }, [error]);
  const goTo = (range: Range): void => move({ range });
  const togglePause = (): void => goTo(pausedOrLive(shared.range));
  useKeyboard({
    " ": togglePause,
    l: () => goTo({ kind: "last", seconds: spanOfRange(shared.range) }),
    "[": () => goTo(shifted(instantsOf(shared.range, serverNow()), -0.5, serverNow())),
    "]": () => goTo(shifted(instantsOf(shared.range, serverNow()), 0.5, serverNow())),
    "+": () => goTo(scaled(shared.range, instantsOf(shared.range, serverNow()), 0.5, serverNow())),
    "=": () => goTo(scaled(shared.range, instantsOf(shared.range, serverNow()), 0.5, serverNow())),
    "-": () => goTo(scaled(shared.range, instantsOf(shared.range, serverNow()), 2, serverNow())),
    Escape: () => history.back(),
  });
  return (
    <PageFrame
      page="boards"
      {...{ session, onSignedOut, shared, motion, notice: problems.notice }}
      tenants={answer?.tenants ?? []}
      onNotice={problems.setNotice}
      onChange={change}
      onRange={goTo}
      onPauseToggle={togglePause}
      help={HELP}
    >
      {answer === null ? (
        <p class="whole-page quiet">
          {error === null ? "reading boards …" : `could not read boards: ${messageOf(error)}; trying again`}
        </p>
      ) : (
        <Board
          {...props}
          known={answer}
          {...{ shared, params, change, move, goTo }}
          fail={problems.fail}
          onMotion={setMotion}
          onChanged={() => setTurn((before) => before + 1)}
        />
      )}
    </PageFrame>
  );
}

interface BoardProps extends PageProps {
  readonly known: Known;
  readonly shared: Shared;
  readonly params: URLSearchParams;
  readonly change: ReturnType<typeof usePage>["change"];
  readonly move: ReturnType<typeof usePage>["move"];
  readonly goTo: (range: Range) => void;
  readonly fail: (error: unknown) => void;
  readonly onMotion: (motion: Motion) => void;
  readonly onChanged: () => void;
}

function Board(props: BoardProps) {
  const { session, known, shared, params, change, move, goTo, fail, onMotion, onChanged } = props;
  const { boards, metrics, tenants, zones, instrumentations } = known;
  const colours = useColours(shared.theme);
  const crosshair = useRef(new Crosshair()).current;
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const mayWrite = session.role === "operator" || session.scope === "write";
  const roles = ROLES.filter((role) => session.role === "operator" || role === "tenant" || role === "zone");
  const board = params.get("board") ?? (session.role === "operator" ? "operator" : "tenant");
  const role = roles.find((each) => each === board) ?? null;
  const saved = boards.find(({ id }) => id === board) ?? null;
  const original = saved?.panels ?? (role === null ? [] : defaultBoard(role, metrics));
  const edited = params.getAll("panel");
  const isEdited = params.has("panel");
  const panels = isEdited ? edited.map(readPanel).filter((panel) => panel !== null) : original;
  const changed = isEdited && !sameBoard(panels, original);
  const of = ofChoice(role, params.get("of"), zones);
  const rows = panels.map((panel) => {
    const metric = metrics.find(({ name }) => name === panel.metric);
    const read = of === null ? panel : ofZones(panel, metric, of.zones);
    const answerer = read === null ? null : answererOf(read, metric, instrumentations);
    const question = read === null || answerer === null ? null : questionOf(read, metric, answerer, shared.tenant);
    return { panel, metric, read, answerer, question };
  });
  const columns = width === 0 ? 0 : columnsFor(Math.max(200, width - 300));
  const data = useBoardData(
    rows.map(({ question }) => question),
    shared.range,
    columns,
  );
  useEffect(() => onMotion(motionOf(data, shared.range)), [data, shared.range]);
  useEffect(() => {
    if (data.error !== null) fail(data.error);
  }, [data.error]);
  const aliases = useMemo(() => zoneAliases(tenants), [tenants]);
  const put = (next: readonly BoardPanel[]): void =>
    // A board without panels is one, too: an empty parameter says so.
    change({}, { panel: next.length === 0 ? [""] : next.map(panelText) });
  const measure = (these: readonly BoardPanel[]): void => {
    const bodies = [...new Map(these.map((each) => [JSON.stringify(requestFor(each)), requestFor(each)])).values()];
    setBusy(true);
    Promise.all(bodies.map(async (body) => ask("POST", "/v1/instrumentations", { body })))
      .then(onChanged, fail)
      .finally(() => setBusy(false));
  };
  const save = (name: string, asNew: boolean): void => {
    const body = {
      name,
      panels: rows.map(({ panel, read }) => read ?? panel),
      rangeSec: Math.round(spanOfRange(shared.range)),
    };
    setBusy(true);
    const saving =
      asNew || saved === null
        ? ask("POST", "/v1/boards", { body })
        : ask("PUT", "/v1/boards/{id}", { ids: [saved.id], body });
    saving
      .then((made) => {
        change({}, { board: made.id, panel: null, of: null });
        onChanged();
      }, fail)
      .finally(() => setBusy(false));
  };
  const open = (id: string): void => {
    const chosen = boards.find((each) => each.id === id);
    const range: Partial<Shared> =
      chosen === undefined || shared.range.kind === "fixed"
        ? {}
        : { range: { kind: "last", seconds: chosen.rangeSec } };
    move(range, { board: id, panel: null, of: null });
  };
  const missing = rows.filter(
    ({ read, answerer, metric }) => read !== null && answerer === null && metric !== undefined,
  );
  return (
    <main class="board" data-board={board}>
      <BoardBar
        {...{ roles, boards, board, saved, changed, mayWrite, busy, metrics, instrumentations }}
        of={of === null ? null : of.menu}
        missing={missing.length}
        onBoard={open}
        onOf={(id) => change({}, { of: id })}
        onAdd={(panel) => put([...panels, panel])}
        onSave={save}
        onDelete={() => {
          if (saved === null) return;
          ask("DELETE", "/v1/boards/{id}", { ids: [saved.id] }).then(() => {
            change({}, { board: null, panel: null, of: null });
            onChanged();
          }, fail);
        }}
        onUndo={() => change({}, { panel: null })}
        onMeasureAll={() => measure(missing.map(({ panel }) => panel))}
      />
      <div class="board-panels" ref={list}>
        {rows.length === 0 && (
          <p class="quiet board-empty">
            {saved === null && role === null ? "This board has gone: choose another." : "No panels: add one above."}
          </p>
        )}
        {rows.map(({ panel, metric, read, answerer, question }, i) => {
          const view = {
            ...DEFAULT_VIEW,
            ...shared,
            metric: panel.metric,
            by: panel.by,
            where: read?.where ?? panel.where,
          };
          const link = (region: Region | null): string =>
            `#${writeAddress({ ...view, instrumentation: answerer?.id ?? null, selection: region })}`;
          return (
            <BoardPanelView
              key={`${i} ${panelText({ ...panel, by: null })}`}
              {...{ panel, read, metric, answerer, colours, aliases, crosshair, mayWrite }}
              answer={question === null ? undefined : data.answers.get(questionKey(question))}
              stretch={data.stretch}
              zone={shared.zone}
              isFirst={i === 0}
              isLast={i === rows.length - 1}
              link={answerer === null ? null : link(null)}
              onBy={(by) => put(panels.map((each, j) => (j === i ? { ...each, by } : each)))}
              onMove={(step) => put(moved(panels, i, step))}
              onRemove={() => put(panels.filter((_, j) => j !== i))}
              onMeasure={() => measure([panel])}
              onZoom={(from, to) => goTo(between(from, to))}
              onPan={(share) => goTo(shifted(instantsOf(shared.range, serverNow()), share, serverNow()))}
              onSelect={(region) => {
                location.hash = link(region);
              }}
            />
          );
        })}
      </div>
    </main>
  );
}

async function readKnown(session: SessionInfo, signal: AbortSignal): Promise<Known> {
  const isOperator = session.role === "operator";
  const [boards, metrics, tenants, instrumentations, zones] = await Promise.all([
    ask("GET", "/v1/boards", { signal }),
    readMetrics(),
    ask("GET", "/v1/tenants", { signal }),
    ask("GET", "/v1/instrumentations", { signal }),
    isOperator ? ask("GET", "/v1/zones", { signal }) : null,
  ]);
  const own = tenants.tenants.flatMap((tenant) => tenant.zones);
  return {
    boards: boards.boards,
    metrics,
    tenants: tenants.tenants,
    instrumentations: instrumentations.instrumentations as unknown as readonly InstrumentationSummary[],
    zones:
      (zones?.zones as readonly ZoneInfo[] | undefined) ??
      own.map(({ name, alias }) => ({ zone: name, alias, host: null })),
  };
}

/** Which zones the board is of, and the menu that chooses them; null for boards of all. */
function ofChoice(
  role: BoardRole | null,
  asked: string | null,
  zones: Known["zones"],
): { zones: readonly string[]; menu: { label: string; title: string; options: readonly Option[] } } | null {
  if (role === "zone") {
    const zone = zones.find((each) => each.zone === asked) ?? zones[0];
    const options = zones.map((each) => ({
      ...{ id: each.zone, label: each.alias || each.zone, detail: each.host ?? "" },
      selected: each === zone,
    }));
    const label = zone === undefined ? "no zones yet" : zone.alias || zone.zone;
    return { zones: zone === undefined ? [] : [zone.zone], menu: { label, title: "zone", options } };
  }
  if (role !== "host") return null;
  const hosts = [...new Set(zones.flatMap(({ host }) => (host === null ? [] : [host])))].sort();
  const host = hosts.find((each) => each === asked) ?? hosts[0];
  const own = zones.filter((each) => each.host === host);
  const options = hosts.map((each) => ({ id: each, label: each, selected: each === host }));
  return { zones: own.map(({ zone }) => zone), menu: { label: host ?? "no hosts yet", title: "host", options } };
}

function questionOf(
  panel: BoardPanel,
  metric: MetricInfo | undefined,
  answerer: InstrumentationSummary,
  tenant: string | null,
): Question {
  const scope = { instrumentation: answerer.id, tenant, where: whereOf(panel.where, metric?.fields ?? []) };
  if (!isHeatmap(panel, metric)) return { kind: "series", scope, by: panel.by, unit: null };
  const type = metric?.fields.find(({ name }) => name === numericOf(panel, metric))?.type;
  const unit = type === undefined || type === "number" || type === "string" ? null : type;
  return { kind: "heatmap", scope, by: null, unit };
}

function motionOf({ error, loading, stretch }: BoardData, range: Range): Motion {
  if (error !== null) return "disconnected";
  if (stretch === null) return "connecting";
  if (range.kind === "fixed") return loading ? "loading" : "paused";
  return "live";
}

function pausedOrLive(range: Range): Range {
  if (range.kind === "fixed") return { kind: "last", seconds: range.to - range.from };
  return { kind: "fixed", ...instantsOf(range, serverNow() - 2) };
}

function moved(panels: readonly BoardPanel[], index: number, step: -1 | 1): readonly BoardPanel[] {
  const next = [...panels];
  const [panel] = next.splice(index, 1);
  if (panel !== undefined) next.splice(index + step, 0, panel);
  return next;
}

function useWidth(host: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const read = (): void => setWidth(element.clientWidth);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}
