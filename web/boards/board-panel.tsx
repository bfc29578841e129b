/**
 * board-panel.tsx: one panel of a board: its title, what it says where there is no picture, and its place among the others.
 */
import type { BoardPanel, InstrumentationSummary, MetricInfo } from "../../core/api.ts";
import type { Stretch } from "../api/resources.ts";
import type { Zone } from "../clock.ts";
import type { Crosshair } from "../heatmap/crosshair.ts";
import { Menu } from "../panels/menu.tsx";
import { fieldName, keyName } from "../panels/names.ts";
import type { Colours } from "../theme.ts";
import type { Region } from "../view/region.ts";
import { BoardHeatmap } from "./board-heatmap.tsx";
import { BoardLines } from "./board-lines.tsx";
import { numericOf } from "./board.ts";
import type { Answer } from "./use-board-data.ts";

export interface PanelProps {
  /** As it is on the board. */
  readonly panel: BoardPanel;
  /** As it is read: of some zones only, where the board is of a host or a zone; null: it has none. */
  readonly read: BoardPanel | null;
  readonly metric: MetricInfo | undefined;
  readonly answerer: InstrumentationSummary | null;
  readonly answer: Answer | undefined;
  readonly stretch: Stretch | null;
  readonly colours: Colours;
  readonly zone: Zone;
  readonly aliases: ReadonlyMap<string, string>;
  readonly crosshair: Crosshair;
  readonly mayWrite: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** The view of the same; null where nothing is measured. */
  readonly link: string | null;
  readonly onBy: (by: string | null) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
  readonly onMeasure: () => void;
  readonly onZoom: (from: number, to: number) => void;
  readonly onPan: (share: number) => void;
  readonly onSelect: (region: Region) => void;
}

export function BoardPanelView(props: PanelProps) {
  const { panel, metric, answerer, aliases, link, isFirst, isLast, onBy } = props;
  const numeric = numericOf(panel, metric);
  const name = [panel.metric, numeric].filter((each) => each !== null).join(" ");
  const fields = answerer?.keys ?? [];
  return (
    <section class="board-panel" aria-label={name} data-panel={panel.metric}>
      <div class="panel-head">
        <h2>
          {link === null ? (
            panel.metric
          ) : (
            <a class="word" href={link} title="open it in the view">
              {panel.metric}
            </a>
          )}
        </h2>
        <span class="quiet">{numeric ?? metric?.label}</span>
        {fields.length > 0 && (
          <>
            <span class="joint">by</span>
            <Menu
              title="broken down by"
              label={panel.by === null ? "all" : fieldName(panel.by)}
              options={[
                ...fields.map((field) => ({ id: field, label: fieldName(field), selected: field === panel.by })),
                { id: "", label: "all", detail: "one line", selected: panel.by === null },
              ]}
              onPick={({ id }) => onBy(id === "" ? null : id)}
            />
          </>
        )}
        {panel.where.map(({ field, not, values }) => (
          <span class="quiet" key={field}>
            {fieldName(field)} {not ? "≠" : "="} {values.map((value) => keyName(field, value, aliases)).join(" or ")}
          </span>
        ))}
        <span class="panel-actions">
          <button
            type="button"
            class="word"
            aria-label={`move ${name} up`}
            disabled={isFirst}
            onClick={() => props.onMove(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="word"
            aria-label={`move ${name} down`}
            disabled={isLast}
            onClick={() => props.onMove(1)}
          >
            ↓
          </button>
          <button type="button" class="word" aria-label={`remove ${name}`} onClick={props.onRemove}>
            ×
          </button>
        </span>
      </div>
      <Body {...props} name={name} />
    </section>
  );
}

function Body(props: PanelProps & { readonly name: string }) {
  const { answer, stretch, read, metric, answerer, mayWrite, name } = props;
  const { colours, zone, aliases, crosshair } = props;
  if (metric === undefined) return <p class="panel-message">there is no such metric, or it is not for you to see</p>;
  if (read === null) return <p class="panel-message">{metric.label} is counted for the whole host, not for a zone</p>;
  if (answerer === null) {
    const cost = metric.cost === "free" ? "it is free: the kernel counts it anyway" : `its cost is ${metric.cost}`;
    return (
      <p class="panel-message">
        not measured{" "}
        {mayWrite ? (
          <>
            <button type="button" class="word link" onClick={props.onMeasure}>
              start measuring
            </button>{" "}
            {cost}
          </>
        ) : (
          "; ask somebody who may start it"
        )}
      </p>
    );
  }
  if (answer === undefined || stretch === null) return <p class="panel-message">reading …</p>;
  if (answer.kind === "failed") return <p class="panel-message problem">could not read this: {answer.error.message}</p>;
  const shared = { name, stretch, colours, zone, crosshair };
  const empty = isEmpty(answer) && <p class="panel-message over">nothing in this range</p>;
  return (
    <>
      {answer.kind === "heatmap" ? (
        <BoardHeatmap
          {...shared}
          heatmap={answer.heatmap}
          noun={metric.unit}
          onZoom={props.onZoom}
          onPan={props.onPan}
          onSelect={props.onSelect}
        />
      ) : (
        <BoardLines {...shared} series={answer.series} by={props.panel.by} aliases={aliases} />
      )}
      {empty}
    </>
  );
}

function isEmpty(answer: Answer): boolean {
  if (answer.kind === "heatmap") return answer.heatmap.columns.every(({ total }) => total === null || total === 0);
  return answer.kind === "series" && answer.series.series.length === 0;
}
