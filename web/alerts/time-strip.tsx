/**
 * time-strip.tsx: when something fired, a lane for each key, below the line of what it came to, where that is known.
 *
 * A picture for the eye and the pointer; the list beside it (stretches-list.tsx) has the same stretches as links, for all others.
 */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { TriedColumn } from "../../core/alerts/api.ts";
import { valueTicks } from "../../core/heatmap/ticks.ts";
import { clockText, dateText, type Zone } from "../clock.ts";
import { columnAt, gapsOf, linePath, placeX, placeY, spanOf, ticksOf, type Box, type Stretch } from "./strip.ts";

export interface Lane {
  readonly label: string;
  readonly stretches: readonly (Stretch & { readonly href: string })[];
}

interface Line {
  readonly columns: readonly TriedColumn[];
  readonly columnSec: number;
  /** In base units; null: not typed yet. */
  readonly threshold: number | null;
  readonly unit: string;
  readonly text: (value: number) => string;
}

interface Props {
  readonly whole: Stretch;
  readonly lanes: readonly Lane[];
  readonly zone: Zone;
  /** What it shows, for who does not see it. */
  readonly label: string;
  readonly line?: Line;
}

const LINE_PX = 144;
const LANE_PX = 18;
const BAR_PX = 10;
const AXIS_PX = 24;
const LEFT_PX = 78;
/** A firing of a second in a week must be seen too. */
const LEAST_PX = 2;

export function TimeStrip({ whole, lanes, zone, label, line }: Props) {
  const { host, width } = useWidth();
  const [hovered, setHovered] = useState<number | null>(null);
  const hatch = useId();
  const linePx = line === undefined ? 0 : LINE_PX;
  const box: Box = { left: LEFT_PX, width: Math.max(1, width - LEFT_PX - 8), top: 6, height: linePx - 22 };
  const lanesTop = linePx;
  const height = lanesTop + lanes.length * LANE_PX + AXIS_PX;
  const x = (ts: number): number => placeX(ts, whole, box);
  const axisY = lanesTop + lanes.length * LANE_PX;
  const gaps = line === undefined ? [] : gapsOf(line.columns, line.columnSec, whole);
  const pointed = (event: { clientX: number; currentTarget: SVGSVGElement }): number => {
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return whole.fromTs + ((px - box.left) / box.width) * (whole.toTs - whole.fromTs);
  };
  return (
    <div class="time-strip" ref={host}>
      <p class="strip-readout quiet">
        {hovered === null ? "" : <Readout {...{ ts: hovered, line, lanes, zone, gaps }} />}
      </p>
      <svg
        role="img"
        aria-label={label}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        data-strip
        onPointerMove={(event) => {
          const ts = pointed(event);
          setHovered(ts >= whole.fromTs && ts <= whole.toTs ? ts : null);
        }}
        onPointerLeave={() => setHovered(null)}
      >
        <defs>
          <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="1.5" height="6" class="hatch" />
          </pattern>
        </defs>
        {gaps.map(({ fromTs, toTs }) => (
          <rect
            key={fromTs}
            class="gap"
            x={x(fromTs)}
            y={line === undefined ? lanesTop : 6}
            width={x(toTs) - x(fromTs)}
            height={axisY - (line === undefined ? lanesTop : 6)}
            fill={`url(#${hatch})`}
          />
        ))}
        {line !== undefined && <ValueLine {...{ line, box, x }} />}
        {lanes.map((lane, i) => (
          <g key={lane.label} transform={`translate(0 ${lanesTop + i * LANE_PX})`}>
            <text class="lane-label" x={LEFT_PX - 8} y={LANE_PX - 5} text-anchor="end">
              {shortened(lane.label)}
              <title>{lane.label}</title>
            </text>
            <line class="lane" x1={box.left} x2={box.left + box.width} y1={LANE_PX / 2} y2={LANE_PX / 2} />
            {lane.stretches.map(({ fromTs, toTs, href }) => (
              <rect
                key={fromTs}
                class="fired"
                x={Math.min(x(fromTs), box.left + box.width - LEAST_PX)}
                y={(LANE_PX - BAR_PX) / 2}
                width={Math.max(LEAST_PX, x(toTs) - x(fromTs))}
                height={BAR_PX}
                rx="1"
                data-fired
                onClick={() => (location.hash = href)}
              />
            ))}
          </g>
        ))}
        <line class="axis" x1={box.left} x2={box.left + box.width} y1={axisY} y2={axisY} />
        {ticksOf(whole, box.width, zone).map(({ ts, label: text }) => (
          <g key={ts} transform={`translate(${x(ts)} ${axisY})`}>
            <line class="axis" y2="5" />
            <text class="tick" y="18" text-anchor={x(ts) > box.left + box.width - 18 ? "end" : "middle"}>
              {text}
            </text>
          </g>
        ))}
        {hovered !== null && <line class="cursor" x1={x(hovered)} x2={x(hovered)} y1="6" y2={axisY} />}
      </svg>
    </div>
  );
}

