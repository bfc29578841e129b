/**
 * page.tsx: the instrument: header, sentence, picture, keys, selection; and the questions that the view puts to the API.
 */
import { useCallback, useMemo, useState } from "preact/hooks";
import type { InstrumentationInfo, SessionInfo } from "../core/api.ts";
import { ApiError } from "./api/client.ts";
import { createInstrumentation, readBreakdown, type Scope } from "./api/resources.ts";
import { signOut } from "./api/session.ts";
import { useCatalogue } from "./api/use-catalogue.ts";
import { serverNow } from "./clock.ts";
import { Crosshair } from "./heatmap/crosshair.ts";
import { axisKindOf } from "./heatmap/use-scene.ts";
import { DistributionView } from "./views/distribution-view.tsx";
import { ScalarView } from "./views/scalar-view.tsx";
import { Header, type Motion } from "./panels/header.tsx";
import { Help } from "./panels/help.tsx";
import { zoneAliases } from "./panels/names.ts";
import { Sentence } from "./panels/sentence.tsx";
import { press, toPicture, useKeyboard } from "./panels/use-keyboard.ts";
import { useColours } from "./use-colours.ts";
import { viewHelp } from "./views/view-help.ts";
import { COLOURINGS } from "../core/heatmap/colour-scale.ts";
import { formatShort } from "../core/units.ts";
import { instantsOf, scaled, shifted, spanOfRange, type Range } from "./view/range.ts";
import { whereOf, without } from "./view/terms.ts";
import { useView } from "./view/use-view.ts";
import { PERCENTILES, type Percentile } from "./view/view.ts";

interface Props {
  readonly session: SessionInfo;
  readonly onSignedOut: () => void;
}

