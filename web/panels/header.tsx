/**
 * header.tsx: the line above everything: the pages, whose data, which stretch of time, and whether it moves.
 *
 * A page that has no stretch of time, or nothing that moves, leaves the words for it out.
 */
import type { SessionInfo, TenantInfo } from "../../core/api.ts";
import { clockText, dateText, spanText, type Zone } from "../clock.ts";
import { SPANS_SEC, type Range } from "../view/range.ts";
import { linkTo, PAGES, type Page, type Shared } from "../view/route.ts";
import type { ThemeChoice } from "../view/view.ts";
import { Menu } from "./menu.tsx";

export type Motion = "loading" | "connecting" | "live" | "paused" | "disconnected" | "error";

interface Props {
  readonly session: SessionInfo;
  readonly tenants: readonly TenantInfo[];
  readonly page?: Page;
  readonly view: Shared;
  readonly motion?: Motion;
  readonly onChange: (change: Partial<Shared>) => void;
  readonly onRange?: (range: Range) => void;
  readonly onPauseToggle?: () => void;
  readonly onHelp?: () => void;
  readonly onSignOut: () => void;
}

export function Header(props: Props) {
  const { session, view, onChange } = props;
  const paused = view.range.kind === "fixed";
  return (
    <header class="header">
      <h1 class="wordmark">Isotherm</h1>
      <Pages {...props} />
      {session.role === "operator" ? (
        <TenantMenu {...props} />
      ) : (
        <span class="quiet">tenant: {session.tenant?.name}</span>
      )}
      {session.simulated && <span class="simulated">Simulated data</span>}
      <span class="spring" />
      {props.onRange !== undefined && <RangeMenu range={view.range} zone={view.zone} onRange={props.onRange} />}
      {props.motion !== undefined && (
        <span class={`motion ${props.motion}`} role="status">
          <i aria-hidden="true" />
          {MOTION_WORDS[props.motion]}
        </span>
      )}
      {props.onPauseToggle !== undefined && (
        <button
          type="button"
          class="word glyph"
          onClick={props.onPauseToggle}
          aria-label={paused ? "follow live" : "pause"}
          title={paused ? "follow live (space)" : "pause (space)"}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={paused ? "M5 3v10l8-5z" : "M4 3h3v10H4zM9 3h3v10H9z"} />
          </svg>
        </button>
      )}
      <button
        type="button"
        class="word zone"
        title="times in UTC or in this computer's zone"
        onClick={() => onChange({ zone: view.zone === "utc" ? "local" : "utc" })}
      >
        {view.zone === "utc" ? "UTC" : "local"}
      </button>
      <button
        type="button"
        class="word glyph"
        aria-label={`theme: ${view.theme}`}
        title={`theme: ${view.theme}`}
        onClick={() => onChange({ theme: nextTheme(view.theme) })}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 1.4v9.2a4.6 4.6 0 0 1 0-9.2z" />
        </svg>
      </button>
      {props.onHelp !== undefined && (
        <button
          type="button"
          class="word glyph keyboard"
          aria-label="keyboard help"
          title="keyboard (?)"
          onClick={props.onHelp}
        >
          ?
        </button>
      )}
      <button type="button" class="word sign-out" title={`signed in as ${session.label}`} onClick={props.onSignOut}>
        sign out
      </button>
    </header>
  );
}

const MOTION_WORDS: Record<Motion, string> = {
  loading: "loading",
  connecting: "connecting",
  live: "live",
  paused: "paused",
  disconnected: "disconnected",
  error: "error",
};

/** Links, so that a page opens in another tab like any other. The fleet is the operators'. */
function Pages({ session, view, page = "view" }: Props) {
  const pages = PAGES.filter((each) => each !== "fleet" || session.role === "operator");
  return (
    <nav class="pages" aria-label="pages">
      {pages.map((each) => (
        <a key={each} class="word" href={linkTo(each, view)} aria-current={each === page ? "page" : undefined}>
          {each}
        </a>
      ))}
    </nav>
  );
}

function TenantMenu({ tenants, view, onChange }: Props) {
  const name = tenants.find((tenant) => tenant.id === view.tenant)?.name ?? view.tenant;
  const options = [
    { id: "", label: "all tenants", selected: view.tenant === null },
    ...tenants.map((tenant) => ({
      id: tenant.id,
      label: tenant.name,
      detail: `${tenant.zones.length} ${tenant.zones.length === 1 ? "zone" : "zones"}`,
      selected: tenant.id === view.tenant,
    })),
  ];
  return (
    <Menu
      title="tenant"
      label={name ?? "all tenants"}
      options={options}
      onPick={({ id }) => onChange({ tenant: id === "" ? null : id })}
    />
  );
}

function RangeMenu({ range, zone, onRange }: { range: Range; zone: Zone; onRange: (range: Range) => void }) {
  const options = SPANS_SEC.map((seconds) => ({
    id: seconds.toString(),
    label: `last ${spanText(seconds)}`,
    selected: range.kind === "last" && range.seconds === seconds,
  }));
  return (
    <Menu
      title="range"
      className="from-right"
      label={
        <span class="range-label">
          <RangeText range={range} zone={zone} />
        </span>
      }
      options={options}
      onPick={({ id }) => onRange({ kind: "last", seconds: Number(id) })}
    />
  );
}

function RangeText({ range, zone }: { range: Range; zone: Zone }) {
  if (range.kind === "last") return <>last {spanText(range.seconds)}</>;
  const [from, to] = [dateText(range.from, zone), dateText(range.to, zone)];
  return (
    <>
      <span class="range-date">{from} </span>
      {clockText(range.from, zone)} – {from !== to && <span class="range-date">{to} </span>}
      {clockText(range.to, zone)}
    </>
  );
}

function nextTheme(theme: ThemeChoice): ThemeChoice {
  const dark = document.documentElement.dataset["theme"] === "dark";
  // From auto, the first press must be seen to do something.
  if (theme === "auto") return dark ? "light" : "dark";
  return theme === "dark" ? "light" : "dark";
}
