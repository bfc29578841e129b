/**
 * forecast-chart.tsx: a forecast as a picture: SVG, so that a print is as sharp as the screen and takes the print's colours.
 *
 * The pointer, or arrow keys where the picture has the focus, read single days; the line above says what they read.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatQuantity } from "../../core/units.ts";
import type { Zone } from "../clock.ts";
import {
  pictureOf,
  placeAt,
  readingAt,
  timeAt,
  type ForecastPicture,
  type Reading,
  type Shown,
} from "./forecast-picture.ts";
import { dayText } from "./words.ts";

interface Props extends Shown {
  readonly name: string;
  readonly limitName: string | null;
  readonly zone: Zone;
  /** How much lower than its place in the layout would make it. */
  readonly isLow?: boolean;
}

const DAY_SEC = 86_400;
const NARROW_PX = 600;

export function ForecastChart(props: Props) {
  const { name, zone, isLow = false } = props;
  const host = useRef<HTMLDivElement>(null);
  const size = useSize(host);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => setAt(null), [props.outlook]);
  const picture = size === null ? null : pictureOf(props, boxOf(size), zone);
  const reading = at === null ? null : readingAt(props, at);
  const step = (days: number): void => {
    if (picture === null) return;
    const next = (at ?? props.toTs - DAY_SEC / 2) + days * DAY_SEC;
    setAt(Math.min(picture.untilTs - 1, Math.max(picture.fromTs, next)));
  };
  return (
    <>
      <p class="readout forecast-readout" data-forecast-readout>
        {reading === null ? <DefaultText {...props} /> : <ReadingText reading={reading} {...props} />}
      </p>
      <div
        class={isLow ? "forecast low" : "forecast"}
        ref={host}
        tabIndex={0}
        role="group"
        aria-label={`forecast of ${name}; arrow keys read single days`}
        data-forecast={name}
        onPointerMove={(event) => {
          if (picture === null || host.current === null) return;
          const ts = timeAt(picture, event.clientX - host.current.getBoundingClientRect().left);
          setAt(ts < picture.fromTs || ts > picture.untilTs ? null : ts);
        }}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        onKeyDown={(event) => {
          const days = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 }[event.key];
          if (days === undefined) return;
          step(days);
          event.preventDefault();
        }}
      >
        {picture !== null && size !== null && <Drawing {...props} {...{ picture, size, reading }} />}
      </div>
    </>
  );
}

interface DrawingProps extends Props {
  readonly picture: ForecastPicture;
  readonly size: { readonly width: number; readonly height: number };
  readonly reading: Reading | null;
}