function ValueLine({ line, box, x }: { readonly line: Line; readonly box: Box; readonly x: (ts: number) => number }) {
  const { columns, columnSec, threshold, unit, text } = line;
  const values = columns.flatMap(({ worst }) => (worst === null ? [] : [worst]));
  const span = spanOf(values, threshold);
  const y = (value: number): number => placeY(value, span, box);
  const ticks = valueTicks(span, unit === "share" ? "" : unit, 4).filter((tick) => tick.label !== "");
  const labels = unit === "share" ? ticks.map(({ value }) => ({ value, label: text(value) })) : ticks;
  // The threshold is a tick of its own; where it stands another one has no room.
  const isFree = (value: number): boolean => threshold === null || Math.abs(y(value) - y(threshold)) > 12;
  return (
    <>
      {labels
        .filter(({ value }) => isFree(value))
        .map(({ value, label }) => (
          <text key={value} class="tick" x={LEFT_PX - 8} y={y(value) + 4} text-anchor="end">
            {label}
          </text>
        ))}
      <path class="values" d={linePath(columns, columnSec, x, y)} data-values={values.length} />
      {threshold !== null && (
        <g data-threshold={threshold}>
          <line class="threshold" x1={box.left} x2={box.left + box.width} y1={y(threshold)} y2={y(threshold)} />
          <text class="threshold-label" x={LEFT_PX - 8} y={y(threshold) + 4} text-anchor="end">
            {text(threshold)}
          </text>
        </g>
      )}
    </>
  );
}

interface ReadoutProps {
  readonly ts: number;
  readonly line: Line | undefined;
  readonly lanes: readonly Lane[];
  readonly zone: Zone;
  readonly gaps: readonly Stretch[];
}

function Readout({ ts, line, lanes, zone, gaps }: ReadoutProps) {
  const column = line === undefined ? undefined : columnAt(line.columns, line.columnSec, ts);
  const fires = lanes.filter(({ stretches }) => stretches.some((each) => ts >= each.fromTs && ts < each.toTs));
  const isGap = gaps.some((each) => ts >= each.fromTs && ts < each.toTs);
  const value = isGap
    ? "nobody watched"
    : (column?.worst ?? null) === null
      ? ""
      : (line?.text(column?.worst ?? 0) ?? "");
  return (
    <>
      <time>
        {dateText(ts, zone)} {clockText(ts, zone)}
      </time>{" "}
      <b>{value}</b>
      {column?.isPartial === true && " partial"}
      {fires.length > 0 &&
        ` fires${fires.some(({ label }) => label !== "") ? `: ${fires.map(({ label }) => label).join(", ")}` : ""}`}
    </>
  );
}

function shortened(label: string): string {
  return label.length > 11 ? `${label.slice(0, 10)}…` : label;
}

function useWidth() {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const measure = (): void => setWidth(Math.max(200, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { host, width };
}
