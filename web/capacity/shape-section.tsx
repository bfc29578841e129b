/**
 * shape-section.tsx: how busy all CPUs or disks were, as a heatmap: one hot CPU among sixteen, which their mean hides. For operators.
 *
 * It is the heatmap of the view with another question. Drag sideways to look closer, double-click for all of it.
 */
import { useMemo } from "preact/hooks";
import type { CapacityHeatmap } from "../../core/capacity.ts";
import { BoardHeatmap } from "../boards/board-heatmap.tsx";
import { capacityPath } from "../api/capacity.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";
import { dateText } from "../clock.ts";
import { Choice } from "../heatmap/choice.tsx";
import { Crosshair } from "../heatmap/crosshair.ts";
import type { Colours } from "../theme.ts";
import { Missing, Section, Waiting } from "./parts.tsx";
import type { SectionProps } from "./section-props.ts";
import { useAnswer } from "./use-answer.ts";
import "../style/boards.css";

const COLUMNS = 360;
const HOUR_SEC = 3600;
/** All of a percentage, and room for its last bucket, which is 100 and nothing above. */
const PERCENT: ValueSpan = { kind: "linear", min: 0, max: 103 };

export function ShapeSection(
  props: SectionProps & { readonly colours: Colours; readonly moveShape: SectionProps["change"] },
) {
  const { question, zone, colours, mayWrite, change, moveShape, onMeasure, onSignedOut } = props;
  const { shape, shapeRange, days } = question;
  const crosshair = useMemo(() => new Crosshair(), []);
  const stretch = shapeRange === null ? { from: -days * 86_400 } : { from: shapeRange[0], to: shapeRange[1] };
  const path = capacityPath("heatmap", { resource: shape, ...stretch, columns: COLUMNS });
  const asked = useAnswer<CapacityHeatmap>(path, onSignedOut);
  const heatmap = asked.answer?.heatmap ?? null;
  const zoomTo = (from: number, to: number): void => {
    const [a, b] = [Math.floor(from / HOUR_SEC) * HOUR_SEC, Math.ceil(to / HOUR_SEC) * HOUR_SEC];
    moveShape({ shapeRange: [a, Math.max(b, a + 6 * HOUR_SEC)] });
  };
  return (
    <Section
      title="utilisation"
      note={
        shapeRange === null
          ? "each CPU or disk counts, not their mean"
          : `${dateText(shapeRange[0], zone)} – ${dateText(shapeRange[1], zone)}`
      }
      controls={
        <>
          <Choice
            label="of all"
            lead="of all"
            options={[
              { value: "cpus", text: "CPUs", title: "each CPU once a second" },
              { value: "disks", text: "disks", title: "each disk once a second" },
            ]}
            chosen={[shape]}
            onPick={(value) => change({ shape: value })}
          />
          {shapeRange !== null && (
            <button type="button" class="word link" onClick={() => moveShape({ shapeRange: null })}>
              all of it
            </button>
          )}
        </>
      }
      path={path}
      fileName={`utilisation-${shape}`}
      formats={["json"]}
    >
      <Waiting asked={asked} rows={11} />
      {heatmap !== null && (
        <div class="shape" data-shape={asked.answer?.resource} onDblClick={() => moveShape({ shapeRange: null })}>
          <BoardHeatmap
            key={heatmap.scheme}
            name={`how busy all ${shape} were`}
            heatmap={heatmap}
            stretch={{ from: heatmap.fromTs, to: heatmap.toTs }}
            {...{ colours, zone, crosshair }}
            span={PERCENT}
            noun={shape === "cpus" ? "CPU seconds" : "disk seconds"}
            onZoom={zoomTo}
            onPan={(share) => {
              const by = Math.round(share * (heatmap.toTs - heatmap.fromTs));
              zoomTo(heatmap.fromTs + by, heatmap.toTs + by);
            }}
            onSelect={({ from, to }) => zoomTo(from, to)}
          />
        </div>
      )}
      {asked.answer !== null && (
        <Missing
          metrics={asked.answer.missing}
          mayWrite={mayWrite}
          onMeasure={(metrics) => onMeasure(metrics, shape === "cpus" ? ["utilization"] : ["busytime"])}
        />
      )}
    </Section>
  );
}