export function InstrumentPage({ session, onSignedOut }: Props) {
  const { view, change, move, goTo, goBack } = useView();
  const { catalogue, error, reload } = useCatalogue(session);
  const colours = useColours(view.theme);
  const [motion, setMotion] = useState<Motion>("loading");
  const crosshair = useMemo(() => new Crosshair(), []);
  const [help, setHelp] = useState(false);
  const [notice, setNotice] = useState<string | null>(null);
  const instrumentation = useMemo(
    () => choose(catalogue?.instrumentations ?? [], view.instrumentation, view.metric),
    [catalogue, view.instrumentation, view.metric],
  );
  const metric = catalogue?.metrics.find((each) => each.name === instrumentation?.metric) ?? null;
  const aliases = useMemo(() => zoneAliases(catalogue?.tenants ?? []), [catalogue]);
  const by = instrumentation === null ? null : chooseField(instrumentation, view.by);

  const fail = useCallback(
    (reason: unknown) => {
      if (reason instanceof ApiError && reason.status === 401) onSignedOut();
      else setNotice(reason instanceof Error ? reason.message : String(reason));
    },
    [onSignedOut],
  );
  const show = (id: string, name: string | null): void => {
    setNotice(null);
    move({ instrumentation: id, metric: name, where: [], by: null, hues: [], values: null, ...NO_SELECTION });
  };
  const create = (name: string, decomposition: readonly string[]): void => {
    setNotice(`starting to measure ${name} …`);
    createInstrumentation(name, decomposition).then((made) => {
      reload();
      show(made.id, made.metric);
    }, fail);
  };
  const scopeOf = (where: typeof view.where): Scope => ({
    instrumentation: instrumentation?.id ?? "",
    tenant: view.tenant,
    where: whereOf(where, metric?.fields ?? []),
  });
  const valuesOf = async (field: string) => {
    const stretch = instantsOf(view.range, serverNow());
    const scope = scopeOf(without(view.where, field));
    const { parts } = await readBreakdown(scope, field, stretch, null, new AbortController().signal);
    return parts.map((part) => ({ value: part.key, detail: formatShort(part.total) }));
  };
  const showMade = (made: InstrumentationInfo): void => {
    reload();
    show(made.id, made.metric);
    // What was just begun has nothing to show of the past.
    goTo({ kind: "last", seconds: 300 });
  };
  const shownRange = (): Range => ({ kind: "fixed", ...instantsOf(view.range, serverNow()) });
  const togglePercentile = (name: Percentile): void =>
    change({ percentiles: PERCENTILES.filter((each) => (each === name) !== view.percentiles.includes(each)) });
  const togglePause = (): void => goTo(pausedOrLive(view.range));
  useKeyboard({
    "/": () => press("/"),
    " ": togglePause,
    l: () => goTo({ kind: "last", seconds: spanOfRange(view.range) }),
    "[": () => goTo(shifted(instantsOf(view.range, serverNow()), -0.5, serverNow())),
    "]": () => goTo(shifted(instantsOf(view.range, serverNow()), 0.5, serverNow())),
    "+": () => goTo(scaled(view.range, instantsOf(view.range, serverNow()), 0.5, serverNow())),
    "=": () => goTo(scaled(view.range, instantsOf(view.range, serverNow()), 0.5, serverNow())),
    "-": () => goTo(scaled(view.range, instantsOf(view.range, serverNow()), 2, serverNow())),
    o: () => press("o"),
    h: () => press("h"),
    z: () => press("z"),
    a: () => {
      const now = axisKindOf(view, instrumentation?.scheme ?? "");
      change({ axis: now === "log" ? "linear" : "log" });
    },
    c: () => change({ colouring: COLOURINGS[(COLOURINGS.indexOf(view.colouring) + 1) % COLOURINGS.length] ?? "rank" }),
    ...Object.fromEntries(PERCENTILES.map((name, i) => [String(i + 1), () => togglePercentile(name)])),
    t: () => change({ theme: colours.theme === "dark" ? "light" : "dark" }),
    u: () => change({ zone: view.zone === "utc" ? "local" : "utc" }),
    ...Object.fromEntries(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => [key, toPicture])),
    "?": () => setHelp(!help),
    Escape: () => (help ? setHelp(false) : view.selection !== null ? change(NO_SELECTION) : goBack()),
  });
  const header = (
    <Header
      session={session}
      tenants={catalogue?.tenants ?? []}
      view={view}
      motion={motion}
      onChange={change}
      onRange={goTo}
      onPauseToggle={togglePause}
      onHelp={() => setHelp(!help)}
      onSignOut={() => void signOut().then(onSignedOut, fail)}
    />
  );
  if (catalogue === null || instrumentation === null) {
    const text = error?.message ?? (catalogue === null ? "reading what can be looked at …" : "nothing is measured yet");
    return (
      <div class="page">
        {header}
        <p class="whole-page quiet">{text}</p>
      </div>
    );
  }
  const shared = {
    instrumentation,
    metric,
    by,
    view,
    colours,
    aliases,
    crosshair,
    mayWrite: session.scope === "write",
    scopeOf,
    change,
    move,
    goTo,
    goBack,
    fail,
    onInstrumentation: showMade,
    shownRange,
    onMotion: setMotion,
  };
  return (
    <div class="page">
      {header}
      <Sentence
        catalogue={catalogue}
        instrumentation={instrumentation}
        by={by}
        where={view.where}
        aliases={aliases}
        onInstrumentation={(id) => show(id, catalogue.instrumentations.find((each) => each.id === id)?.metric ?? null)}
        onCreate={create}
        onBy={(field) => change({ by: field, hues: [] })}
        onWhere={(where) => change({ where })}
        valuesOf={valuesOf}
      />
      {notice !== null && (
        <p class="notice" role="alert">
          {notice}{" "}
          <button type="button" class="word" aria-label="dismiss" onClick={() => setNotice(null)}>
            ×
          </button>
        </p>
      )}
      {instrumentation.numeric === null ? (
        <ScalarView {...shared} key={instrumentation.id} />
      ) : (
        <DistributionView {...shared} motion={motion} />
      )}
      {help && <Help groups={viewHelp(instrumentation.numeric !== null)} onClose={() => setHelp(false)} />}
    </div>
  );
}

const NO_SELECTION = { selection: null, other: null, against: "rest" } as const;

/** The one in the link; else the first of the link's metric; else the first distribution. */
function choose(
  all: readonly InstrumentationInfo[],
  id: string | null,
  metric: string | null,
): InstrumentationInfo | null {
  return (
    all.find((each) => each.id === id) ??
    all.find((each) => each.metric === metric) ??
    all.find((each) => each.metric === "syscall.ops") ??
    all.find((each) => each.numeric !== null) ??
    all[0] ??
    null
  );
}

/** The one in the link; else the first that is not the zone; else the zone. */
function chooseField({ keys }: InstrumentationInfo, by: string | null): string | null {
  return keys.find((field) => field === by) ?? keys.find((field) => field !== "zonename") ?? keys[0] ?? null;
}

function pausedOrLive(range: Range): Range {
  return range.kind === "fixed"
    ? { kind: "last", seconds: range.to - range.from }
    : { kind: "fixed", ...instantsOf(range, serverNow() - 1) };
}