function Drawing({ picture, size, reading, outlook, limitName }: DrawingProps) {
  const { box, limit, meets } = picture;
  const hatch = useId();
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  return (
    <svg width={size.width} height={size.height} aria-hidden="true">
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line class="hatch" y2="6" />
        </pattern>
      </defs>
      <rect class="plot" x={box.left} y={box.top} width={box.width} height={box.height} />
      {picture.values.map(({ at, label }) => (
        <g key={label}>
          <line class="grid" x1={box.left} x2={right} y1={at} y2={at} />
          <text class="value" x={box.left - 8} y={at + 4}>
            {label}
          </text>
        </g>
      ))}
      {picture.times.map(({ at, label, year }) => (
        <g key={at}>
          <line class="tick" x1={at} x2={at} y1={bottom} y2={bottom + 5} />
          <text class="time" x={at} y={bottom + 18}>
            {label}
          </text>
          <text class="time" x={at} y={bottom + 32}>
            {year}
          </text>
        </g>
      ))}
      {picture.missing.map(({ x, width }) => (
        <rect
          key={x}
          data-missing
          x={x}
          y={box.top}
          width={Math.max(3, width)}
          height={box.height}
          fill={`url(#${hatch})`}
        />
      ))}
      <path class="band" d={picture.band} />
      <path class={picture.crest === "" ? "past alone" : "past"} d={picture.past} />
      <path class="crest" d={picture.crest} />
      <path class="mid" d={picture.mid} />
      <line class="now" x1={picture.nowX} x2={picture.nowX} y1={box.top} y2={bottom} />
      {outlook.refused === null && (
        <text class="now-text" x={picture.nowX + 6} y={box.top + 14}>
          forecast
        </text>
      )}
      {picture.readyX !== null && (
        <>
          <line class="ready" x1={picture.readyX} x2={picture.readyX} y1={box.top} y2={bottom} />
          <text class="ready-text" x={picture.readyX - 6} y={box.top + 14}>
            a forecast is possible
          </text>
        </>
      )}
      {limit !== null && (
        <>
          <line
            class={limit.isAbove ? "limit above" : "limit"}
            x1={box.left}
            x2={right}
            y1={limit.y}
            y2={limit.y}
            data-limit
          />
          <text class="limit-text" x={box.left + 8} y={limit.y + (limit.y < box.top + 20 ? 15 : -6)}>
            {limitName} {limit.text}
            {limit.isAbove && " – far above this picture ↑"}
          </text>
        </>
      )}
      {limit !== null && meets !== null && (
        <g class="meets" data-meets>
          <line class="until" x1={meets.x1} x2={meets.x1} y1={limit.y} y2={bottom} />
          {!meets.isOpen && <line class="until" x1={meets.x2} x2={meets.x2} y1={limit.y} y2={bottom} />}
          <line class="between" x1={meets.x1} x2={meets.x2} y1={limit.y} y2={limit.y} />
          {meets.mid !== null && <circle cx={meets.mid} cy={limit.y} r="4" />}
        </g>
      )}
      {reading !== null && <line class="cursor" {...cursorOf(picture, reading)} y1={box.top} y2={bottom} />}
    </svg>
  );
}

function cursorOf(picture: ForecastPicture, reading: Reading): { x1: number; x2: number } {
  const x = placeAt(picture, reading.ts + DAY_SEC / 2);
  return { x1: x, x2: x };
}

function DefaultText({ outlook }: Props) {
  const confidence = outlook.confidence;
  return (
    <span class="quiet">
      each day’s busiest hour
      {confidence !== null && `; the band is to hold ${(confidence * 100).toFixed(0)} % of the hours`}
    </span>
  );
}

function ReadingText({ reading, unit, zone, limit }: Props & { readonly reading: Reading }) {
  const of = (value: number): string => formatQuantity(value, unit);
  const share = (value: number): string =>
    limit === null ? "" : `, ${((value / limit) * 100).toFixed(0)} % of the limit`;
  if (reading.kind === "past") {
    return (
      <>
        <time>{dayText(reading.ts, zone)}</time>{" "}
        {reading.value === null ? (
          <>
            <b>not known</b> <span>more than a quarter of that day was not watched</span>
          </>
        ) : (
          <>
            <b>{of(reading.value)}</b> <span>busiest hour{share(reading.value)}</span>
          </>
        )}
      </>
    );
  }
  return (
    <>
      <time>{dayText(reading.ts, zone)}</time> <b>{of(reading.mid)}</b>{" "}
      <span>
        forecast, {of(reading.low)} – {of(reading.high)}
        {share(reading.mid)}
      </span>
    </>
  );
}

function boxOf({ width, height }: { readonly width: number; readonly height: number }) {
  const isNarrow = width < NARROW_PX;
  const left = isNarrow ? 58 : 70;
  return { left, top: 8, width: Math.max(40, width - left - (isNarrow ? 14 : 20)), height: Math.max(40, height - 50) };
}

/** The element's size, known before the first picture is painted. */
function useSize(host: { readonly current: HTMLElement | null }) {
  const [size, setSize] = useState<{ readonly width: number; readonly height: number } | null>(null);
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const read = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}
